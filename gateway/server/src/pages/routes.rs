//! The table of contents of the pages. Each part has a function.

use actix_web::{
    Error, Resource,
    body::BoxBody,
    dev::{ServiceFactory, ServiceRequest, ServiceResponse},
    guard::fn_guard,
    http::header::ACCEPT,
    middleware::from_fn,
    web::{PayloadConfig, ServiceConfig, get, post, resource},
};

use super::{account, assets, front, problems, trouble};
use crate::http::everyone;

/// A form for e-mail and secrets.
const STRANGERS_BYTES_MAX: usize = 32 * 1024;

/// Every page.
pub fn configure(routes: &mut ServiceConfig) {
    configure_everyone(routes);
    configure_account(routes);
}

fn configure_everyone(routes: &mut ServiceConfig) {
    // Programs and people share the addresses of problems: those of RFC 9457.
    let for_programs = || {
        fn_guard(|context| {
            let accept = context.head().headers().get(ACCEPT);
            let accept = accept.and_then(|accept| accept.to_str().ok()).unwrap_or_default();
            accept.contains("json") && !accept.contains("text/html")
        })
    };
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
    use account::login;
    routes.service(
        of_strangers("/login").route(get().to(login::page)).route(post().to(login::sign_in)),
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
