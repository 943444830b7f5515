//! A vendor's registers: what was ever loaded is what was stamped out and what is left to stamp.
//!
//! A postage meter is loaded in advance and stamps until its descending register is empty. Here a sale loads the price
//! that was paid and stamps it out in the same step, so that the descending register is empty between sales, and the
//! registers of a vendor always agree with its sales.

use std::collections::BTreeMap;

use purser_money::{Currency, Money};

use crate::command::Stop;

/// The registers count thousandths of a minor unit: posts price below a cent (a rate of 0.406 dollars is common).
pub const THOUSANDTHS: u64 = 1_000;
/// What the databases' integers hold.
const REGISTER_MAX: u64 = i64::MAX.unsigned_abs();
/// An item number of the Universal Postal Union has eight digits (UPU S10). A vendor begins anew after so many stamps,
/// which S10 allows a year after the number was used.
const ITEM_SERIALS: u64 = 100_000_000;

/// A vendor's registers in one currency, in thousandths of its minor unit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Register {
    /// How many stamps there are: the number of the last one.
    pub pieces: u64,
    /// All that was ever stamped.
    pub ascending: u64,
    /// What was loaded and not stamped yet.
    pub descending: u64,
    /// All that was ever loaded.
    pub loaded: u64,
}

impl Register {
    /// Loads `price` and stamps it out.
    pub(crate) fn sell(self, price: Money) -> Result<Self, Stop> {
        let value = thousandths(price).ok_or(Stop::TooLarge)?;
        let loaded = Self {
            descending: add(self.descending, value)?,
            loaded: add(self.loaded, value)?,
            ..self
        };
        loaded.check()?;
        let stamped = Self {
            pieces: add(loaded.pieces, 1)?,
            ascending: add(loaded.ascending, value)?,
            descending: loaded.descending.checked_sub(value).ok_or(Stop::TooLarge)?,
            loaded: loaded.loaded,
        };
        stamped.check()?;
        if stamped.pieces <= self.pieces || stamped.ascending <= self.ascending {
            return Err(Stop::Broken("a register did not grow".to_owned()));
        }
        Ok(stamped)
    }

    /// The control sum of a postage meter.
    fn check(self) -> Result<(), Stop> {
        match self.ascending.checked_add(self.descending) {
            Some(sum) if sum == self.loaded => Ok(()),
            _ => Err(Stop::Broken("ascending and descending are not what was loaded".to_owned())),
        }
    }
}

fn add(register: u64, more: u64) -> Result<u64, Stop> {
    register.checked_add(more).filter(|sum| *sum <= REGISTER_MAX).ok_or(Stop::TooLarge)
}

/// An amount as registers count it; nothing, if it is below zero or does not fit.
pub fn thousandths(price: Money) -> Option<u64> {
    u64::try_from(price.minor()).ok()?.checked_mul(THOUSANDTHS)
}

/// A vendor's row: its registers, and how many stamps it has sold in all currencies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vendor {
    /// Its number at this gateway, from 1.
    pub number: u32,
    /// Its stamps in all currencies.
    pub items: u64,
    /// By currency.
    pub registers: BTreeMap<Currency, Register>,
}

impl Vendor {
    /// Sells a stamp: the register afterwards, and the number of the item.
    pub(crate) fn sell(&mut self, price: Money) -> Result<(Register, u32), Stop> {
        let register = self.registers.entry(price.currency()).or_default();
        *register = register.sell(price)?;
        let serial = self.items.checked_rem(ITEM_SERIALS).and_then(|n| u32::try_from(n).ok());
        self.items = add(self.items, 1)?;
        Ok((*register, serial.ok_or(Stop::TooLarge)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cents(minor: i64) -> Money {
        Money::new(minor, Currency::parse("EUR").unwrap())
    }

    #[test]
    fn a_register_never_goes_back_and_its_control_sum_holds() {
        let mut vendor = Vendor { number: 1, items: 0, registers: BTreeMap::new() };
        assert_eq!(
            vendor.sell(cents(95)).unwrap(),
            (Register { pieces: 1, ascending: 95_000, descending: 0, loaded: 95_000 }, 0)
        );
        assert_eq!(
            vendor.sell(cents(5)).unwrap(),
            (Register { pieces: 2, ascending: 100_000, descending: 0, loaded: 100_000 }, 1)
        );
        let usd = Money::new(7, Currency::parse("USD").unwrap());
        let (register, serial) = vendor.sell(usd).unwrap();
        assert_eq!(
            (register.pieces, serial),
            (1, 2),
            "each currency has its pieces, and items are one series"
        );
    }

    #[test]
    fn what_does_not_fit_or_does_not_add_up_is_refused() {
        let broken = Register { pieces: 1, ascending: 1, descending: 0, loaded: 2 };
        assert!(matches!(broken.sell(cents(1)), Err(Stop::Broken(_))));
        assert!(matches!(Register::default().sell(cents(0)), Err(Stop::Broken(_))));
        assert_eq!(Register::default().sell(cents(-1)), Err(Stop::TooLarge));
        assert_eq!(Register::default().sell(cents(i64::MAX)), Err(Stop::TooLarge));
        let full = REGISTER_MAX - 500;
        let full = Register { pieces: 1, ascending: full, descending: 0, loaded: full };
        assert_eq!(full.sell(cents(1)), Err(Stop::TooLarge));
    }

    #[test]
    fn item_numbers_begin_anew_after_eight_digits() {
        let mut vendor = Vendor { number: 1, items: ITEM_SERIALS - 1, registers: BTreeMap::new() };
        assert_eq!(vendor.sell(cents(1)).unwrap().1, 99_999_999);
        assert_eq!(vendor.sell(cents(1)).unwrap().1, 0);
    }
}
