//! Whether a stamp is good, and that it was used.

use actix_web::{HttpResponse, web::Data};
use data_encoding::BASE64;
use purser_core::{
    Date, Timestamp,
    ids::{MerchantId, StampId},
    stamp::{self, Scanner, Seen, StampState},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::Answered;
use crate::{
    app::stamp::{
        scan::{DRIFT_S_MAX, SCANS_MAX, Scan, scan, scan_batch},
        verify::{Finding, verify},
    },
    gateway::Gateway,
    http::{
        answer::Money,
        auth::Anybody,
        body::{self, Json},
        openapi::ProblemDocument,
    },
    problem::{self, Problem},
};

/// The scope of a vendor's keys that scan.
const SCOPE: &str = "stamps:scan";
/// Base64 of many times the larger symbol.
const INDICIUM_CHARS_MAX: usize = 4_096;
/// "Sorting centre Leipzig, machine 12".
const PLACE_CHARS_MAX: usize = 100;

/// A mark that was found on something.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StampVerifyRequest)]
pub struct VerifyIn {
    /// What the symbol holds, in standard base64.
    #[schema(max_length = 4096, example = "UFNUAQ==")]
    indicium: String,
    /// Whether it is used by this.
    scan: Option<bool>,
    /// When it was scanned, if not now. Only with `scan`.
    #[schema(value_type = Option<String>, format = DateTime)]
    scanned_at: Option<Timestamp>,
    /// Where it is scanned. Only with `scan`.
    #[schema(max_length = 100)]
    place: Option<String>,
}

/// A scan that was kept while the scanner was offline.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schema(as = StampScanRequest)]
pub struct ScanIn {
    /// What the symbol holds, in standard base64.
    #[schema(max_length = 4096, example = "UFNUAQ==")]
    indicium: String,
    /// When it was scanned, if not now. Where the answer was lost, tell the same again: your own scan is then a
    /// `duplicate` that was first scanned at this time and place.
    #[schema(value_type = Option<String>, format = DateTime)]
    scanned_at: Option<Timestamp>,
    /// Where it was scanned.
    #[schema(max_length = 100)]
    place: Option<String>,
}

body::parts!(ScanIn);

/// Scans that were kept, in their order.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StampScansRequest)]
pub struct ScansIn {
    /// At most 1000.
    #[schema(min_items = 1, max_items = 1000)]
    scans: Vec<ScanIn>,
}

/// What a mark is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StampVerdict)]
pub struct Verified {
    /// `valid`, `duplicate`, `void`, `expired` or `forged`; of one scan of many also `refused`.
    #[schema(value_type = String, example = "valid")]
    status: &'static str,
    /// The stamp that it is; null if it is forged.
    #[schema(required = true)]
    stamp: Option<VerifiedStamp>,
    /// When it was scanned first, if it was.
    #[schema(required = true, value_type = Option<String>, format = DateTime)]
    first_scanned_at: Option<Timestamp>,
    /// Where it was scanned first, for its vendor and the operator.
    #[serde(skip_serializing_if = "Option::is_none")]
    first_scanned_place: Option<String>,
}

/// A stamp as its mark shows it. Whoever is neither its vendor nor the operator is told its value and its dates.
#[derive(Debug, Serialize, ToSchema)]
pub struct VerifiedStamp {
    /// The face value.
    price: Money,
    /// The day on which it was bought.
    #[schema(value_type = String, format = Date)]
    issued_on: Date,
    /// The last day on which it is good.
    #[schema(value_type = String, format = Date)]
    valid_until: Date,
    /// All else.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    more: Option<VerifiedMore>,
}

/// What the vendor and the operator are told of a stamp.
#[derive(Debug, Serialize, ToSchema)]
pub struct VerifiedMore {
    /// Its name.
    #[schema(value_type = String)]
    id: StampId,
    /// The merchant that sold it.
    #[schema(value_type = String)]
    vendor: MerchantId,
    /// What it is good for.
    service: String,
    /// What people call it by.
    serial: String,
    /// The item number, where the service has one.
    s10: Option<String>,
    /// Its number in the vendor's register of this currency.
    piece: u64,
}

/// What came of each scan, in the order of the request.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScansOut {
    /// As many as were sent.
    data: Vec<Scanned>,
}

