//! The pages of the operator's desk.

use actix_web::web::{ServiceConfig, get, post};

use super::page;
use crate::pages::{
    operator::{
        cards, check, merchant, merchants, overview, payouts, plugin, plugin_life, plugin_shadow,
        plugins, printing, rates, refunds, remittance, smart_cards, taxes, treasury,
    },
    passkeys,
    visit::OperatorVisit,
};

pub(super) fn configure(routes: &mut ServiceConfig) {
    routes
        .service(page("/operator").route(get().to(overview::page)))
        .service(
            page("/operator/passkeys")
                .route(get().to(passkeys::page::<OperatorVisit>))
                .route(post().to(passkeys::ask::<OperatorVisit>)),
        )
        .service(page("/operator/passkeys/add").route(post().to(passkeys::add::<OperatorVisit>)))
        .service(
            page("/operator/passkeys/remove").route(post().to(passkeys::remove::<OperatorVisit>)),
        )
        .service(
            page("/operator/check").route(get().to(check::page)).route(post().to(check::begin)),
        )
        .service(
            page("/operator/merchants")
                .route(get().to(merchants::page))
                .route(post().to(merchants::create)),
        )
        .service(
            page("/operator/merchants/{id}")
                .route(get().to(merchant::page))
                .route(post().to(merchant::save)),
        );
    configure_cards(routes);
    configure_plugins(routes);
    configure_money(routes);
}

fn configure_cards(routes: &mut ServiceConfig) {
    routes
        .service(
            page("/operator/cards").route(get().to(cards::page)).route(post().to(cards::create)),
        )
        .service(page("/operator/cards/printing/{name}").route(get().to(printing::page)))
        .service(page("/operator/cards/printing/{name}/sheet").route(post().to(printing::sheet)))
        .service(page("/operator/cards/{id}/activate").route(post().to(cards::activate)))
        .service(
            page("/operator/smart-cards")
                .route(get().to(smart_cards::page))
                .route(post().to(smart_cards::create)),
        )
        .service(
            page("/operator/smart-cards/{id}/activate").route(post().to(smart_cards::activate)),
        )
        .service(page("/operator/smart-cards/{id}/block").route(post().to(smart_cards::block)));
}

fn configure_plugins(routes: &mut ServiceConfig) {
    routes
        .service(
            page("/operator/plugins")
                .route(get().to(plugins::page))
                .route(post().to(plugins::install)),
        )
        .service(page("/operator/plugins/{id}").route(get().to(plugin::page)))
        .service(page("/operator/plugins/{id}/calls").route(get().to(plugin::calls)))
        .service(page("/operator/plugins/{id}/grants").route(post().to(plugin_life::grant)))
        .service(page("/operator/plugins/{id}/enable").route(post().to(plugin_life::enable)))
        .service(page("/operator/plugins/{id}/activate").route(post().to(plugin_life::activate)))
        .service(page("/operator/plugins/{id}/rollback").route(post().to(plugin_life::rollback)))
        .service(page("/operator/plugins/{id}/disable").route(post().to(plugin_life::disable)))
        .service(page("/operator/plugins/{id}/shadow").route(post().to(plugin_shadow::start)))
        .service(page("/operator/plugins/{id}/shadow/stop").route(post().to(plugin_shadow::stop)));
}

fn configure_money(routes: &mut ServiceConfig) {
    routes
        .service(
            page("/operator/rates").route(get().to(rates::page)).route(post().to(rates::import)),
        )
        .service(
            page("/operator/taxes").route(get().to(taxes::page)).route(post().to(taxes::create)),
        )
        .service(page("/operator/taxes/{id}").route(get().to(remittance::page)))
        .service(page("/operator/taxes/{id}/return").route(get().to(remittance::file)))
        .service(page("/operator/taxes/{id}/send").route(post().to(remittance::send)))
        .service(page("/operator/taxes/{id}/confirm").route(post().to(remittance::confirm)))
        .service(page("/operator/taxes/{id}/fail").route(post().to(remittance::fail)))
        .service(
            page("/operator/payouts")
                .route(get().to(payouts::page))
                .route(post().to(payouts::create)),
        )
        .service(page("/operator/payouts/{id}/confirm").route(post().to(payouts::confirm)))
        .service(page("/operator/payouts/{id}/fail").route(post().to(payouts::fail)))
        .service(page("/operator/payouts/{id}/file").route(get().to(payouts::file)))
        .service(
            page("/operator/refunds")
                .route(get().to(refunds::page))
                .route(post().to(refunds::save)),
        )
        .service(
            page("/operator/treasury")
                .route(get().to(treasury::page))
                .route(post().to(treasury::create)),
        );
}
