//! Rates of the categories that laws favour. Widened row by row, each with its source.

use super::Row;

pub(super) static ROWS: &[Row] = &[];
