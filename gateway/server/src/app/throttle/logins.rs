//! What guesses of credentials are counted by: the e-mail, the address, and both together.
//!
//! Whoever knows an e-mail could keep its owner out by failing with it, if everybody's failures counted for
//! everybody. So they count for the e-mail at its own address first. Where somebody signed in with the e-mail lately,
//! the failures of strangers do not count at all; they do where nobody did, or many addresses were as many guesses.
//!
//! Anybody can open an account with any e-mail, and so be no stranger. Hence familiar addresses together have a
//! budget too, which only many of them can spend.

use std::net::IpAddr;

use jiff::SignedDuration;
use purser_core::{
    Timestamp,
    ids::{AccountId, MerchantId},
    secret::{KeyedHash, keyed_hash_of},
};
use purser_store::{
    Connection, StoreError,
    facts::{
        passkey::PasskeyOwner,
        throttle::{address_familiar_set, address_is_familiar},
    },
};

use super::{Attempt, Budget, Judging, SIGN_UP_WINDOW, WINDOW, in_force, network};
use crate::{
    app::{browser::Origin, login::LoginSalt},
    gateway::Gateway,
    problem::Problem,
};

/// Hashes of one e-mail that wait or run: one, and one for each of two impatient clicks.
const AT_ONCE_PER_EMAIL: u32 = 3;
/// Hashes of one address that wait or run: a household's, and an eighth of the queue.
const AT_ONCE_PER_ADDRESS: u32 = 8;
/// Familiar addresses of one e-mail may fail as often as this many strangers: it takes eight of them to spend that, and
/// who stole a password tries PINs for a month even so.
const FAMILIAR_STRANGERS: u32 = 10;
/// Sign-ins with one e-mail from one address in ten minutes: a script that signs in for every call would be stopped.
const SIGN_INS_PER_EMAIL: u32 = 60;
/// Sign-ins from one address in ten minutes: an office in the morning, and no more than a tenth of a lane.
const SIGN_INS_PER_ADDRESS: u32 = 1_000;
/// Recoveries of one account in ten minutes. It takes one; each tells whether others have the credentials it chose.
const RECOVERIES: u32 = 5;
/// New passkeys that one owner is asked for in ten minutes: all of them, and a few that went wrong.
const NEW_PASSKEYS: u32 = 20;
/// Who has not signed in at an address for so long has no session there any more.
const FAMILIAR_HOURS: i64 = 30 * 24;

/// A guess of credentials that was let in.
pub struct LoginAttempt {
    guess: Attempt,
    sign_ins: [Budget; 2],
    origin: KeyedHash,
}

impl LoginAttempt {
    /// Lets somebody show credentials for an e-mail, known here by its salt only, if every budget allows it.
    pub async fn begin(
        gateway: &Gateway,
        salt: &LoginSalt,
        Origin { address, through }: Origin,
    ) -> Result<Self, Problem> {
        let (origin, now) = (origin(gateway, salt, address), gateway.now());
        let known = gateway.store.read(move |db| address_is_familiar(db, origin.as_bytes(), now));
        let known = known.await?;
        let everywhere = if known {
            Budget::logins_of_familiar(gateway, salt)
        } else {
            Budget::logins_of_strangers(gateway, salt)
        };
        let here = Budget::logins_at(gateway, salt, address);
        let mut failures = vec![here, everywhere, Budget::logins_from(gateway, address)];
        if let Some(merchant) = through {
            failures.push(Budget::logins_through_from(gateway, merchant, address));
            // Whoever is known where it is does not wait for a flood at its shop.
            if !known {
                failures.push(Budget::logins_through(gateway, merchant));
            }
        }
        let sign_ins = Budget::sign_ins(gateway, salt, address);
        let judged = failures.iter().chain(&sign_ins).copied().collect();
        let judging = Judging::let_in(gateway, judged).await?;
        let guess = Attempt { budgets: failures, _judging: judging };
        Ok(Self { guess, sign_ins, origin })
    }

    /// Counts it as a failure.
    pub async fn failed(self, gateway: &Gateway) -> Result<(), Problem> {
        self.guess.failed(gateway).await
    }

    /// Counts it as a sign-in, within its transaction. From now on no stranger is in its way here.
    pub fn signed_in(&self, db: &mut Connection, now: Timestamp) -> Result<(), StoreError> {
        let hours = SignedDuration::from_hours(FAMILIAR_HOURS);
        let until = now.checked_add(hours).unwrap_or(Timestamp::MAX);
        address_familiar_set(db, self.origin.as_bytes(), until)?;
        self.sign_ins.iter().try_for_each(|budget| budget.count(db, now))
    }
}

impl Budget {
    /// Strangers' logins that one merchant's website asked for. When they are spent, the login through that website is
    /// slow for who is new where it is, and nowhere else.
    fn logins_through(gateway: &Gateway, merchant: MerchantId) -> Self {
        let max = gateway.settings.throttle_in_force().logins_per_merchant;
        Self::new(gateway, "logins through a merchant", &merchant.bits().to_be_bytes(), max, WINDOW)
    }

