//! Forgets what has expired: sessions, their tokens and browsers, what shops were granted, challenges for passkeys, counted
//! failures, where somebody signed in, and what deleted endpoints were told.

use std::time::Duration;

use jiff::SignedDuration;
use purser_store::facts::{
    browser::browser_sessions_expired_delete,
    login_grant::login_grants_expired_delete,
    passkey::passkey_ceremonies_expired_delete,
    session::sessions_expired_delete,
    throttle::{familiar_addresses_expired_delete, throttles_expired_delete},
    webhook::webhook_deleted_forget,
};

use crate::{gateway::Gateway, problem::Problem};

pub(super) const EVERY: Duration = Duration::from_secs(60);
/// Failures count for ten minutes; they are forgotten after twice that.
const FAILURES_KEPT: SignedDuration = SignedDuration::from_mins(20);
/// Rounds of 200 deliveries of deleted endpoints, so that other work gets its turn.
const FORGETS_MAX: usize = 50;

pub(super) async fn round(gateway: Gateway) -> Result<(), Problem> {
    let now = gateway.now();
    let until = now.checked_sub(FAILURES_KEPT).unwrap_or(now);
    let forgotten = gateway.store.write(move |db| {
        let sessions = sessions_expired_delete(db, now)?;
        browser_sessions_expired_delete(db, now)?;
        login_grants_expired_delete(db, now)?;
        passkey_ceremonies_expired_delete(db, now)?;
        let addresses = familiar_addresses_expired_delete(db, now)?;
        Ok((sessions, throttles_expired_delete(db, until)?, addresses))
    });
    let (sessions, throttles, addresses) = forgotten.await?;
    if sessions > 0 || throttles > 0 || addresses > 0 {
        tracing::debug!(sessions, throttles, addresses, "forgot what has expired");
    }
    for _ in 0..FORGETS_MAX {
        if !gateway.store.write(webhook_deleted_forget).await? {
            break;
        }
    }
    Ok(())
}
