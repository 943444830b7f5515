//! Signing merchants up.

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};
use purser_core::{
    account::{Authority, Taxpayer},
    ids::MerchantId,
    tax::Registration,
};
use purser_money::Percent;
use purser_store::facts::merchant::{Merchant, StampTerms, merchant_list};
use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::ToSchema;

use super::Answered;
use crate::{
    app::merchant::{
        SignedUp,
        change::{Change, change},
        sign_up,
    },
    gateway::Gateway,
    http::{
        answer,
        auth::Operator,
        body::{self, Json},
        merchant::{MerchantTax, OfferKeyMade},
        page::{PageParams, ShortListQuery},
    },
    place::place,
    problem::Problem,
    random::id_bits,
};

/// A shop's sign.
const NAME_CHARS_MAX: usize = 100;
/// There are 249 countries, and a merchant is registered in some of them.
const REGISTRATIONS_MAX: usize = 100;
/// A millionth of a percent of the largest amount is less than a unit of any currency.
const FEE_DECIMALS_MAX: usize = 6;
/// A merchant has a few shops.
const ORIGINS_MAX: usize = 20;
/// Stamps are good for a year or so; nobody waits longer for a scan.
const VOID_HOLD_DAYS_MAX: u32 = 365;
/// As manifests have it.
const PLUGIN_CHARS_MAX: usize = 64;

/// A registration at a tax authority.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schema(as = RegistrationRequest)]
pub struct RegistrationIn {
    /// The authority, as tax plugins name it.
    #[schema(pattern = "^[A-Z0-9-]{1,16}$", example = "DE")]
    authority: String,
    /// The scheme.
    #[schema(min_length = 1, max_length = 32, example = "vat")]
    scheme: String,
    /// The number.
    #[schema(min_length = 1, max_length = 32, example = "DE136695976")]
    number: String,
}

body::parts!(RegistrationIn);

/// How a merchant is taxed.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schema(as = MerchantTaxRequest)]
pub struct TaxIn {
    /// Who owes the taxes of its sales; the merchant, if left out.
    #[schema(value_type = Option<String>, pattern = "^(merchant|operator)$")]
    taxpayer: Option<String>,
    /// Where the taxpayer is registered.
    #[serde(default)]
    #[schema(max_items = 100)]
    registrations: Vec<RegistrationIn>,
}

body::parts!(TaxIn);

/// A merchant to be signed up.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MerchantRequest)]
pub struct MerchantIn {
    /// What people read.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// Where it sells from.
    #[schema(pattern = "^[A-Z]{2}(-[A-Z0-9]{1,3})?$", example = "DE")]
    country: String,
    /// What the gateway keeps of each net price, in percent; nothing, if left out.
    #[schema(pattern = r"^(100(\.0+)?|\d{1,2}(\.\d{1,6})?)$", example = "1.5")]
    fee_percent: Option<String>,
    /// Taxes.
    tax: Option<TaxIn>,
    /// Where buyers may be sent back to.
    #[serde(default)]
    #[schema(max_items = 20, example = json!(["https://shop.example"]))]
    return_origins: Vec<String>,
    /// The stamps plugin that knows its stamps, if it sells postage.
    #[schema(min_length = 1, max_length = 64, example = "stamps-open")]
    stamps_plugin: Option<String>,
    /// How many days the money for a stamp that is given back is held, for scans that come late; none, if left out.
    #[schema(minimum = 0, maximum = 365)]
    void_hold_days: Option<u32>,
}

/// What is to be different of a merchant. What is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MerchantChange {
    /// What people read.
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    /// What the gateway keeps of each net price, in percent, from now on.
    #[schema(pattern = r"^(100(\.0+)?|\d{1,2}(\.\d{1,6})?)$", example = "1.5")]
    fee_percent: Option<String>,
    /// Taxes.
    tax: Option<TaxChange>,
    /// Where buyers may be sent back to: all of them.
    #[schema(max_items = 20)]
    return_origins: Option<Vec<String>>,
    /// How many days the money for a stamp that is given back is held, of a merchant that sells postage.
    #[schema(minimum = 0, maximum = 365)]
    void_hold_days: Option<u32>,
}

/// What is to be different of a merchant's taxes. Who owes them stays as it was when the merchant was signed up.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schema(as = MerchantTaxChange)]
pub struct TaxChange {
    /// Where the taxpayer is registered: all of it.
    #[schema(max_items = 100)]
    registrations: Option<Vec<RegistrationIn>>,
}

body::parts!(TaxChange);

/// A merchant that was signed up.
#[derive(Debug, Serialize, ToSchema)]
pub struct MerchantMade {
    /// Its name in offers.
    #[schema(value_type = String)]
    id: MerchantId,
    /// Its key for the API, with every scope. Shown this once.
    secret_key: String,
    /// Its key for offers. The secret is shown this once.
    offer_key: OfferKeyMade,
}

