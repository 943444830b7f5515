//! The table of contents of the pages. Each part has a function.

mod desk;
mod operator;

use actix_web::{
    Error, Resource,
    body::BoxBody,
    dev::{ServiceFactory, ServiceRequest, ServiceResponse},
    guard::fn_guard,
    middleware::from_fn,
    web::{PayloadConfig, ServiceConfig, get, post, resource},
};

use super::{
    account, assets, front, login, passkeys, pay, problems, trouble, visit::BuyerVisit, wallet,
};
use crate::http::everyone;

/// A form for e-mail and secrets.
const STRANGERS_BYTES_MAX: usize = 32 * 1024;

/// Every page.
pub fn configure(routes: &mut ServiceConfig) {
    configure_everyone(routes);
    configure_account(routes);
    configure_login(routes);
    desk::configure(routes);
    operator::configure(routes);
    configure_pay(routes);
    configure_wallet(routes);
}

fn configure_everyone(routes: &mut ServiceConfig) {
    // Programs and people share the addresses of problems: those of RFC 9457.
    let for_programs = || fn_guard(|context| trouble::wants_json(context.head().headers()));
    routes
        .service(page("/").route(get().to(front::page)))
        .service(page("/assets/{hash}/{name}").route(get().to(assets::asset)))
        .service(
            page("/problems")
                .route(get().guard(for_programs()).to(everyone::problems_list))
                .route(get().to(problems::list)),
        )
        .service(
            page("/problems/{name}")
                .route(get().guard(for_programs()).to(everyone::problem_get))
                .route(get().to(problems::one)),
        );
}

fn configure_account(routes: &mut ServiceConfig) {
    use account::{desk, login, passkey, recover, sign_out, signup};
    let sign_out_page = |path| {
        of_strangers(path).route(get().to(sign_out::page)).route(post().to(sign_out::sign_out))
    };
    let desk_page =
        |path| of_strangers(path).route(get().to(desk::page)).route(post().to(desk::sign_in));
    routes
        .service(
            of_strangers("/login").route(get().to(login::page)).route(post().to(login::sign_in)),
        )
        .service(
            of_strangers("/signup").route(get().to(signup::page)).route(post().to(signup::sign_up)),
        )
        .service(
            of_strangers("/recover")
                .route(get().to(recover::page))
                .route(post().to(recover::recover)),
        )
        .service(sign_out_page("/logout"))
        .service(sign_out_page("/desk/logout"))
        .service(sign_out_page("/operator/logout"))
        .service(desk_page("/desk/login"))
        .service(desk_page("/operator/login"))
        .service(of_strangers("/login/passkey").route(post().to(passkey::sign_in)))
        .service(of_strangers("/desk/login/passkey").route(post().to(desk::open_with_passkey)))
        .service(of_strangers("/operator/login/passkey").route(post().to(desk::open_with_passkey)));
}

/// Logging in at a shop.
fn configure_login(routes: &mut ServiceConfig) {
    use login::{authorize, consent, end_session};
    routes
        .service(
            of_strangers("/oauth/authorize")
                .route(get().to(authorize::page))
                .route(post().to(authorize::posted)),
        )
        .service(
            of_strangers("/oauth/authorize/login")
                .route(get().to(authorize::form_page))
                .route(post().to(authorize::sign_in)),
        )
        .service(
            of_strangers("/oauth/authorize/passkey")
                .route(get().to(authorize::form_page))
                .route(post().to(authorize::passkey)),
        )
        .service(
            of_strangers("/oauth/authorize/agree")
                .route(get().to(authorize::form_page))
                .route(post().to(consent::agree)),
        )
        .service(
            of_strangers("/oauth/end-session")
                .route(get().to(end_session::page))
                .route(post().to(end_session::posted)),
        )
        .service(
            of_strangers("/oauth/end-session/confirm")
                .route(get().to(end_session::form_page))
                .route(post().to(end_session::confirm)),
        );
}

