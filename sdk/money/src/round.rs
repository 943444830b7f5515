//! The named roundings, and exact fractions that are rounded once.

use crate::MoneyError;

/// How a fraction becomes an integer. All modes work on the magnitude, so that a refund of a
/// rounded amount is the rounded amount of the refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Rounding {
    /// A half goes away from zero: Reg. (EC) 1103/97 art. 5, EN 16931, HMRC VATREC12030.
    HalfUp,
    /// A half goes to the even neighbour.
    HalfEven,
    /// A half goes towards zero: New Zealand GST Act s 19O.
    HalfDown,
    /// Towards zero.
    Down,
    /// Away from zero.
    Up,
}

/// An exact fraction of integers, `numerator / denominator`, with a denominator above zero.
///
/// Overflow of 128 bits is an error, never a wrong number: 15 integer digits with a currency's
/// decimals, two published rates and a percentage leave room to spare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ratio {
    numerator: i128,
    denominator: i128,
}

impl Ratio {
    /// The whole number `value`.
    pub fn whole(value: i64) -> Self {
        Self { numerator: i128::from(value), denominator: 1 }
    }

    /// Multiplies by `numerator / denominator`, both above zero or the numerator zero.
    pub fn times(self, numerator: i128, denominator: i128) -> Result<Self, MoneyError> {
        if denominator <= 0 || numerator < 0 {
            return Err(MoneyError::RateNotPositive);
        }
        Ok(Self {
            numerator: product(self.numerator, numerator)?,
            denominator: product(self.denominator, denominator)?,
        })
    }

    /// The sum of two fractions, exactly.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        let denominator = common(self.denominator, other.denominator)?;
        let numerator = self.over(denominator)?.checked_add(other.over(denominator)?);
        Ok(Self { numerator: numerator.ok_or(MoneyError::Overflow)?, denominator })
    }

    /// The numerator when `denominator`, a multiple of this fraction's own, is the denominator.
    pub(crate) fn over(self, denominator: i128) -> Result<i128, MoneyError> {
        let (factor, _) = quotient(denominator, self.denominator)?;
        product(self.numerator, factor)
    }

    /// The denominator, above zero.
    pub(crate) fn denominator(self) -> i128 {
        self.denominator
    }

    /// Multiplies by ten to the power of `exponent`, which may be negative.
    pub fn times_ten_to(self, exponent: i32) -> Result<Self, MoneyError> {
        let power = ten_to(exponent.unsigned_abs())?;
        if exponent >= 0 { self.times(power, 1) } else { self.times(1, power) }
    }

    /// The nearest integer by `rounding`.
    pub fn round(self, rounding: Rounding) -> Result<i64, MoneyError> {
        let magnitude = self.numerator.checked_abs().ok_or(MoneyError::Overflow)?;
        let (whole, rest) = quotient(magnitude, self.denominator)?;
        // `rest < denominator`, so the complement cannot underflow and nothing is doubled.
        let above_half = rest.cmp(&self.denominator.saturating_sub(rest));
        let up = match rounding {
            Rounding::Down => false,
            Rounding::Up => rest > 0,
            Rounding::HalfUp => above_half.is_ge(),
            Rounding::HalfDown => above_half.is_gt(),
            Rounding::HalfEven => above_half.is_gt() || (above_half.is_eq() && whole % 2 == 1),
        };
        let rounded = whole.checked_add(i128::from(up)).ok_or(MoneyError::Overflow)?;
        let signed = if self.numerator < 0 { rounded.checked_neg() } else { Some(rounded) };
        signed.and_then(|value| i64::try_from(value).ok()).ok_or(MoneyError::Overflow)
    }
}

/// The least common multiple of two denominators.
pub(crate) fn common(one: i128, other: i128) -> Result<i128, MoneyError> {
    // Fractions that are summed mostly come from one rate.
    if one == other {
        return Ok(one);
    }
    let (mut divisor, mut rest) = (one, other);
    while rest != 0 {
        (divisor, rest) = (rest, quotient(divisor, rest)?.1);
    }
    product(quotient(one, divisor)?.0, other)
}

/// A product. In a plugin the machine multiplies 64 bits and a function 128, and amounts rarely need more than 32.
pub(crate) fn product(one: i128, other: i128) -> Result<i128, MoneyError> {
    if let (Ok(one), Ok(other)) = (i32::try_from(one), i32::try_from(other)) {
        return Ok(i64::from(one).wrapping_mul(i64::from(other)).into());
    }
    one.checked_mul(other).ok_or(MoneyError::Overflow)
}

/// A quotient, towards zero, and its remainder. As with [`product`], few numbers need 128 bits.
pub(crate) fn quotient(number: i128, divisor: i128) -> Result<(i128, i128), MoneyError> {
    if let (Ok(number), Ok(divisor)) = (i64::try_from(number), i64::try_from(divisor))
        && let Some(parts) = number.checked_div(divisor).zip(number.checked_rem(divisor))
    {
        return Ok((parts.0.into(), parts.1.into()));
    }
    let parts = number.checked_div(divisor).zip(number.checked_rem(divisor));
    parts.ok_or(MoneyError::Overflow)
}

/// Ten to the power of `exponent`, up to 38.
pub(crate) fn ten_to(exponent: u32) -> Result<i128, MoneyError> {
    10_i128.checked_pow(exponent).ok_or(MoneyError::Overflow)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// -25, -15, 15, 25, 24, 26 tenths by each mode.
    #[test]
    fn every_mode_rounds_the_magnitude() {
        let check = |rounding, expected: [i64; 6]| {
            for (tenths, expected) in [-25, -15, 15, 25, 24, 26].into_iter().zip(expected) {
                let ratio = Ratio::whole(tenths).times_ten_to(-1).unwrap();
                assert_eq!(ratio.round(rounding), Ok(expected), "{tenths} tenths, {rounding:?}");
            }
        };
        check(Rounding::HalfUp, [-3, -2, 2, 3, 2, 3]);
        check(Rounding::HalfEven, [-2, -2, 2, 2, 2, 3]);
        check(Rounding::HalfDown, [-2, -1, 1, 2, 2, 3]);
        check(Rounding::Down, [-2, -1, 1, 2, 2, 2]);
        check(Rounding::Up, [-3, -2, 2, 3, 3, 3]);
    }

    #[test]
    fn fractions_of_different_denominators_add_exactly() {
        let third = Ratio::whole(1).times(1, 3).unwrap();
        let sixth = Ratio::whole(1).times(1, 6).unwrap();
        let half = third.plus(sixth).unwrap();
        assert_eq!(half, Ratio { numerator: 3, denominator: 6 });
        assert_eq!(half.plus(Ratio::whole(-1)).unwrap().round(Rounding::HalfUp), Ok(-1));
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        assert_eq!(
            Ratio::whole(i64::MAX).times(2, 1).unwrap().round(Rounding::Down),
            Err(MoneyError::Overflow)
        );
        assert_eq!(Ratio::whole(1).times(1, 0), Err(MoneyError::RateNotPositive));
        assert_eq!(Ratio::whole(1).times_ten_to(39), Err(MoneyError::Overflow));
    }
}
