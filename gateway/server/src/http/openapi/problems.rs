//! What can go wrong with each call: by rules for what many share, by a table for what is a call's own.

use std::collections::BTreeMap;

use serde_json::json;
use utoipa::{
    IntoResponses, Modify,
    openapi::{
        ContentBuilder, OpenApi, PathItem, Ref, RefOr, Required, Response, ResponseBuilder,
        example::ExampleBuilder,
        path::{Operation, Parameter},
    },
};

use crate::problem::{self, Kind};

/// Marks a call that answers problems. Which ones is filled in when the document is whole: that depends on what
/// the call takes and who may make it.
pub struct Problems;

impl IntoResponses for Problems {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        BTreeMap::new()
    }
}

/// What only some calls answer, by path.
const OWN: &[(&str, &[Kind])] = &[
    ("/v1/accounts", &[problem::TOO_MANY_REQUESTS, problem::OVERLOADED]),
    (
        "/v1/sessions",
        &[problem::WRONG_CREDENTIALS, problem::TOO_MANY_REQUESTS, problem::OVERLOADED],
    ),
    ("/v1/sessions/refresh", &[problem::WRONG_CREDENTIALS, problem::NOT_AUTHENTICATED]),
    (
        "/v1/account/credentials",
        &[
            problem::WRONG_CREDENTIALS,
            problem::NOT_AUTHENTICATED,
            problem::TOO_MANY_REQUESTS,
            problem::OVERLOADED,
        ],
    ),
    (
        "/v1/account",
        &[
            problem::WRONG_CREDENTIALS,
            problem::TOO_MANY_REQUESTS,
            problem::VAULT_INACTIVE,
            problem::OVERLOADED,
        ],
    ),
    (
        "/v1/vault/loads",
        &[
            problem::INVALID_AMOUNT,
            problem::UNKNOWN_CURRENCY,
            problem::INSUFFICIENT_FUNDS,
            problem::VAULT_INACTIVE,
            problem::CARD_ALREADY_USED,
            problem::CARD_REFUSED,
            problem::CURRENCY_UNSUPPORTED,
            problem::LIMIT_EXCEEDED,
            problem::TOO_MANY_REQUESTS,
            problem::PLUGIN_FAILED,
            problem::RATES_TOO_OLD,
        ],
    ),
    ("/v1/quotes", PRICING),
    ("/v1/purchases", PRICING),
    (
        "/v1/purchases",
        &[
            problem::INSUFFICIENT_FUNDS,
            problem::VAULT_INACTIVE,
            problem::PIN_REQUIRED,
            problem::OFFER_ALREADY_USED,
            problem::PRICE_CHANGED,
            problem::LIMIT_EXCEEDED,
        ],
    ),
    (
        "/v1/refunds",
        &[
            problem::VAULT_INACTIVE,
            problem::NOT_PURCHASED,
            problem::ALREADY_REFUNDED,
            problem::REFUND_LIMIT_EXCEEDED,
            problem::REFUND_WINDOW_CLOSED,
            problem::STAMP_ALREADY_SCANNED,
            problem::STAMP_HELD,
        ],
    ),
    ("/v1/stamps/quotes", POSTAGE),
    ("/v1/stamps", POSTAGE),
    (
        "/v1/stamps",
        &[
            problem::INSUFFICIENT_FUNDS,
            problem::VAULT_INACTIVE,
            problem::PIN_REQUIRED,
            problem::PRICE_CHANGED,
            problem::LIMIT_EXCEEDED,
        ],
    ),
    (
        "/v1/stamps/{id}/void",
        &[
            problem::VAULT_INACTIVE,
            problem::ALREADY_REFUNDED,
            problem::REFUND_LIMIT_EXCEEDED,
            problem::REFUND_WINDOW_CLOSED,
            problem::STAMP_ALREADY_SCANNED,
        ],
    ),
    ("/v1/stamps/{id}.svg", &[problem::ALREADY_REFUNDED]),
    ("/v1/stamps/{id}.png", &[problem::ALREADY_REFUNDED]),
    ("/v1/stamps/{id}.pdf", &[problem::ALREADY_REFUNDED]),
    ("/v1/stamps/sheet.pdf", &[problem::NOT_FOUND, problem::ALREADY_REFUNDED]),
    ("/v1/stamps/verify", &[problem::SCOPE_MISSING, problem::OVERLOADED]),
    ("/v1/stamps/scans", &[problem::OVERLOADED]),
    ("/v1/stamps/keys", &[problem::NOT_FOUND]),
    (
        "/v1/transfers",
        &[
            problem::INVALID_AMOUNT,
            problem::UNKNOWN_CURRENCY,
            problem::INSUFFICIENT_FUNDS,
            problem::VAULT_INACTIVE,
            problem::PIN_REQUIRED,
            problem::NOT_FOUND,
            problem::LIMIT_EXCEEDED,
        ],
    ),
    ("/v1/offers", &[problem::INVALID_AMOUNT, problem::UNKNOWN_CURRENCY, problem::NOT_FOUND]),
    ("/v1/login-clients", &[problem::TOO_MANY_REQUESTS]),
    ("/v1/login-clients/{client_id}", &[problem::TOO_MANY_REQUESTS]),
    ("/v1/sales/{item}/refund", &[problem::ALREADY_REFUNDED, problem::STAMP_ALREADY_SCANNED]),
    (
        "/v1/card-batches",
        &[
            problem::INVALID_AMOUNT,
            problem::UNKNOWN_CURRENCY,
            problem::BATCH_PRINTED_BEFORE,
            problem::KEY_REUSED,
        ],
    ),
    ("/v1/smart-cards", &[problem::INVALID_AMOUNT, problem::UNKNOWN_CURRENCY]),
    ("/v1/smart-cards/{id}/activate", &[problem::CARD_REFUSED]),
    ("/v1/plugins", &[problem::PLUGIN_REFUSED, problem::OVERLOADED]),
    ("/v1/plugins/{id}/enable", &[problem::PLUGIN_REFUSED, problem::OVERLOADED]),
    ("/v1/plugins/{id}/grants", &[problem::PLUGIN_REFUSED]),
    ("/v1/plugins/{id}/shadow", &[problem::PLUGIN_REFUSED]),
    ("/v1/plugins/{id}/replay", &[problem::PLUGIN_REFUSED]),
    ("/v1/plugins/{id}/activate", &[problem::PLUGIN_REFUSED, problem::OVERLOADED]),
    ("/v1/plugins/{id}/rollback", &[problem::PLUGIN_REFUSED]),
    ("/v1/policies/refunds", &[problem::INVALID_AMOUNT, problem::UNKNOWN_CURRENCY]),
    (
        "/v1/treasury/trades",
        &[problem::INVALID_AMOUNT, problem::UNKNOWN_CURRENCY, problem::INSUFFICIENT_FUNDS],
    ),
    ("/v1/rates", &[problem::NOT_FOUND, problem::PLUGIN_FAILED, problem::CURRENCY_UNSUPPORTED]),
    (
        "/v1/rates/{from}/{to}",
        &[
            problem::UNKNOWN_CURRENCY,
            problem::CURRENCY_UNSUPPORTED,
            problem::PLUGIN_FAILED,
            problem::RATES_TOO_OLD,
        ],
    ),
    (
        "/v1/tax/remittances",
        &[
            problem::UNKNOWN_CURRENCY,
            problem::INVALID_AMOUNT,
            problem::NOTHING_TO_REMIT,
            problem::PERIOD_NOT_OVER,
            problem::PLUGIN_FAILED,
        ],
    ),
    ("/v1/tax/liabilities", &[problem::OVERLOADED]),
    ("/v1/tax/remittances/{id}/confirm", &[problem::ALREADY_SETTLED, problem::INSUFFICIENT_FUNDS]),
    ("/v1/tax/remittances/{id}/fail", &[problem::ALREADY_SETTLED]),
    (
        "/v1/tax/remittances/{id}/send",
        &[problem::ALREADY_SETTLED, problem::RETURN_SENT_BEFORE, problem::RETURN_NOT_SENT],
    ),
    ("/v1/payouts", &[problem::UNKNOWN_CURRENCY, problem::INSUFFICIENT_FUNDS]),
    ("/v1/payouts/{id}/confirm", &[problem::ALREADY_SETTLED, problem::INSUFFICIENT_FUNDS]),
    ("/v1/payouts/{id}/fail", &[problem::ALREADY_SETTLED]),
    ("/v1/sandbox/clock", &[problem::NOT_FOUND]),
    (
        "/v1/webhooks",
        &[
            problem::WEBHOOK_URL_REFUSED,
            problem::TOO_MANY_REQUESTS,
            problem::PLUGIN_FAILED,
            problem::OVERLOADED,
        ],
    ),
    (
        "/v1/webhooks/{id}",
        &[problem::WEBHOOK_URL_REFUSED, problem::PLUGIN_FAILED, problem::OVERLOADED],
    ),
    ("/v1/webhooks/{id}/rotate", &[problem::TOO_MANY_REQUESTS]),
    ("/v1/webhooks/{id}/test", &[problem::TOO_MANY_REQUESTS]),
    ("/v1/webhooks/{id}/deliveries/{delivery}/replay", &[problem::WEBHOOK_DISABLED]),
    ("/problems/{name}", &[problem::NOT_FOUND]),
    ("/metrics", &[problem::NOT_AUTHENTICATED]),
];