/// A merchant in the list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Merchant)]
pub struct MerchantOut {
    /// Its name in offers.
    #[schema(value_type = String)]
    id: MerchantId,
    /// What people read.
    name: String,
    /// Where it sells from.
    country: String,
    /// What the gateway keeps of each net price, in percent.
    fee_percent: String,
    /// Taxes.
    tax: MerchantTax,
    /// Where buyers may be sent back to.
    return_origins: Vec<String>,
    /// The plugin that knows its stamps; null if it sells no postage.
    #[schema(required = true)]
    stamps_plugin: Option<String>,
    /// How many days the money for a stamp that is given back is held; null if it sells no postage.
    #[schema(required = true)]
    void_hold_days: Option<u32>,
    /// When it was signed up.
    #[schema(value_type = String, format = DateTime)]
    created_at: purser_core::Timestamp,
}

impl From<Merchant> for MerchantOut {
    fn from(row: Merchant) -> Self {
        Self {
            tax: MerchantTax::of(row.taxpayer, row.registrations),
            id: row.id,
            name: row.name,
            country: row.country.to_string(),
            fee_percent: row.fee_percent.to_string(),
            return_origins: row.return_origins,
            void_hold_days: row.stamps.as_ref().map(|terms| terms.void_hold_days),
            stamps_plugin: row.stamps.map(|terms| terms.plugin),
            created_at: row.created_at,
        }
    }
}

impl MerchantChange {
    /// The change that is meant.
    pub(crate) fn read(self, gateway: &Gateway) -> Result<Change, Problem> {
        let named = |name: String| body::text(&name, 1..=NAME_CHARS_MAX, "name");
        let sandbox = gateway.settings.sandbox;
        let registered = self.tax.and_then(|tax| tax.registrations);
        if self.void_hold_days.is_some_and(|days| days > VOID_HOLD_DAYS_MAX) {
            return Err(void_hold_days_refused());
        }
        Ok(Change {
            name: self.name.map(named).transpose()?,
            fee_percent: self.fee_percent.as_deref().map(fee_percent).transpose()?,
            registrations: registered.map(registrations).transpose()?,
            return_origins: self
                .return_origins
                .map(|asked| origins(&asked, sandbox))
                .transpose()?,
            void_hold_days: self.void_hold_days,
        })
    }
}

impl MerchantIn {
    /// The merchant that is meant.
    pub(crate) fn read(self, gateway: &Gateway) -> Result<Merchant, Problem> {
        let id = MerchantId::from_random(id_bits());
        let fee = self.fee_percent.as_deref().unwrap_or("0");
        let tax = self.tax.unwrap_or_default();
        Ok(Merchant {
            id,
            name: body::text(&self.name, 1..=NAME_CHARS_MAX, "name")?,
            country: place(&self.country, "country")?,
            fee_percent: fee_percent(fee)?,
            taxpayer: match tax.taxpayer.as_deref() {
                None | Some("merchant") => Taxpayer::Merchant(id),
                Some("operator") => Taxpayer::Operator,
                Some(_) => return Err(Problem::malformed("tax.taxpayer", "merchant or operator")),
            },
            registrations: registrations(tax.registrations)?,
            return_origins: origins(&self.return_origins, gateway.settings.sandbox)?,
            created_at: gateway.now(),
            stamps: stamps(self.stamps_plugin.as_deref(), self.void_hold_days)?,
        })
    }
}

/// How a merchant sells postage, if it does. Whether there is such a plugin is asked when it is signed up.
fn stamps(plugin: Option<&str>, days: Option<u32>) -> Result<Option<StampTerms>, Problem> {
    if days.is_some_and(|days| days > VOID_HOLD_DAYS_MAX) {
        return Err(void_hold_days_refused());
    }
    match (plugin, days) {
        (Some(plugin), days) => {
            let plugin = body::text(plugin, 1..=PLUGIN_CHARS_MAX, "stamps_plugin")?;
            Ok(Some(StampTerms { plugin, void_hold_days: days.unwrap_or(0) }))
        }
        (None, Some(_)) => Err(Problem::malformed("void_hold_days", "only with `stamps_plugin`")),
        (None, None) => Ok(None),
    }
}

fn void_hold_days_refused() -> Problem {
    Problem::malformed("void_hold_days", format!("from 0 to {VOID_HOLD_DAYS_MAX} days"))
}

/// A fee that leaves the merchant something of a net price, or nothing, but never less.
fn fee_percent(text: &str) -> Result<Percent, Problem> {
    let decimals = text.split_once('.').map_or(0, |(_, decimals)| decimals.len());
    let fee = Percent::parse(text).ok().filter(|_| decimals <= FEE_DECIMALS_MAX);
    let whole = Percent::from_parts(100, 0).map_err(Problem::internal)?;
    fee.filter(|fee| *fee <= whole).ok_or_else(|| {
        let detail = format!(
            "a decimal string from 0 to 100 with at most {FEE_DECIMALS_MAX} decimals, like \"1.5\""
        );
        Problem::malformed("fee_percent", detail)
    })
}

