//! A tax document: lines go in, taxes by jurisdiction, category and rate come out, rounded by law.

use purser_money::{Currency, Money, Percent, Ratio, allot_exact, round_parts};

use crate::{
    Assessed, Assessment, Category, Error, Line, Problem, Reason,
    rounding::{Extraction, Level, Policy},
};

/// One tax that is on a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Levy<'a> {
    /// As a receipt in that country prints it.
    pub name: &'a str,
    /// ISO 3166 code of the place whose tax it is.
    pub jurisdiction: &'a str,
    /// Whom it is paid to.
    pub authority: &'a str,
    /// Why at this rate.
    pub reason: Reason,
    /// The rate.
    pub rate: Percent,
}

/// The lines of one sale and the taxes on them.
///
/// Lines with the same levy and category form a bucket. Tax is rounded at the policy's level, where a rate is a
/// levy whatever the categories that bear it (books and food at 7 % are rounded together); its
/// base is the net of its lines, where the net of a line whose price includes tax is the price less the
/// line's part of each tax on it (largest remainder by exact tax, ties in order). So net and tax of
/// every line sum to its price, whatever was rounded.
#[derive(Debug)]
pub struct Document<'a> {
    policy: Policy,
    currency: Currency,
    entries: Vec<Entry>,
    buckets: Vec<Bucket<'a>>,
}

#[derive(Debug)]
struct Entry {
    id: u32,
    /// What taxes on top are computed of; the price itself where the tax is inside.
    amount: i64,
    /// The price that contains the taxes, where it does.
    gross: Option<i64>,
}

#[derive(Debug)]
struct Bucket<'a> {
    levy: Levy<'a>,
    category: Category,
    shares: Vec<Share>,
    has_gross: bool,
}

#[derive(Debug, Clone, Copy)]
struct Share {
    /// Position in `Document::entries`.
    entry: usize,
    quantity: u32,
    exact: Ratio,
}

impl<'a> Document<'a> {
    /// An empty document.
    pub fn new(policy: Policy, currency: Currency) -> Self {
        Self { policy, currency, entries: Vec::new(), buckets: Vec::new() }
    }