/// What pricing a basket may answer.
const PRICING: &[Kind] = &[
    problem::INVALID_AMOUNT,
    problem::UNKNOWN_CURRENCY,
    problem::OFFER_TAMPERED,
    problem::OFFER_EXPIRED,
    problem::OFFER_ELSEWHERE,
    problem::CURRENCY_UNSUPPORTED,
    problem::TAX_COUNTRY_UNSUPPORTED,
    problem::TAX_CATEGORY_UNSUPPORTED,
    problem::TAX_ID_INVALID,
    problem::PLUGIN_FAILED,
    problem::RATES_TOO_OLD,
];

/// What pricing a stamp may answer.
const POSTAGE: &[Kind] = &[
    problem::INVALID_AMOUNT,
    problem::UNKNOWN_CURRENCY,
    problem::NOT_FOUND,
    problem::CURRENCY_UNSUPPORTED,
    problem::TAX_COUNTRY_UNSUPPORTED,
    problem::TAX_CATEGORY_UNSUPPORTED,
    problem::POSTAGE_UNSUPPORTED,
    problem::PLUGIN_FAILED,
    problem::RATES_TOO_OLD,
];

/// Adds to each operation the problems that it can answer.
pub(super) struct Complete;

impl Modify for Complete {
    fn modify(&self, document: &mut OpenApi) {
        for (path, item) in &mut document.paths.paths {
            for (reads, operation) in operations(item) {
                let kinds = kinds(path, reads, operation);
                let responses = &mut operation.responses.responses;
                for (status, response) in by_status(&kinds) {
                    // What a handler says itself is more exact.
                    responses.entry(status).or_insert(response);
                }
                responses.iter_mut().for_each(|(status, response)| describe(status, response));
            }
        }
    }
}