fn registrations(asked: Vec<RegistrationIn>) -> Result<Vec<Registration>, Problem> {
    if asked.len() > REGISTRATIONS_MAX {
        return Err(Problem::malformed(
            "tax.registrations",
            format!("at most {REGISTRATIONS_MAX}"),
        ));
    }
    let read = |(index, asked): (usize, RegistrationIn)| {
        let field = |name: &str| format!("tax.registrations[{index}].{name}");
        Authority::parse(&asked.authority).map_err(|_| {
            Problem::malformed(field("authority"), "1 to 16 capital letters, digits and hyphens")
        })?;
        Ok(Registration {
            authority: asked.authority,
            scheme: body::text(&asked.scheme, 1..=32, &field("scheme"))?,
            number: body::text(&asked.number, 1..=32, &field("number"))?,
        })
    };
    asked.into_iter().enumerate().map(read).collect()
}

/// Origins as browsers write them, https but in the sandbox: scheme, host and port, and nothing behind.
fn origins(asked: &[String], sandbox: bool) -> Result<Vec<String>, Problem> {
    if asked.len() > ORIGINS_MAX {
        return Err(Problem::malformed("return_origins", format!("at most {ORIGINS_MAX}")));
    }
    let read = |(index, text): (usize, &String)| {
        let url = Url::parse(text).ok().filter(|url| url.has_host());
        let origin = url.as_ref().map(|url| url.origin().ascii_serialization());
        let scheme = url.as_ref().map(Url::scheme);
        let secure = scheme == Some("https") || (sandbox && scheme == Some("http"));
        match origin {
            Some(origin) if secure && text.len() <= 255 && text.trim_end_matches('/') == origin => {
                Ok(origin)
            }
            _ => Err(Problem::malformed(
                format!("return_origins[{index}]"),
                "an origin: https://, a host, and a port where it is not 443",
            )),
        }
    };
    asked.iter().enumerate().map(read).collect()
}

/// Sign a merchant up. Its keys are shown this once.
#[utoipa::path(post, path = "/v1/merchants", tag = "operator", security(("operator" = [])), request_body = MerchantIn,
    responses((status = 201, body = MerchantMade), crate::http::openapi::Problems))]
pub async fn merchant_create(
    gateway: Data<Gateway>,
    _operator: Operator,
    Json(input): Json<MerchantIn>,
) -> Answered {
    let SignedUp { merchant, secret_key, offer_key } =
        sign_up(&gateway, input.read(&gateway)?).await?;
    let (id, secret_key) = (merchant.id, secret_key.expose().to_owned());
    Ok(HttpResponse::Created().json(MerchantMade { id, secret_key, offer_key: offer_key.into() }))
}

/// Change a merchant from now on. What was sold before stays as it was made. The merchant is told with the event
/// `merchant.updated`.
#[utoipa::path(patch, path = "/v1/merchants/{id}", tag = "operator", security(("operator" = [])),
    params(("id" = String, Path)), request_body = MerchantChange,
    responses((status = 200, body = MerchantOut), crate::http::openapi::Problems))]
pub async fn merchant_change(
    gateway: Data<Gateway>,
    _operator: Operator,
    id: Path<String>,
    Json(input): Json<MerchantChange>,
) -> Answered {
    let id: MerchantId = id.parse().map_err(|_| Problem::not_found())?;
    let changed = change(&gateway, id, input.read(&gateway)?).await?;
    Ok(HttpResponse::Ok().json(MerchantOut::from(changed)))
}

/// All merchants, newest first.
#[utoipa::path(get, path = "/v1/merchants", tag = "operator", security(("operator" = [])), params(PageParams),
    responses((status = 200, body = answer::Page<MerchantOut>), crate::http::openapi::Problems))]
pub async fn merchants_list(
    gateway: Data<Gateway>,
    _operator: Operator,
    list: ShortListQuery,
) -> Answered {
    let rows = gateway.store.read(merchant_list).await?;
    Ok(HttpResponse::Ok().json(list.page(rows, |row| row.id.to_string(), MerchantOut::from)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fee_is_at_most_all_of_it() {
        for text in ["0", "1.5", "99.999999", "100", "100.000000"] {
            assert!(fee_percent(text).is_ok(), "{text}");
        }
        for text in [
            "100.000001",
            "101",
            "1000",
            "-1",
            "+1",
            "1.0000001",
            "",
            ".5",
            "1.",
            "1e1",
            " 1",
            "NaN",
        ] {
            let problem = fee_percent(text).unwrap_err();
            assert_eq!(problem.field.as_deref(), Some("fee_percent"), "{text}");
        }
    }

    #[test]
    fn an_origin_is_a_host_and_nothing_behind_it() {
        let one = |text: &str, sandbox| {
            origins(&[text.to_owned()], sandbox).ok().map(|origins| origins.concat())
        };
        assert_eq!(one("https://shop.example", false).as_deref(), Some("https://shop.example"));
        assert_eq!(one("https://shop.example/", false).as_deref(), Some("https://shop.example"));
        assert_eq!(one("http://127.0.0.1:8000", true).as_deref(), Some("http://127.0.0.1:8000"));
        for text in [
            "http://shop.example",
            "https://shop.example/x",
            "https://a@shop.example",
            "shop.example",
            "javascript:1",
        ] {
            assert_eq!(one(text, false), None, "{text}");
        }
    }
}
