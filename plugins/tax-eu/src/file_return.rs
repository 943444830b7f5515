//! Returns.

use purser_sdk::{Error, Filing, PeriodTotals, Problem};

pub(crate) fn file_return(_: &PeriodTotals) -> Result<Filing, Error> {
    Err(Error::new(Problem::TaxCountryUnsupported, "soon"))
}