/// The till.
fn configure_pay(routes: &mut ServiceConfig) {
    routes
        .service(page("/pay").route(get().to(pay::page)).route(post().to(pay::pay)))
        .service(page("/pay/done").route(get().to(pay::done)));
}

fn configure_wallet(routes: &mut ServiceConfig) {
    use wallet::{live, load, log, overview, purchases, shops, transfer};
    routes
        .service(page("/wallet").route(get().to(overview::page)))
        .service(page("/wallet/live").route(get().to(live::stream)))
        .service(page("/wallet/load").route(get().to(load::page)).route(post().to(load::load)))
        .service(page("/wallet/purchases").route(get().to(purchases::list)))
        .service(
            page("/wallet/purchases/{id}")
                .route(get().to(purchases::page))
                .route(post().to(purchases::take_back)),
        )
        .service(page("/wallet/purchases/{id}/receipt").route(get().to(purchases::receipt)))
        .service(
            page("/wallet/purchases/{id}/receipts/{merchant}")
                .route(get().to(purchases::sale_receipt)),
        )
        .service(
            page("/wallet/transfer")
                .route(get().to(transfer::page))
                .route(post().to(transfer::send)),
        )
        .service(page("/wallet/log").route(get().to(log::page)))
        .service(page("/wallet/log.csv").route(get().to(log::table)))
        .service(
            page("/wallet/shops").route(get().to(shops::page)).route(post().to(shops::withdraw)),
        );
    configure_wallet_stamps(routes);
    configure_wallet_account(routes);
}

fn configure_wallet_stamps(routes: &mut ServiceConfig) {
    use wallet::{stamp, stamps};
    routes
        .service(page("/wallet/stamps").route(get().to(stamps::list)))
        .service(
            page("/wallet/stamps/new")
                .route(get().to(stamps::new_page))
                .route(post().to(stamps::buy)),
        )
        .service(page("/wallet/stamps/sheet.pdf").route(get().to(stamp::sheet)))
        .service(page("/wallet/stamps/{id}.svg").route(get().to(stamp::svg)))
        .service(page("/wallet/stamps/{id}.pdf").route(get().to(stamp::pdf)))
        .service(
            page("/wallet/stamps/{id}")
                .route(get().to(stamp::page))
                .route(post().to(stamp::give_back)),
        );
}

fn configure_wallet_account(routes: &mut ServiceConfig) {
    use wallet::{account, erase};
    routes
        .service(
            page("/wallet/account")
                .route(get().to(account::page))
                .route(post().to(account::sign_out_everywhere)),
        )
        .service(
            page("/wallet/account/credentials")
                .route(get().to(account::credentials_page))
                .route(post().to(account::change)),
        )
        .service(
            page("/wallet/account/recovery-code")
                .route(get().to(account::recovery_code_page))
                .route(post().to(account::new_recovery_code)),
        )
        .service(
            page("/wallet/account/passkeys")
                .route(get().to(passkeys::page::<BuyerVisit>))
                .route(post().to(passkeys::ask::<BuyerVisit>)),
        )
        .service(page("/wallet/account/passkeys/add").route(post().to(passkeys::add::<BuyerVisit>)))
        .service(
            page("/wallet/account/passkeys/remove")
                .route(post().to(passkeys::remove::<BuyerVisit>)),
        )
        .service(
            page("/wallet/account/erase")
                .route(get().to(erase::page))
                .route(post().to(erase::erase)),
        );
}

/// A page: whatever goes wrong there is told as a page.
pub fn page(
    path: &str,
) -> Resource<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<BoxBody>,
        Error = Error,
        InitError = (),
    > + 'static,
> {
    resource(path).wrap(from_fn(trouble::around))
}

/// A page whose form is read before anybody is known: it is small.
fn of_strangers(
    path: &str,
) -> Resource<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<BoxBody>,
        Error = Error,
        InitError = (),
    > + 'static,
> {
    page(path).app_data(PayloadConfig::new(STRANGERS_BYTES_MAX))
}