/// What came of one scan of many. A refusal is its own: the others count all the same.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StampScanned)]
pub struct Scanned {
    /// As of a scan by itself; `status` is `refused` where `problem` says why the scan was not taken.
    #[serde(flatten)]
    verdict: Verified,
    /// What this scan by itself would have been answered; only where it is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<ProblemDocument>)]
    problem: Option<Map<String, Value>>,
}

impl Verified {
    fn of(finding: Finding, is_known: impl Fn(MerchantId) -> bool) -> Self {
        let Finding { verdict, stamp, first } = finding;
        let known = stamp.as_ref().is_some_and(|stamp| is_known(stamp.record.vendor));
        let (first_scanned_at, place) = match first {
            Some(Seen { at, place }) => (Some(at), place),
            None => (None, None),
        };
        Self {
            status: verdict.map_or("forged", |verdict| verdict.name()),
            stamp: stamp.map(|stamp| VerifiedStamp::of(&stamp, known)),
            first_scanned_at,
            first_scanned_place: place.filter(|_| known),
        }
    }
}

impl Scanned {
    fn of(outcome: Result<Finding, Problem>, gateway: &Gateway) -> Self {
        match outcome {
            Ok(finding) => Self { verdict: Verified::of(finding, |_| true), problem: None },
            Err(problem) => Self {
                verdict: Verified {
                    status: "refused",
                    stamp: None,
                    first_scanned_at: None,
                    first_scanned_place: None,
                },
                problem: Some(problem.document(&gateway.issuer)),
            },
        }
    }
}

impl VerifiedStamp {
    fn of(stamp: &stamp::Stamp, known: bool) -> Self {
        let record = &stamp.record;
        let issue = match &stamp.state {
            StampState::Issued(issue, _) => Some(issue),
            StampState::Issuing | StampState::Failed(_) => None,
        };
        let more = issue.filter(|_| known).map(|issue| VerifiedMore {
            id: record.id,
            vendor: record.vendor,
            service: record.service.clone(),
            serial: issue.serial.clone(),
            s10: issue.s10.clone(),
            piece: record.piece,
        });
        Self {
            price: record.price.into(),
            issued_on: crate::clock::day(record.at),
            valid_until: record.expires_on,
            more,
        }
    }
}

impl ScanIn {
    fn read(self, gateway: &Gateway, at: &str) -> Result<Scan, Problem> {
        let field = |name: &str| format!("{at}{name}");
        let latest_s = gateway.now().as_second().saturating_add(DRIFT_S_MAX);
        if self.scanned_at.is_some_and(|scanned_at| scanned_at.as_second() > latest_s) {
            return Err(Problem::malformed(field("scanned_at"), "that is still to come"));
        }
        let place = self.place.as_deref();
        Ok(Scan {
            path: at.to_owned(),
            indicium: indicium(&self.indicium, &field("indicium"))?,
            scanned_at: self.scanned_at,
            place: place
                .map(|place| body::text(place, 1..=PLACE_CHARS_MAX, &field("place")))
                .transpose()?,
        })
    }
}

fn indicium(text: &str, field: &str) -> Result<Vec<u8>, Problem> {
    // What is padded in its middle is two texts.
    let one =
        |text: &&str| text.len() <= INDICIUM_CHARS_MAX && !text.trim_end_matches('=').contains('=');
    let bytes = Some(text).filter(one);
    let bytes = bytes.and_then(|text| BASE64.decode(text.as_bytes()).ok());
    bytes.ok_or_else(|| {
        let detail =
            format!("standard base64 with padding, at most {INDICIUM_CHARS_MAX} characters");
        Problem::malformed(field, detail)
    })
}

