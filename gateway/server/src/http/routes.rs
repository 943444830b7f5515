//! The table of contents of the HTTP API.

use actix_web::{
    HttpRequest, HttpResponse, Resource,
    web::{PayloadConfig, ServiceConfig, delete, get, patch, post, put, resource},
};

use super::{
    account, body::BytesMax, buyer, everyone, merchant, oauth, operator, payouts, stamp, stream,
    taxes,
};
use crate::{
    pages::trouble,
    problem::{self, Problem},
};

/// An e-mail, secrets and a country.
const STRANGERS_BYTES_MAX: usize = 8 * 1024;

/// Every route.
pub fn configure(routes: &mut ServiceConfig) {
    for_everyone(routes);
    for_accounts(routes);
    for_buyers(routes);
    for_stamps(routes);
    for_merchants(routes);
    for_endpoints(routes);
    for_logins(routes);
    for_operators(routes);
    for_money_that_leaves(routes);
}

/// What is not in the table.
pub async fn not_found(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let problem = Problem::new(problem::NOT_FOUND);
    if trouble::wants_html(&request) && !request.path().starts_with("/v1/") {
        return Ok(trouble::page_of(&request, &problem));
    }
    Err(problem.detail("this gateway has no such address; /docs lists them"))
}

fn for_everyone(routes: &mut ServiceConfig) {
    routes
        .service(resource("/healthz").route(get().to(everyone::health)))
        .service(resource("/readyz").route(get().to(everyone::ready)))
        .service(resource("/metrics").route(get().to(everyone::metrics)))
        .service(resource("/openapi.json").route(get().to(everyone::openapi_json)))
        .service(resource("/docs").route(get().to(everyone::docs)))
        .service(resource("/docs/{file:.*}").route(get().to(everyone::docs_file)))
        .service(resource("/v1/gateway").route(get().to(everyone::gateway_get)));
}

fn for_accounts(routes: &mut ServiceConfig) {
    routes
        .service(of_strangers("/v1/accounts").route(post().to(account::account_create)))
        .service(of_strangers("/v1/sessions").route(post().to(account::session_create)))
        .service(of_strangers("/v1/sessions/refresh").route(post().to(account::session_refresh)))
        .service(resource("/v1/sessions/current").route(delete().to(account::session_delete)))
        .service(
            of_strangers("/v1/account/credentials").route(post().to(account::credentials_change)),
        )
        .service(of_strangers("/v1/account").route(delete().to(account::account_delete)));
}

/// Calls whose body is read before anybody is known: it is small.
fn of_strangers(path: &str) -> Resource {
    resource(path)
        .app_data(PayloadConfig::new(STRANGERS_BYTES_MAX))
        .app_data(BytesMax(STRANGERS_BYTES_MAX))
}

fn for_buyers(routes: &mut ServiceConfig) {
    routes
        .service(resource("/v1/vault").route(get().to(buyer::vault_get)))
        .service(resource("/v1/vault/loads").route(post().to(buyer::load_create)))
        .service(resource("/v1/quotes").route(post().to(buyer::quote_create)))
        .service(
            resource("/v1/purchases")
                .route(get().to(buyer::purchases_list))
                .route(post().to(buyer::purchase_create)),
        )
        .service(resource("/v1/purchases/{id}").route(get().to(buyer::purchase_get_one)))
        .service(resource("/v1/refunds").route(post().to(buyer::refund_create)))
        .service(resource("/v1/transfers").route(post().to(buyer::transfer_create)))
        .service(resource("/v1/transactions").route(get().to(buyer::transactions_list)))
        .service(resource("/v1/transactions/stream").route(get().to(stream::transactions_stream)));
}

