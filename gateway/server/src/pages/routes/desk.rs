//! The pages of a merchant's desk.

use actix_web::web::{ServiceConfig, get, post};

use super::page;
use crate::pages::{
    desk::{
        keys, logins, offer_keys, offers, overview, payouts, sales, statements, webhook, webhooks,
    },
    passkeys,
    visit::MerchantVisit,
};

pub(super) fn configure(routes: &mut ServiceConfig) {
    routes
        .service(page("/desk").route(get().to(overview::page)))
        .service(
            page("/desk/passkeys")
                .route(get().to(passkeys::page::<MerchantVisit>))
                .route(post().to(passkeys::ask::<MerchantVisit>)),
        )
        .service(page("/desk/passkeys/add").route(post().to(passkeys::add::<MerchantVisit>)))
        .service(page("/desk/passkeys/remove").route(post().to(passkeys::remove::<MerchantVisit>)))
        .service(page("/desk/events").route(get().to(sales::events)))
        .service(page("/desk/sales").route(get().to(sales::list)))
        .service(page("/desk/sales/{item}").route(get().to(sales::one)))
        .service(page("/desk/sales/{item}/refund").route(post().to(sales::refund)))
        .service(
            page("/desk/offers").route(get().to(offers::page)).route(post().to(offers::create)),
        )
        .service(page("/desk/statements").route(get().to(statements::page)))
        .service(page("/desk/statements/{month}.csv").route(get().to(statements::csv)))
        .service(page("/desk/statements/{month}.json").route(get().to(statements::json)))
        .service(page("/desk/payouts").route(get().to(payouts::page)))
        .service(page("/desk/keys").route(get().to(keys::page)).route(post().to(keys::create)))
        .service(page("/desk/keys/{id}/delete").route(post().to(keys::delete)))
        .service(
            page("/desk/offer-keys")
                .route(get().to(offer_keys::page))
                .route(post().to(offer_keys::create)),
        )
        .service(page("/desk/offer-keys/{kid}/delete").route(post().to(offer_keys::delete)))
        .service(
            page("/desk/logins").route(get().to(logins::page)).route(post().to(logins::create)),
        )
        .service(page("/desk/logins/{id}/delete").route(post().to(logins::delete)));
    configure_webhooks(routes);
}

fn configure_webhooks(routes: &mut ServiceConfig) {
    routes
        .service(
            page("/desk/webhooks")
                .route(get().to(webhooks::page))
                .route(post().to(webhooks::create)),
        )
        .service(
            page("/desk/webhooks/{id}")
                .route(get().to(webhook::page))
                .route(post().to(webhook::change)),
        )
        .service(page("/desk/webhooks/{id}/enable").route(post().to(webhook::enable)))
        .service(page("/desk/webhooks/{id}/disable").route(post().to(webhook::disable)))
        .service(page("/desk/webhooks/{id}/rotate").route(post().to(webhook::rotate)))
        .service(page("/desk/webhooks/{id}/test").route(post().to(webhook::test)))
        .service(page("/desk/webhooks/{id}/delete").route(post().to(webhook::delete)))
        .service(
            page("/desk/webhooks/{id}/deliveries/{delivery}/replay")
                .route(post().to(webhook::replay)),
        );
}