/// Every response needs a description; where the handler gives none, the body says it all.
fn describe(status: &str, response: &mut RefOr<Response>) {
    let RefOr::T(response) = response else { return };
    if response.description.is_empty() {
        response.description = match status {
            "200" => "Done, or found",
            "201" => "Made",
            "204" => "Done; there is nothing to say",
            _ => "An answer",
        }
        .to_owned();
    }
}

/// The operations of a path, and whether each only reads.
pub(super) fn operations(item: &mut PathItem) -> impl Iterator<Item = (bool, &mut Operation)> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    let all = [(true, get), (false, put), (false, post), (false, delete), (false, patch)];
    all.into_iter().filter_map(|(reads, operation)| Some((reads, operation.as_mut()?)))
}

fn kinds(path: &str, reads: bool, operation: &Operation) -> Vec<Kind> {
    let mut kinds = vec![problem::INTERNAL, problem::DATABASE_UNAVAILABLE];
    let parameters = operation.parameters.iter().flatten();
    let names: Vec<&str> = parameters
        .filter_map(|parameter| match parameter {
            RefOr::T(Parameter { name, .. }) => Some(name.as_str()),
            RefOr::Ref(_) => None,
        })
        .collect();
    let in_path = |name: &&str| path.contains(&format!("{{{name}}}"));
    let needs_key = operation.parameters.iter().flatten().any(|parameter| match parameter {
        RefOr::T(Parameter { name, required, .. }) => {
            name == "Idempotency-Key" && matches!(required, Required::True)
        }
        RefOr::Ref(_) => false,
    });
    if operation.request_body.is_some() || names.iter().any(|name| !in_path(name)) {
        kinds.push(problem::MALFORMED_REQUEST);
    }
    if operation.request_body.is_some() || needs_key {
        kinds.push(problem::REQUEST_TOO_LARGE);
    }
    if path.contains('{') && !path.starts_with("/v1/rates") {
        kinds.push(problem::NOT_FOUND);
    }
    if operation.security.as_ref().is_some_and(|needs| !needs.is_empty()) {
        kinds.push(problem::NOT_AUTHENTICATED);
    }
    // Only merchants' keys have scopes.
    if operation.tags.iter().flatten().any(|tag| tag == "merchant") {
        kinds.push(problem::SCOPE_MISSING);
    }
    if needs_key {
        kinds.extend([
            problem::KEY_MISSING,
            problem::KEY_REUSED,
            problem::REQUEST_IN_PROGRESS,
            problem::OVERLOADED,
        ]);
    }
    // A list under the path of a call that moves money only looks.
    let own = OWN.iter().filter(|(of, _)| *of == path && (!reads || !has_writer(path)));
    kinds.extend(own.flat_map(|(_, kinds)| kinds.iter().copied()));
    kinds.sort();
    kinds.dedup();
    kinds
}