    /// Logins from one address that one merchant's website asked for: half of what the address has, so that whoever
    /// tries credentials there leaves its other users at that address the rest.
    fn logins_through_from(gateway: &Gateway, merchant: MerchantId, address: IpAddr) -> Self {
        let max = gateway.settings.throttle_in_force().logins_per_address.div_ceil(2);
        let by = [merchant.bits().to_be_bytes(), network(address)].concat();
        Self::new(gateway, "logins through a merchant from an address", &by, max, WINDOW)
    }

    /// Keys from one address that were to open a desk. They are too long to be guessed; this keeps it from being tried.
    pub fn desk_keys_from(gateway: &Gateway, address: IpAddr) -> Self {
        let max = gateway.settings.throttle_in_force().logins_per_address;
        Self::new(gateway, "keys for a desk from an address", &network(address), max, WINDOW)
            .at_once(gateway, AT_ONCE_PER_ADDRESS)
    }

    /// Passkeys that an address was asked for to open a desk, of which all count.
    pub fn passkeys_asked_from(gateway: &Gateway, address: IpAddr) -> Self {
        let max = gateway.settings.throttle_in_force().logins_per_address;
        Self::new(gateway, "passkeys asked from an address", &network(address), max, WINDOW)
    }

    /// Passkeys that an owner was asked to make, of which all count.
    pub fn new_passkeys_of(gateway: &Gateway, owner: PasskeyOwner) -> Self {
        let by = match owner {
            PasskeyOwner::Account(account) => account.bits().to_be_bytes().to_vec(),
            PasskeyOwner::Key(key) => key.as_bytes().to_vec(),
        };
        Self::new(gateway, "new passkeys of an owner", &by, in_force(gateway, NEW_PASSKEYS), WINDOW)
    }

    /// What a sign-up counts for, which may be a guess whose credentials these are: somebody's who may be anybody.
    pub fn guesses(gateway: &Gateway, salt: &LoginSalt, address: IpAddr) -> [Self; 2] {
        [Self::logins_at(gateway, salt, address), Self::logins_of_strangers(gateway, salt)]
    }

    /// Logins with one e-mail from one address.
    fn logins_at(gateway: &Gateway, salt: &LoginSalt, address: IpAddr) -> Self {
        let max = gateway.settings.throttle_in_force().logins_per_email;
        let origin = origin(gateway, salt, address);
        Self::new(gateway, "logins with an e-mail", origin.as_bytes(), max, WINDOW)
            .at_once(gateway, AT_ONCE_PER_EMAIL)
    }

    /// Logins with one e-mail from wherever nobody signed in with it lately.
    fn logins_of_strangers(gateway: &Gateway, salt: &LoginSalt) -> Self {
        let max = gateway.settings.throttle_in_force().logins_per_email;
        Self::new(gateway, "logins of strangers", salt.expose(), max, WINDOW)
            .at_once(gateway, AT_ONCE_PER_EMAIL)
    }

    /// Logins with one e-mail from wherever somebody signed in with it lately.
    fn logins_of_familiar(gateway: &Gateway, salt: &LoginSalt) -> Self {
        let max = gateway.settings.throttle_in_force().logins_per_email;
        let max = max.saturating_mul(FAMILIAR_STRANGERS);
        Self::new(gateway, "logins at familiar addresses", salt.expose(), max, WINDOW)
    }

    /// Logins from one address.
    fn logins_from(gateway: &Gateway, address: IpAddr) -> Self {
        let max = gateway.settings.throttle_in_force().logins_per_address;
        Self::new(gateway, "logins from an address", &network(address), max, WINDOW)
            .at_once(gateway, AT_ONCE_PER_ADDRESS)
    }

    /// Sign-ins with one e-mail from one address, and all from that address. A hash is dear even when it is right.
    fn sign_ins(gateway: &Gateway, salt: &LoginSalt, address: IpAddr) -> [Self; 2] {
        let origin = origin(gateway, salt, address);
        let budget = |label, by, max| Self::new(gateway, label, by, in_force(gateway, max), WINDOW);
        [
            budget("sign-ins with an e-mail", origin.as_bytes(), SIGN_INS_PER_EMAIL),
            budget("sign-ins from an address", &network(address), SIGN_INS_PER_ADDRESS),
        ]
    }

    /// Sign-ups from one address, of which all count.
    pub fn sign_ups_from(gateway: &Gateway, address: IpAddr) -> Self {
        let max = gateway.settings.throttle_in_force().sign_ups_per_minute;
        Self::new(gateway, "sign-ups from an address", &network(address), max, SIGN_UP_WINDOW)
            .at_once(gateway, AT_ONCE_PER_ADDRESS)
    }

    /// Recoveries of one account, of which all count.
    pub fn recoveries_of(gateway: &Gateway, account: AccountId) -> Self {
        let (by, max) = (account.bits().to_be_bytes(), in_force(gateway, RECOVERIES));
        Self::new(gateway, "recoveries of an account", &by, max, WINDOW)
    }
}

/// An e-mail at an address.
fn origin(gateway: &Gateway, salt: &LoginSalt, address: IpAddr) -> KeyedHash {
    let parts: [&[u8]; 2] = [salt.expose(), &network(address)];
    keyed_hash_of(&gateway.keys.hash, "an e-mail at an address", &parts)
}
