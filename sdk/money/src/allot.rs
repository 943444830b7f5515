//! Splitting an amount so that the parts sum to it.

use crate::{
    MoneyError, Ratio,
    round::{common, product, quotient},
};

/// Splits `total` by `weights` (none negative, not all zero): each part is the floor of its exact
/// share, and what is left goes, one unit each, to the largest remainders; ties in order (Hamilton's
/// method). The parts always sum to `total`.
pub fn allot(total: i64, weights: &[i128]) -> Result<Vec<i64>, MoneyError> {
    let sum = weights
        .iter()
        .try_fold(0_i128, |sum, weight| sum.checked_add(*weight))
        .ok_or(MoneyError::Overflow)?;
    if total == 0 {
        return Ok(vec![0; weights.len()]);
    }
    if sum <= 0 || weights.iter().any(|weight| *weight < 0) {
        return Err(MoneyError::NoWeights);
    }
    let magnitude = i128::from(total.unsigned_abs());
    let mut shares = Vec::with_capacity(weights.len());
    let mut left = magnitude;
    for (index, weight) in weights.iter().enumerate() {
        // Neither is below zero, so the quotient is the floor.
        let (floor, rest) = quotient(product(magnitude, *weight)?, sum)?;
        left = left.checked_sub(floor).ok_or(MoneyError::Overflow)?;
        shares.push((index, floor, rest));
    }
    shares.sort_by(|(_, _, one), (_, _, other)| other.cmp(one));
    for (_, floor, _) in &mut shares {
        if left == 0 {
            break;
        }
        *floor = floor.checked_add(1).ok_or(MoneyError::Overflow)?;
        left = left.saturating_sub(1);
    }
    shares.sort_by_key(|(index, _, _)| *index);
    let sign = i128::from(total.signum());
    let part = |floor: i128| floor.checked_mul(sign).and_then(|part| i64::try_from(part).ok());
    shares.into_iter().map(|(_, floor, _)| part(floor).ok_or(MoneyError::Overflow)).collect()
}

/// Splits `total` by exact weights, such as the tax on each line before rounding; see [`allot`].
pub fn allot_exact(total: i64, weights: &[Ratio]) -> Result<Vec<i64>, MoneyError> {
    let denominator =
        weights.iter().try_fold(1, |so_far, weight| common(so_far, weight.denominator()))?;
    let whole: Result<Vec<i128>, _> =
        weights.iter().map(|weight| weight.over(denominator)).collect();
    allot(total, &whole?)
}

/// Rounds parts so that they sum to `total`, which is their sum rounded: each becomes its floor, and what is then
/// missing goes, one unit each, to the largest fractions; ties in order. So each part is less than a unit off,
/// whether parts are negative (an allowance) or not.
pub fn round_parts(total: i64, parts: &[Ratio]) -> Result<Vec<i64>, MoneyError> {
    let denominator =
        parts.iter().try_fold(1, |so_far, part| common(so_far, part.denominator()))?;
    let mut rounded = Vec::with_capacity(parts.len());
    let mut missing = i128::from(total);
    for (index, part) in parts.iter().enumerate() {
        let over = part.over(denominator)?;
        let (floor, rest) = floor(over, denominator)?;
        missing = missing.checked_sub(floor).ok_or(MoneyError::Overflow)?;
        rounded.push((index, floor, rest));
    }
    let Ok(count @ 1..) = i128::try_from(rounded.len()) else {
        return if total == 0 { Ok(Vec::new()) } else { Err(MoneyError::NoWeights) };
    };
    rounded.sort_by(|(_, _, one), (_, _, other)| other.cmp(one));
    let (each, more) = floor(missing, count)?;
    for ((_, floor, _), place) in rounded.iter_mut().zip(0..) {
        let units = each.saturating_add(i128::from(place < more));
        *floor = floor.checked_add(units).ok_or(MoneyError::Overflow)?;
    }
    rounded.sort_by_key(|(index, _, _)| *index);
    let part = |(_, floor, _)| i64::try_from(floor).map_err(|_| MoneyError::Overflow);
    rounded.into_iter().map(part).collect()
}

/// The whole part below, and what is above it, of a number over one above zero.
fn floor(number: i128, divisor: i128) -> Result<(i128, i128), MoneyError> {
    let (whole, rest) = quotient(number, divisor)?;
    // A quotient is towards zero.
    Ok(if rest < 0 {
        (whole.saturating_sub(1), rest.saturating_add(divisor))
    } else {
        (whole, rest)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_largest_remainder_gets_what_is_left() {
        assert_eq!(allot(100, &[1, 1, 1]), Ok(vec![34, 33, 33]));
        assert_eq!(allot(7, &[50, 30, 20]), Ok(vec![4, 2, 1]));
        assert_eq!(allot(-100, &[1, 1, 1]), Ok(vec![-34, -33, -33]));
        assert_eq!(allot(0, &[0, 0]), Ok(vec![0, 0]));
        assert_eq!(allot(5, &[0, 0]), Err(MoneyError::NoWeights));
        assert_eq!(allot(5, &[2, -1]), Err(MoneyError::NoWeights));
    }

    #[test]
    fn exact_weights_need_no_common_denominator() {
        let net = Ratio::whole(1000).times(19, 100).unwrap();
        let gross = Ratio::whole(1190).times(19, 119).unwrap();
        assert_eq!(allot_exact(381, &[net, gross]), Ok(vec![191, 190]));
    }

    #[test]
    fn rounded_parts_are_less_than_a_unit_off() {
        let tenths = |tenths: &[i64]| -> Vec<Ratio> {
            tenths.iter().map(|it| Ratio::whole(*it).times(1, 10).unwrap()).collect()
        };
        assert_eq!(round_parts(1, &tenths(&[5, 5])), Ok(vec![1, 0]));
        assert_eq!(round_parts(7, &tenths(&[54, 5, 5])), Ok(vec![5, 1, 1]));
        // A charge of 10.4 and an allowance of 0.6 are 9.8.
        assert_eq!(round_parts(10, &tenths(&[104, -6])), Ok(vec![11, -1]));
        assert_eq!(round_parts(-1, &tenths(&[-4, -6])), Ok(vec![0, -1]));
        assert_eq!(round_parts(0, &[]), Ok(vec![]));
        assert_eq!(round_parts(1, &[]), Err(MoneyError::NoWeights));
    }

    proptest! {
        #[test]
        fn rounded_parts_sum_to_the_whole(tenths in prop::collection::vec(-1_000_000_i64..1_000_000, 1..60)) {
            let total = tenths.iter().sum::<i64>().div_euclid(10);
            let exact: Vec<Ratio> =
                tenths.iter().map(|it| Ratio::whole(*it).times(1, 10).unwrap()).collect();
            let parts = round_parts(total, &exact).unwrap();
            prop_assert_eq!(parts.iter().sum::<i64>(), total);
            for (part, tenths) in parts.iter().zip(&tenths) {
                prop_assert!((part * 10 - tenths).abs() < 10, "{part} for {tenths} tenths");
            }
        }

        #[test]
        fn parts_sum_to_the_whole(total in any::<i64>(), weights in prop::collection::vec(0_i128..1_000_000_000, 1..60)) {
            prop_assume!(weights.iter().any(|weight| *weight > 0));
            let parts = allot(total, &weights).unwrap();
            prop_assert_eq!(parts.iter().map(|part| i128::from(*part)).sum::<i128>(), i128::from(total));
        }
    }
}