/// Paths that are both a list and the place where something is made.
fn has_writer(path: &str) -> bool {
    matches!(
        path,
        "/v1/purchases"
            | "/v1/plugins"
            | "/v1/policies/refunds"
            | "/v1/card-batches"
            | "/v1/stamps"
            | "/v1/stamps/keys"
            | "/v1/tax/remittances"
            | "/v1/payouts"
            | "/v1/login-clients"
            | "/v1/webhooks"
            | "/v1/webhooks/{id}"
    )
}

/// A response for each status, with an example of each of its problems.
fn by_status(kinds: &[Kind]) -> BTreeMap<String, RefOr<Response>> {
    let mut statuses: BTreeMap<u16, Vec<Kind>> = BTreeMap::new();
    for kind in kinds {
        statuses.entry(kind.status()).or_default().push(*kind);
    }
    let responses =
        statuses.into_iter().map(|(status, kinds)| (status.to_string(), response(&kinds)));
    responses.collect()
}

fn response(kinds: &[Kind]) -> RefOr<Response> {
    let names: Vec<String> = kinds.iter().map(|kind| format!("`{}`", kind.name())).collect();
    let examples = kinds.iter().map(|kind| {
        let document = json!({
            "type": format!("https://pay.example/problems/{}", kind.name()),
            "title": kind.title(),
            "status": kind.status(),
            "detail": kind.meaning(),
            "request_id": "0198f2a4c1d07d1f9f6be8a1c3e2d4b5",
        });
        (kind.name(), ExampleBuilder::new().summary(kind.title()).value(Some(document)).build())
    });
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problem")))
        .examples_from_iter(examples)
        .build();
    let response = ResponseBuilder::new()
        .description(names.join(", "))
        .content("application/problem+json", content);
    RefOr::T(response.build())
}