/// Tell whether a stamp is good. With `scan` it is used by this, which only its vendor and the operator may do; of many
/// scans at once one is `valid`, and every other is told of it.
#[utoipa::path(post, path = "/v1/stamps/verify", tag = "everyone",
    security((), ("merchant" = []), ("operator" = [])), request_body = VerifyIn,
    responses((status = 200, body = Verified), crate::http::openapi::Problems))]
pub async fn stamp_verify(
    gateway: Data<Gateway>,
    caller: Anybody,
    Json(input): Json<VerifyIn>,
) -> Answered {
    let VerifyIn { indicium: text, scan: used, scanned_at, place } = input;
    if used == Some(true) {
        let scanner = scanner(&caller)?;
        let asked = ScanIn { indicium: text, scanned_at, place }.read(&gateway, "")?;
        let finding = scan(&gateway, scanner, &asked).await?;
        return Ok(HttpResponse::Ok().json(Verified::of(finding, |_| true)));
    }
    for (field, given) in [("scanned_at", scanned_at.is_some()), ("place", place.is_some())] {
        if given {
            return Err(Problem::malformed(field, "only with `scan`"));
        }
    }
    let bytes = indicium(&text, "indicium")?;
    let finding = verify(&gateway, &bytes, gateway.now()).await?;
    let is_known = |vendor| match &caller {
        Anybody::Operator(_) => true,
        Anybody::Merchant(merchant) => merchant.id == vendor,
        Anybody::Nobody | Anybody::Buyer(_) => false,
    };
    Ok(HttpResponse::Ok().json(Verified::of(finding, is_known)))
}

/// Tell of scans that were kept while a scanner was offline. Each is answered like a scan by itself, also with why it is
/// refused; a request that cannot be read is refused as a whole, and then no scan of it counts.
#[utoipa::path(post, path = "/v1/stamps/scans", tag = "merchant",
    security(("merchant" = []), ("operator" = [])), request_body = ScansIn,
    responses((status = 200, body = ScansOut), crate::http::openapi::Problems))]
pub async fn stamp_scans(
    gateway: Data<Gateway>,
    caller: Anybody,
    Json(input): Json<ScansIn>,
) -> Answered {
    let scanner = scanner(&caller)?;
    if input.scans.is_empty() || input.scans.len() > SCANS_MAX {
        return Err(Problem::malformed("scans", format!("1 to {SCANS_MAX} scans")));
    }
    let scans = input.scans.into_iter().enumerate();
    let scans = scans.map(|(n, scan)| scan.read(&gateway, &format!("scans[{n}].")));
    let scans: Vec<Scan> = scans.collect::<Result<_, _>>()?;
    let outcomes = scan_batch(&gateway, scanner, &scans).await;
    // What may go well a moment later is no verdict. Scans that are told again are what they were.
    if let Some(Err(passing)) = outcomes
        .iter()
        .find(|outcome| outcome.as_ref().is_err_and(|error| error.kind.status() >= 500))
    {
        return Err(passing.clone());
    }
    let data = outcomes.into_iter().map(|outcome| Scanned::of(outcome, &gateway)).collect();
    Ok(HttpResponse::Ok().json(ScansOut { data }))
}

fn scanner(caller: &Anybody) -> Result<Scanner, Problem> {
    match caller {
        Anybody::Operator(_) => Ok(Scanner::Operator),
        Anybody::Merchant(merchant) => {
            merchant.require(SCOPE)?;
            Ok(Scanner::Vendor(merchant.id))
        }
        Anybody::Buyer(_) => Err(Problem::new(problem::SCOPE_MISSING)
            .detail("a stamp is scanned by its own vendor or the operator")),
        Anybody::Nobody => Err(Problem::new(problem::NOT_AUTHENTICATED)),
    }
}