    /// Adds a line with all taxes on it: at least one, of a rate of zero where nothing is owed.
    pub fn add(&mut self, line: &Line, levies: &[Levy<'a>]) -> Result<(), Error> {
        if line.amount.currency() != self.currency {
            let text = format!("every line of this document is in {}", self.currency);
            return Err(Error::new(Problem::InvalidAmount, text));
        }
        let total = levies.iter().try_fold(Percent::ZERO, |sum, levy| sum.plus(levy.rate))?;
        let price = Ratio::whole(line.amount.minor());
        let inside = line.tax_inclusive && self.policy.extraction == Extraction::Fraction;
        let amount = if line.tax_inclusive && !inside {
            net_of(line.amount, total, &self.policy)?
        } else {
            line.amount.minor()
        };
        let entry = self.entries.len();
        self.entries.push(Entry {
            id: line.id,
            amount,
            gross: line.tax_inclusive.then_some(line.amount.minor()),
        });
        for levy in levies {
            let exact = if inside {
                levy.rate.ratio_within(price, total)?
            } else {
                levy.rate.ratio_of(Ratio::whole(amount))?
            };
            let bucket = self.bucket(*levy, line.category);
            bucket.has_gross |= inside;
            bucket.shares.push(Share { entry, quantity: line.quantity, exact });
        }
        Ok(())
    }

    /// The taxes of the document, in the order in which lines brought them.
    pub fn assess(self, law: String) -> Result<Assessment, Error> {
        let taxes = self.totals()?;
        let nets = self.nets(&taxes)?;
        let mut assessed = Vec::with_capacity(self.buckets.len());
        for (bucket, tax) in self.buckets.iter().zip(taxes) {
            let base = bucket
                .shares
                .iter()
                .filter_map(|share| nets.get(share.entry))
                .try_fold(Money::zero(self.currency), |sum, net| {
                    sum.plus(Money::new(*net, self.currency))
                })?;
            let id = |share: &Share| self.entries.get(share.entry).map(|entry| entry.id);
            assessed.push(Assessed {
                name: bucket.levy.name.to_owned(),
                jurisdiction: bucket.levy.jurisdiction.to_owned(),
                authority: bucket.levy.authority.to_owned(),
                category: bucket.category,
                reason: bucket.levy.reason,
                rate: bucket.levy.rate,
                base,
                tax,
                lines: bucket.shares.iter().filter_map(id).collect(),
            });
        }
        Ok(Assessment { taxes: assessed, rounding: self.policy, law })
    }

    fn bucket(&mut self, levy: Levy<'a>, category: Category) -> &mut Bucket<'a> {
        let found = self
            .buckets
            .iter()
            .position(|bucket| bucket.category == category && bucket.levy == levy);
        let index = found.unwrap_or_else(|| {
            self.buckets.push(Bucket { levy, category, shares: Vec::new(), has_gross: false });
            self.buckets.len().saturating_sub(1)
        });
        #[allow(clippy::indexing_slicing, reason = "found, or pushed just now")]
        &mut self.buckets[index]
    }

    /// The tax of each bucket, rounded at the policy's level.
    fn totals(&self) -> Result<Vec<Money>, Error> {
        match self.policy.level {
            Level::Unit => self.each(|share| {
                let unit = share.exact.times(1, i128::from(share.quantity))?;
                let unit = self.policy.round(unit, self.currency)?;
                let minor = unit.minor().checked_mul(i64::from(share.quantity));
                let minor = minor.ok_or(purser_money::MoneyError::Overflow)?;
                Ok(Money::new(minor, self.currency))
            }),
            Level::Line => self.each(|share| self.policy.round(share.exact, self.currency)),
            Level::Rate => self.together(|bucket, other| bucket.levy == other.levy),
            Level::Invoice => self.together(|_, _| true),
        }
    }

    /// The taxes of buckets that are rounded as one sum, which is shared out to them.
    fn together(
        &self,
        are: impl Fn(&Bucket<'_>, &Bucket<'_>) -> bool,
    ) -> Result<Vec<Money>, Error> {
        let step = self.policy.step(self.currency)?;
        let mut taxes = vec![None; self.buckets.len()];
        for (first, bucket) in self.buckets.iter().enumerate() {
            if taxes.get(first).is_some_and(Option::is_some) {
                continue;
            }
            let one_sum = |(_, other): &(usize, &Bucket<'_>)| are(bucket, other);
            let members = self.buckets.iter().enumerate().filter(one_sum);
            let (places, exact): (Vec<usize>, Vec<Result<Ratio, Error>>) =
                members.map(|(place, member)| (place, member.exact())).unzip();
            let exact = exact.into_iter().collect::<Result<Vec<_>, _>>()?;
            let whole = exact.iter().try_fold(Ratio::whole(0), |sum, part| sum.plus(*part))?;
            let steps = exact.iter().map(|part| part.times(1, i128::from(step)));
            let steps = steps.collect::<Result<Vec<_>, _>>()?;
            let total = self.policy.round(whole, self.currency)?.minor().checked_div(step);
            let parts = round_parts(total.unwrap_or_default(), &steps)?;
            for (place, part) in places.into_iter().zip(parts) {
                let minor = part.checked_mul(step).ok_or(purser_money::MoneyError::Overflow)?;
                if let Some(tax) = taxes.get_mut(place) {
                    *tax = Some(Money::new(minor, self.currency));
                }
            }
        }
        // Every bucket is in the sum that it or one before it begins.
        Ok(taxes.into_iter().flatten().collect())
    }

    fn each(&self, tax: impl Fn(&Share) -> Result<Money, Error>) -> Result<Vec<Money>, Error> {
        let sum = |bucket: &Bucket<'_>| {
            bucket
                .shares
                .iter()
                .try_fold(Money::zero(self.currency), |sum, share| Ok(sum.plus(tax(share)?)?))
        };
        self.buckets.iter().map(sum).collect()
    }

    /// The net of each line, such that net and taxes of a line sum to a price that includes them.
    fn nets(&self, taxes: &[Money]) -> Result<Vec<i64>, Error> {
        let mut nets: Vec<i64> = self.entries.iter().map(|entry| entry.amount).collect();
        for (bucket, tax) in self.buckets.iter().zip(taxes) {
            if !bucket.has_gross {
                continue;
            }
            let weights: Vec<Ratio> = bucket.shares.iter().map(|share| share.exact).collect();
            for (share, part) in bucket.shares.iter().zip(shared(tax.minor(), &weights)?) {
                let inclusive = self.entries.get(share.entry).is_some_and(|it| it.gross.is_some());
                if let Some(net) = nets.get_mut(share.entry).filter(|_| inclusive) {
                    *net = net.saturating_sub(part);
                }
            }
        }
        if self.policy.extraction == Extraction::NetFirst {
            self.settle_last(&mut nets, taxes)?;
        }
        Ok(nets)
    }

    /// What net and taxes of the inclusive lines exceed their prices by is taken from the last net.
    fn settle_last(&self, nets: &mut [i64], taxes: &[Money]) -> Result<(), Error> {
        let Some(last) = self.entries.iter().rposition(|entry| entry.gross.is_some()) else {
            return Ok(());
        };
        let mut residual = 0_i64;
        for (entry, net) in self.entries.iter().zip(nets.iter()) {
            if let Some(gross) = entry.gross {
                residual = residual.saturating_add(gross.saturating_sub(*net));
            }
        }
        for (bucket, tax) in self.buckets.iter().zip(taxes) {
            let weights: Vec<Ratio> = bucket.shares.iter().map(|share| share.exact).collect();
            for (share, part) in bucket.shares.iter().zip(shared(tax.minor(), &weights)?) {
                if self.entries.get(share.entry).is_some_and(|entry| entry.gross.is_some()) {
                    residual = residual.saturating_sub(part);
                }
            }
        }
        if let Some(net) = nets.get_mut(last) {
            *net = net.saturating_add(residual);
        }
        Ok(())
    }
}

impl Bucket<'_> {
    /// Its tax, not rounded.
    fn exact(&self) -> Result<Ratio, Error> {
        let sum =
            self.shares.iter().map(|share| share.exact).try_fold(Ratio::whole(0), Ratio::plus);
        Ok(sum?)
    }
}

/// The tax of each line: in proportion, which says nothing where some are allowances and the proportions negative.
fn shared(tax: i64, exact: &[Ratio]) -> Result<Vec<i64>, Error> {
    let parts = match allot_exact(tax, exact) {
        Err(purser_money::MoneyError::NoWeights) => round_parts(tax, exact),
        parts => parts,
    };
    Ok(parts?)
}

/// The net of a gross price, rounded by itself.
fn net_of(gross: Money, total: Percent, policy: &Policy) -> Result<i64, Error> {
    // Net is the gross price less all taxes in it: the same as 100 / (100 + total) of it.
    let taxes = total.ratio_within(Ratio::whole(gross.minor()), total)?;
    let negative = Ratio::whole(gross.minor().saturating_neg()).plus(taxes)?;
    Ok(policy.round(negative, gross.currency())?.negated()?.minor())
}