fn for_stamps(routes: &mut ServiceConfig) {
    routes
        .service(resource("/v1/stamps/quotes").route(post().to(stamp::stamp_quote)))
        .service(of_strangers("/v1/stamps/verify").route(post().to(stamp::scan::stamp_verify)))
        .service(resource("/v1/stamps/scans").route(post().to(stamp::scan::stamp_scans)))
        .service(
            resource("/v1/stamps/keys")
                .route(get().to(stamp::stamp_keys))
                .route(post().to(stamp::stamp_key_create)),
        )
        .service(
            resource("/v1/stamps")
                .route(get().to(stamp::stamps_list))
                .route(post().to(stamp::stamp_create)),
        )
        .service(resource("/v1/stamps/sheet.pdf").route(get().to(stamp::print::stamp_sheet)))
        .service(resource("/v1/stamps/{id}.svg").route(get().to(stamp::print::stamp_svg)))
        .service(resource("/v1/stamps/{id}.png").route(get().to(stamp::print::stamp_png)))
        .service(resource("/v1/stamps/{id}.pdf").route(get().to(stamp::print::stamp_pdf)))
        .service(resource("/v1/stamps/{id}").route(get().to(stamp::stamp_get_one)))
        .service(resource("/v1/stamps/{id}/void").route(post().to(stamp::stamp_void)));
}

fn for_merchants(routes: &mut ServiceConfig) {
    routes
        .service(resource("/v1/offers").route(post().to(merchant::offer_create)))
        .service(
            resource("/v1/offer-keys")
                .route(get().to(merchant::offer_keys_list))
                .route(post().to(merchant::offer_key_create)),
        )
        .service(resource("/v1/offer-keys/{kid}").route(delete().to(merchant::offer_key_delete)))
        .service(
            resource("/v1/api-keys")
                .route(get().to(merchant::api_keys_list))
                .route(post().to(merchant::api_key_create)),
        )
        .service(resource("/v1/api-keys/{id}").route(delete().to(merchant::api_key_delete)))
        .service(resource("/v1/merchant").route(get().to(merchant::merchant_get)))
        .service(resource("/v1/sales").route(get().to(merchant::sales_list)))
        .service(resource("/v1/sales/{item}").route(get().to(merchant::sale_get)))
        .service(resource("/v1/sales/{item}/refund").route(post().to(merchant::sale_refund)))
        .service(resource("/v1/events").route(get().to(merchant::events_list)))
        .service(resource("/v1/events/stream").route(get().to(stream::events_stream)));
}

/// What the software of shops asks. The pages that buyers see on the way are among the pages.
fn for_logins(routes: &mut ServiceConfig) {
    use merchant::login_clients;
    routes
        .service(
            resource("/.well-known/openid-configuration")
                .route(get().to(oauth::discovery::openid_configuration)),
        )
        .service(resource("/.well-known/jwks.json").route(get().to(oauth::discovery::jwks)))
        .service(of_strangers("/oauth/token").route(post().to(oauth::token)))
        .service(of_strangers("/oauth/revoke").route(post().to(oauth::revoke)))
        .service(
            of_strangers("/oauth/userinfo")
                .route(get().to(oauth::userinfo))
                .route(post().to(oauth::userinfo_post)),
        )
        .service(
            resource("/v1/login-clients")
                .route(get().to(login_clients::login_clients_list))
                .route(post().to(login_clients::login_client_create)),
        )
        .service(
            resource("/v1/login-clients/{client_id}")
                .route(delete().to(login_clients::login_client_delete)),
        );
}

fn for_money_that_leaves(routes: &mut ServiceConfig) {
    routes
        .service(resource("/v1/tax/liabilities").route(get().to(taxes::liabilities_get)))
        .service(
            resource("/v1/tax/remittances")
                .route(get().to(taxes::remittances_list))
                .route(post().to(taxes::remittance_create)),
        )
        .service(resource("/v1/tax/remittances/{id}").route(get().to(taxes::remittance_get)))
        .service(
            resource("/v1/tax/remittances/{id}/confirm")
                .route(post().to(taxes::remittance_confirm)),
        )
        .service(resource("/v1/tax/remittances/{id}/fail").route(post().to(taxes::remittance_fail)))
        .service(resource("/v1/tax/remittances/{id}/return").route(get().to(taxes::return_get)))
        .service(resource("/v1/tax/remittances/{id}/send").route(post().to(taxes::return_send_now)))
        .service(
            resource("/v1/payouts")
                .route(get().to(payouts::payouts_list))
                .route(post().to(payouts::payout_create)),
        )
        .service(resource("/v1/payouts/{id}/confirm").route(post().to(payouts::payout_confirm)))
        .service(resource("/v1/payouts/{id}/fail").route(post().to(payouts::payout_fail)))
        .service(resource("/v1/payouts/{id}/file").route(get().to(payouts::payout_file)))
        .service(resource("/v1/statements/{month}.csv").route(get().to(payouts::statement_csv)))
        .service(resource("/v1/statements/{month}.json").route(get().to(payouts::statement_json)))
        .service(resource("/v1/statements/{month}").route(get().to(payouts::statement_get)));
}

