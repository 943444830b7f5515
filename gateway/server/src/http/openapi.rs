//! The OpenAPI 3.1 document: collected from the handlers' annotations, completed with what goes wrong where.

mod bodies;
mod problems;

use std::sync::LazyLock;

use utoipa::{
    IntoParams, Modify, OpenApi, ToSchema,
    openapi::security::{Http, HttpAuthScheme, SecurityScheme},
};

use super::{account, buyer, everyone, merchant, oauth, operator, payouts, stamp, stream, taxes};

pub use self::problems::Problems;
use self::{bodies::Optional, problems::Complete};

/// The header that makes a retry harmless. Needed on every call that moves money.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub struct IdempotencyKey {
    /// New for each intent, and the same for each retry of it: 1 to 255 visible ASCII characters.
    #[param(
        rename = "Idempotency-Key",
        min_length = 1,
        max_length = 255,
        pattern = "^[!-~]{1,255}$",
        required
    )]
    #[allow(dead_code, reason = "read by the extractors; here it is only described")]
    idempotency_key: String,
}

/// The same header on a call that may be made without.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub struct IdempotencyKeyIfWanted {
    /// New for each intent, and the same for each retry of it: 1 to 255 visible ASCII characters.
    #[param(
        rename = "Idempotency-Key",
        min_length = 1,
        max_length = 255,
        pattern = "^[!-~]{1,255}$",
        required = false
    )]
    #[allow(dead_code, reason = "read by the extractors; here it is only described")]
    idempotency_key: String,
}

/// An error, as RFC 9457 writes it. `type` leads to a page that says what it means and what to do.
#[derive(ToSchema)]
#[schema(as = Problem)]
#[allow(dead_code, reason = "written by `respond`; here it is only described")]
pub struct ProblemDocument {
    /// The address of the page; its last part is the problem's name.
    #[schema(format = "uri", example = "https://pay.example/problems/offer-expired")]
    r#type: String,
    /// One line for people.
    title: String,
    /// The HTTP status.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// This occurrence, for people.
    detail: String,
    /// What to quote when asking for help.
    request_id: Option<String>,
    /// The field at fault, as a path: `price.amount`, `offers[2]`.
    field: Option<String>,
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Purser",
        description = "A self-hosted payment gateway: vaults without names, signed prices, exact taxes, refunds that \
            cannot be abused.\n\nAmounts are decimal strings with their currency. Every error is a problem document \
            (RFC 9457) whose `type` leads to a page that says what to do. Calls that move money take an \
            `Idempotency-Key`: the same key gives the same answer, for ever.",
        license(name = "Apache-2.0 OR MIT", identifier = "Apache-2.0 OR MIT")
    ),
    servers((url = "/", description = "This gateway")),
    paths(
        everyone::health, everyone::ready, everyone::metrics, everyone::gateway_get,
        oauth::discovery::openid_configuration, oauth::discovery::jwks, everyone::problems_list, everyone::problem_get,
        account::account_create, account::session_create, account::session_refresh, account::session_delete,
        account::credentials_change, account::account_delete,
        buyer::vault_get, buyer::load_create, buyer::quote_create, buyer::purchase_create, buyer::purchases_list,
        buyer::purchase_get_one, buyer::refund_create, buyer::transfer_create, buyer::transactions_list,
        stream::transactions_stream,
        stamp::stamp_quote, stamp::stamp_create, stamp::stamps_list, stamp::stamp_get_one, stamp::stamp_void,
        stamp::print::stamp_svg, stamp::print::stamp_png, stamp::print::stamp_pdf, stamp::print::stamp_sheet,
        stamp::scan::stamp_verify, stamp::scan::stamp_scans, stamp::stamp_keys, stamp::stamp_key_create,
        merchant::offer_create, merchant::offer_keys_list, merchant::offer_key_create, merchant::offer_key_delete,
        merchant::api_keys_list, merchant::api_key_create, merchant::api_key_delete, merchant::merchant_get,
        merchant::sales_list, merchant::sale_get, merchant::sale_refund, merchant::events_list,
        stream::events_stream,
        merchant::webhooks::webhooks_list, merchant::webhooks::webhook_create, merchant::webhooks::webhook_get,
        merchant::webhooks::webhook_change, merchant::webhooks::webhook_delete, merchant::webhooks::webhook_rotate,
        merchant::webhooks::webhook_test, merchant::webhooks::deliveries_list, merchant::webhooks::delivery_replay,
        merchant::login_clients::login_clients_list, merchant::login_clients::login_client_create,
        merchant::login_clients::login_client_delete, oauth::token, oauth::revoke, oauth::userinfo, oauth::userinfo_post,
        operator::merchants::merchant_create, operator::merchants::merchants_list,
        operator::merchants::merchant_change,
        operator::cards::batch_create, operator::cards::batch_activate, operator::cards::smart_card_create,
        operator::cards::smart_card_activate, operator::cards::smart_card_block,
        operator::plugins::plugin_install, operator::plugins::plugins_list, operator::plugins::plugin_enable,
        operator::plugins::plugin_get, operator::plugins::plugin_disable, operator::plugins::plugin_calls,
        operator::plugins::plugin_activate, operator::plugins::plugin_rollback, operator::plugins::plugin_grant,
        operator::plugins::plugin_key_trust, operator::plugins::plugin_keys_list,
        operator::plugins::plugin_key_delete, operator::plugins::plugin_shadow_start,
        operator::plugins::plugin_shadow_get, operator::plugins::plugin_shadow_stop,
        operator::plugins::plugin_replay,
        operator::books::refund_policy_put, operator::books::refund_policy_get, operator::books::trade_create,
        operator::books::check_get, operator::books::clock_set,
        operator::rates::rates_import, operator::rates::rate_get,
        taxes::liabilities_get, taxes::remittance_create, taxes::remittances_list, taxes::remittance_get,
        taxes::remittance_confirm, taxes::remittance_fail, taxes::return_get, taxes::return_send_now,
        payouts::payout_create, payouts::payouts_list, payouts::payout_confirm, payouts::payout_fail,
        payouts::payout_file, payouts::statement_get, payouts::statement_json, payouts::statement_csv,
    ),
    components(schemas(ProblemDocument)),
    tags(
        (name = "everyone", description = "Without a key"),
        (name = "account", description = "Signing up and in"),
        (name = "buyer", description = "With an access token"),
        (name = "merchant", description = "With a merchant's key; the operator's key holds all scopes"),
        (name = "login", description = "What a shop's OpenID Connect library asks; its errors are those of RFC 6749"),
        (name = "operator", description = "With the operator's key"),
    ),
    modifiers(&Security, &Optional, &Complete)
)]
struct Document;

struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        for (name, format, description) in [
            ("buyer", "JWT", "An access token of /v1/sessions; five minutes."),
            ("merchant", "opaque", "A merchant's key, `sk_...`, with the scopes it was made with."),
            (
                "operator",
                "opaque",
                "The operator's key, `op_...`, from `operator.key` in the data directory.",
            ),
        ] {
            let mut bearer = Http::new(HttpAuthScheme::Bearer);
            bearer.bearer_format = Some(format.to_owned());
            bearer.description = Some(description.to_owned());
            components.add_security_scheme(name, SecurityScheme::Http(bearer));
        }
        let mut client = Http::new(HttpAuthScheme::Basic);
        client.description = Some("A login client's `client_id` and `client_secret`.".to_owned());
        components.add_security_scheme("login_client", SecurityScheme::Http(client));
        let mut token = Http::new(HttpAuthScheme::Bearer);
        token.description = Some("An access token of /oauth/token.".to_owned());
        components.add_security_scheme("login_token", SecurityScheme::Http(token));
        document.info.version = env!("CARGO_PKG_VERSION").to_owned();
    }
}

/// The document as JSON. It is the same for the life of the process.
pub fn json() -> Result<&'static str, &'static serde_json::Error> {
    static JSON: LazyLock<Result<String, serde_json::Error>> =
        LazyLock::new(|| Document::openapi().to_json());
    JSON.as_ref().map(String::as_str)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn document() -> Value {
        serde_json::from_str(json().unwrap()).unwrap()
    }

    fn operations(document: &Value) -> Vec<(String, String, Value)> {
        let paths = document["paths"].as_object().unwrap();
        let of_path = |(path, item): (&String, &Value)| {
            let methods = item.as_object().unwrap().clone();
            methods
                .into_iter()
                .map(|(method, operation)| (path.clone(), method, operation))
                .collect::<Vec<_>>()
        };
        paths.iter().flat_map(of_path).collect()
    }

    #[test]
    fn it_is_openapi_3_1_and_every_name_in_it_is_there() {
        let document = document();
        assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
        let text = json().unwrap();
        for reference in text.split("\"#/components/schemas/").skip(1) {
            let name = reference.split('"').next().unwrap();
            assert!(document["components"]["schemas"].get(name).is_some(), "{name}");
        }
    }

    #[test]
    fn every_call_that_needs_a_key_says_what_happens_without_one() {
        for (path, method, operation) in operations(&document()) {
            let secured = operation["security"].as_array().is_some_and(|needs| !needs.is_empty());
            let responses = operation["responses"].as_object().unwrap();
            assert_eq!(
                responses.contains_key("401"),
                secured
                    || path.contains("sessions")
                    || path == "/v1/account/credentials"
                    || path == "/metrics",
                "{method} {path}"
            );
            if path.contains('{') && !path.starts_with("/v1/rates") {
                assert!(responses.contains_key("404"), "{method} {path}");
            }
        }
    }

    #[test]
    fn a_body_may_be_left_out_where_no_field_is_needed() {
        let document = document();
        for (path, method, needed) in [
            ("/v1/purchases", "post", true),
            ("/v1/webhooks", "post", true),
            ("/v1/webhooks/{id}", "patch", false),
            ("/v1/webhooks/{id}/rotate", "post", false),
            ("/v1/plugins", "post", true),
        ] {
            let required = &document["paths"][path][method]["requestBody"]["required"];
            assert_eq!(required.as_bool().unwrap_or(false), needed, "{method} {path}");
        }
    }

    #[test]
    fn inputs_take_no_other_fields() {
        let document = document();
        for (path, method, operation) in operations(&document) {
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"]["$ref"];
            let Some(name) = schema.as_str().and_then(|reference| reference.rsplit('/').next())
            else {
                continue;
            };
            let input = &document["components"]["schemas"][name];
            let closed =
                input["additionalProperties"] == Value::Bool(false) || input.get("oneOf").is_some();
            assert!(closed, "{method} {path}: {name}");
        }
    }
}
