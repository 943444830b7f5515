//! A tax document: lines go in, taxes by jurisdiction, category and rate come out, rounded by law.

use purser_money::{Currency, Money, MoneyError, Percent, Ratio, allot_exact, round_parts};

use crate::{
    Assessed, Assessment, Category, Error, Line, Problem, Reason,
    rounding::{Extraction, Level, Policy, Together},
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
/// every line sum to its price, whatever was rounded. Amounts may be negative, as allowances are.
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
    /// All percentages on it.
    total: Percent,
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
        let entry = self.entries.len();
        self.entries.push(Entry {
            id: line.id,
            amount: line.amount.minor(),
            gross: line.tax_inclusive.then_some(line.amount.minor()),
            total,
        });
        for levy in levies {
            // Where the net of an inclusive price comes first, this is done again once it is known.
            let exact = if inside {
                levy.rate.ratio_within(price, total)?
            } else {
                levy.rate.ratio_of(price)?
            };
            let bucket = self.bucket(*levy, line.category);
            bucket.has_gross |= inside;
            bucket.shares.push(Share { entry, quantity: line.quantity, exact });
        }
        Ok(())
    }

    /// The taxes of the document, in the order in which lines brought them.
    pub fn assess(mut self, law: String) -> Result<Assessment, Error> {
        let groups = match self.policy.extraction {
            Extraction::Fraction => Vec::new(),
            Extraction::NetFirst => self.nets_first()?,
        };
        let taxes = self.totals()?;
        let mut nets = self.nets(&taxes)?;
        self.settle(&groups, &mut nets, &taxes)?;
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
        let parts = match self.policy.level {
            Level::Unit | Level::Line => self.by_line()?,
            Level::Rate => self.by_group(|one, other| one.levy == other.levy)?,
            Level::Invoice => self.by_group(|_, _| true)?,
        };
        Ok(parts.into_iter().map(|minor| Money::new(minor, self.currency)).collect())
    }

    /// Buckets that are the `same` are rounded as one, and what that comes to is shared out among them.
    fn by_group(&self, same: impl Fn(&Bucket<'_>, &Bucket<'_>) -> bool) -> Result<Vec<i64>, Error> {
        let step = self.policy.step(self.currency)?;
        let mut groups = Vec::<(&Bucket<'_>, Vec<usize>, Vec<Ratio>)>::new();
        for (index, bucket) in self.buckets.iter().enumerate() {
            let exact = sum(bucket.shares.iter().map(|share| share.exact))?;
            match groups.iter_mut().find(|(first, ..)| same(first, bucket)) {
                Some((_, indices, parts)) => {
                    indices.push(index);
                    parts.push(exact);
                }
                None => groups.push((bucket, vec![index], vec![exact])),
            }
        }
        let mut taxes = vec![0; self.buckets.len()];
        for (_, indices, exact) in groups {
            let total = self.policy.round(sum(exact.iter().copied())?, self.currency)?.minor();
            if let [alone] = *indices {
                add_to(&mut taxes, alone, total)?;
                continue;
            }
            let total = total.checked_div(step).unwrap_or_default();
            let steps = exact.iter().map(|part| part.times(1, i128::from(step)));
            let parts = round_parts(total, &steps.collect::<Result<Vec<_>, _>>()?)?;
            for (index, part) in indices.into_iter().zip(parts) {
                let part = part.checked_mul(step).ok_or(MoneyError::Overflow)?;
                add_to(&mut taxes, index, part)?;
            }
        }
        Ok(taxes)
    }

    /// Each line is rounded by itself: each of its taxes, or all of them together.
    fn by_line(&self) -> Result<Vec<i64>, Error> {
        let mut lines: Vec<Vec<(usize, Share)>> = vec![Vec::new(); self.entries.len()];
        for (index, bucket) in self.buckets.iter().enumerate() {
            for share in &bucket.shares {
                if let Some(line) = lines.get_mut(share.entry) {
                    line.push((index, *share));
                }
            }
        }
        let mut taxes = vec![0; self.buckets.len()];
        for line in &lines {
            match self.policy.together {
                Together::Rate => {
                    for (index, share) in line {
                        add_to(&mut taxes, *index, self.round_line(share.exact, share.quantity)?)?;
                    }
                }
                Together::All => {
                    let exact: Vec<Ratio> = line.iter().map(|(_, share)| share.exact).collect();
                    let quantity = line.first().map_or(1, |(_, share)| share.quantity);
                    let total = self.round_line(sum(exact.iter().copied())?, quantity)?;
                    for ((index, _), part) in line.iter().zip(share_out(total, &exact)?) {
                        add_to(&mut taxes, *index, part)?;
                    }
                }
            }
        }
        Ok(taxes)
    }

    fn round_line(&self, exact: Ratio, quantity: u32) -> Result<i64, Error> {
        if self.policy.level != Level::Unit {
            return Ok(self.policy.round(exact, self.currency)?.minor());
        }
        let unit = self.policy.round(exact.times(1, i128::from(quantity))?, self.currency)?;
        Ok(unit.minor().checked_mul(i64::from(quantity)).ok_or(MoneyError::Overflow)?)
    }

    /// The net of each line, such that net and taxes of a line sum to a price that includes them.
    fn nets(&self, taxes: &[Money]) -> Result<Vec<i64>, Error> {
        let mut nets: Vec<i64> = self.entries.iter().map(|entry| entry.amount).collect();
        for (bucket, tax) in self.buckets.iter().zip(taxes).filter(|(bucket, _)| bucket.has_gross) {
            for (share, part) in bucket.parts(*tax)? {
                if self.entries.get(share.entry).is_some_and(|entry| entry.gross.is_some()) {
                    add_to(&mut nets, share.entry, part.saturating_neg())?;
                }
            }
        }
        Ok(nets)
    }

    /// Takes the net out of all inclusive prices that bear the same rates, rounds it once, and computes their taxes
    /// on it. Answers which entries were one such sum.
    fn nets_first(&mut self) -> Result<Vec<Vec<usize>>, Error> {
        let groups = self.inclusive_groups();
        for group in &groups {
            let entries = group.iter().filter_map(|index| self.entries.get(*index));
            let exact: Vec<Ratio> = entries.map(Entry::exact_net).collect::<Result<_, _>>()?;
            let total = self.policy.round(sum(exact.iter().copied())?, self.currency)?;
            for (index, net) in group.iter().zip(share_out(total.minor(), &exact)?) {
                if let Some(entry) = self.entries.get_mut(*index) {
                    entry.amount = net;
                }
            }
        }
        for bucket in &mut self.buckets {
            for share in &mut bucket.shares {
                if let Some(entry) = self.entries.get(share.entry) {
                    share.exact = bucket.levy.rate.ratio_of(Ratio::whole(entry.amount))?;
                }
            }
        }
        Ok(groups)
    }

    /// Where lines are rounded each by itself, each is a sum of its own.
    fn inclusive_groups(&self) -> Vec<Vec<usize>> {
        let alone = matches!(self.policy.level, Level::Unit | Level::Line);
        let mut groups = Vec::<(Percent, Vec<usize>)>::new();
        for (index, entry) in self.entries.iter().enumerate().filter(|(_, it)| it.gross.is_some()) {
            match groups.iter_mut().find(|(total, _)| !alone && *total == entry.total) {
                Some((_, group)) => group.push(index),
                None => groups.push((entry.total, vec![index])),
            }
        }
        groups.into_iter().map(|(_, group)| group).collect()
    }

    /// What net and taxes of inclusive prices exceed the prices by is taken from the last net of each group.
    fn settle(
        &self,
        groups: &[Vec<usize>],
        nets: &mut [i64],
        taxes: &[Money],
    ) -> Result<(), Error> {
        if groups.is_empty() {
            return Ok(());
        }
        let mut on_line = vec![0_i64; self.entries.len()];
        for (bucket, tax) in self.buckets.iter().zip(taxes) {
            for (share, part) in bucket.parts(*tax)? {
                add_to(&mut on_line, share.entry, part)?;
            }
        }
        for group in groups {
            let mut residual = 0_i64;
            for index in group {
                let gross = self.entries.get(*index).and_then(|entry| entry.gross).unwrap_or(0);
                let net = nets.get(*index).copied().unwrap_or(0);
                let tax = on_line.get(*index).copied().unwrap_or(0);
                residual = residual.saturating_add(gross).saturating_sub(net).saturating_sub(tax);
            }
            if let Some(last) = group.last() {
                add_to(nets, *last, residual)?;
            }
        }
        Ok(())
    }
}