fn for_endpoints(routes: &mut ServiceConfig) {
    use merchant::webhooks;
    routes
        .service(
            resource("/v1/webhooks")
                .route(get().to(webhooks::webhooks_list))
                .route(post().to(webhooks::webhook_create)),
        )
        .service(
            resource("/v1/webhooks/{id}")
                .route(get().to(webhooks::webhook_get))
                .route(patch().to(webhooks::webhook_change))
                .route(delete().to(webhooks::webhook_delete)),
        )
        .service(resource("/v1/webhooks/{id}/rotate").route(post().to(webhooks::webhook_rotate)))
        .service(resource("/v1/webhooks/{id}/test").route(post().to(webhooks::webhook_test)))
        .service(
            resource("/v1/webhooks/{id}/deliveries").route(get().to(webhooks::deliveries_list)),
        )
        .service(
            resource("/v1/webhooks/{id}/deliveries/{delivery}/replay")
                .route(post().to(webhooks::delivery_replay)),
        );
}

fn for_operators(routes: &mut ServiceConfig) {
    use operator::{books, cards, merchants, plugins, rates};
    routes
        .service(
            resource("/v1/merchants")
                .route(get().to(merchants::merchants_list))
                .route(post().to(merchants::merchant_create)),
        )
        .service(resource("/v1/merchants/{id}").route(patch().to(merchants::merchant_change)))
        .service(resource("/v1/card-batches").route(post().to(cards::batch_create)))
        .service(resource("/v1/card-batches/{id}/activate").route(post().to(cards::batch_activate)))
        .service(resource("/v1/smart-cards").route(post().to(cards::smart_card_create)))
        .service(
            resource("/v1/smart-cards/{id}/activate").route(post().to(cards::smart_card_activate)),
        )
        .service(resource("/v1/smart-cards/{id}/block").route(post().to(cards::smart_card_block)))
        .service(
            resource("/v1/plugins")
                .app_data(plugins::component_limit())
                .route(get().to(plugins::plugins_list))
                .route(post().to(plugins::plugin_install)),
        )
        .service(
            resource("/v1/plugins/keys")
                .route(get().to(plugins::plugin_keys_list))
                .route(post().to(plugins::plugin_key_trust)),
        )
        .service(resource("/v1/plugins/keys/{id}").route(delete().to(plugins::plugin_key_delete)))
        .service(resource("/v1/plugins/{id}").route(get().to(plugins::plugin_get)))
        .service(resource("/v1/plugins/{id}/grants").route(post().to(plugins::plugin_grant)))
        .service(
            resource("/v1/plugins/{id}/shadow")
                .route(get().to(plugins::plugin_shadow_get))
                .route(post().to(plugins::plugin_shadow_start))
                .route(delete().to(plugins::plugin_shadow_stop)),
        )
        .service(resource("/v1/plugins/{id}/replay").route(post().to(plugins::plugin_replay)))
        .service(resource("/v1/plugins/{id}/activate").route(post().to(plugins::plugin_activate)))
        .service(resource("/v1/plugins/{id}/rollback").route(post().to(plugins::plugin_rollback)))
        .service(resource("/v1/plugins/{id}/enable").route(post().to(plugins::plugin_enable)))
        .service(resource("/v1/plugins/{id}/disable").route(post().to(plugins::plugin_disable)))
        .service(resource("/v1/plugins/{id}/calls").route(get().to(plugins::plugin_calls)))
        .service(
            resource("/v1/policies/refunds")
                .route(get().to(books::refund_policy_get))
                .route(put().to(books::refund_policy_put)),
        )
        .service(resource("/v1/treasury/trades").route(post().to(books::trade_create)))
        .service(
            resource("/v1/rates")
                .app_data(rates::feed_limit())
                .route(post().to(rates::rates_import)),
        )
        .service(resource("/v1/rates/{from}/{to}").route(get().to(rates::rate_get)))
        .service(resource("/v1/check").route(get().to(books::check_get)))
        .service(resource("/v1/sandbox/clock").route(post().to(books::clock_set)));
}