impl Entry {
    /// The price less all taxes in it: the same as 100 / (100 + total) of it.
    fn exact_net(&self) -> Result<Ratio, MoneyError> {
        let gross = self.gross.unwrap_or(self.amount);
        Percent::from_parts(100, 0)?.ratio_within(Ratio::whole(gross), self.total)
    }
}

impl Bucket<'_> {
    /// The part of the bucket's tax that is on each line.
    fn parts(&self, tax: Money) -> Result<impl Iterator<Item = (&Share, i64)>, Error> {
        let exact: Vec<Ratio> = self.shares.iter().map(|share| share.exact).collect();
        Ok(self.shares.iter().zip(share_out(tax.minor(), &exact)?))
    }
}

fn sum(mut parts: impl Iterator<Item = Ratio>) -> Result<Ratio, MoneyError> {
    let first = parts.next().unwrap_or(Ratio::whole(0));
    parts.try_fold(first, Ratio::plus)
}

fn add_to(sums: &mut [i64], index: usize, part: i64) -> Result<(), MoneyError> {
    if let Some(sum) = sums.get_mut(index) {
        *sum = sum.checked_add(part).ok_or(MoneyError::Overflow)?;
    }
    Ok(())
}

/// Shares a tax out: in proportion, which says nothing where some are allowances and the proportions negative.
fn share_out(tax: i64, exact: &[Ratio]) -> Result<Vec<i64>, MoneyError> {
    match allot_exact(tax, exact) {
        Err(MoneyError::NoWeights) => round_parts(tax, exact),
        parts => parts,
    }
}
