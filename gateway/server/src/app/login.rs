//! From e-mail, PIN and password to the one value by which an account is found.
//!
//! The value is Argon2id over PIN and password, salted with a keyed hash of the e-mail, under a pepper that is not
//! in the database. So whoever steals the database can neither list e-mails nor test a guess, and nobody can ask
//! whether an e-mail has an account: another password with the same e-mail simply is another account.
//!
//! Hashing is slow and large on purpose. It runs on few lanes with a short queue in front, so that a flood of logins
//! costs bounded memory and leaves most of the machine to payments. The PIN of a payment has lanes of its own: payments
//! never wait for logins.

mod desk;

use purser_core::{
    ids::AccountId,
    secret::{HashKey, Secret, keyed_hash, keyed_hash_of},
};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use self::desk::Desk;
use super::throttle::Attempts;
use crate::{keys::Keys, metrics::Metrics, problem::Problem};

/// RFC 5321 allows a path of 256 octets with its angle brackets.
const EMAIL_CHARS_MAX: usize = 254;
const PIN_DIGITS: std::ops::RangeInclusive<usize> = 6..=8;
/// Longer than any passphrase that is typed; Argon2 itself would take more.
const PASSWORD_CHARS: std::ops::RangeInclusive<usize> = 8..=256;
/// What a login may send of each part before it is looked at. No account has parts this long.
const GUESS_BYTES_MAX: usize = 1024;

/// Hashes what people remember, a few at a time.
pub struct Logins {
    logins: Desk,
    payments: Desk,
    /// Guesses that are being judged.
    pub attempts: Attempts,
}

/// What an e-mail becomes before anything else happens. It is kept nowhere: the tokens of a session carry it,
/// encrypted, so that PIN and password can be changed without the e-mail.
#[derive(Clone, PartialEq, Eq)]
pub struct LoginSalt(Secret<32>);

/// PIN and password in one form, whichever keyboard they were typed on.
pub struct Remembered {
    pin: Zeroizing<String>,
    password: Zeroizing<String>,
}

impl LoginSalt {
    /// The salt of an e-mail: trimmed, in NFKC, in lower case. Some mail servers tell `Ann@` from `ann@`, but no
    /// provider gives them to two people, and people write either.
    pub fn new(key: &HashKey, email: &str) -> Self {
        let email = Zeroizing::new(normalised_email(at_most(email)));
        Self(Secret::new(*keyed_hash(key, "login salt", email.as_bytes()).as_bytes()))
    }

    /// The salt of an e-mail that can have an account.
    pub fn for_new_account(key: &HashKey, email: &str) -> Result<Self, Problem> {
        let normalised = Zeroizing::new(normalised_email(at_most(email)));
        if is_email(&normalised) {
            return Ok(Self::new(key, email));
        }
        let detail = format!(
            "an e-mail address like ann@example.org, of at most {EMAIL_CHARS_MAX} characters"
        );
        Err(Problem::malformed("email", detail))
    }

    /// The salt with these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Secret::new(bytes))
    }

    /// The bytes, to be encrypted or hashed.
    pub const fn expose(&self) -> &[u8; 32] {
        self.0.expose()
    }
}

impl Remembered {
    /// What somebody claims to remember. What no account can have finds no account either, at the same cost.
    pub fn claimed(pin: &str, password: &str) -> Self {
        Self {
            pin: Zeroizing::new(at_most(pin).to_owned()),
            password: normalised_password(at_most(password)),
        }
    }

    /// What an account may be opened with from now on. Problems name the field by these names.
    pub fn chosen(
        (pin_field, pin): (&str, &str),
        (field, password): (&str, &str),
    ) -> Result<Self, Problem> {
        if !PIN_DIGITS.contains(&pin.len()) || !pin.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Problem::malformed(pin_field, "a PIN is 6 to 8 digits"));
        }
        let typed = !password.chars().any(char::is_control);
        if !typed || !PASSWORD_CHARS.contains(&password.chars().count()) {
            let detail = "a password has 8 to 256 characters, without control characters";
            return Err(Problem::malformed(field, detail));
        }
        Ok(Self::claimed(pin, password))
    }

    /// The PIN.
    pub fn pin(&self) -> &str {
        &self.pin
    }
}

impl Logins {
    /// Lanes for logins, and as many for payments.
    pub fn new(metrics: &Metrics) -> Self {
        let desk = |name| Desk::new(metrics.slow_hashes(name));
        let (logins, payments) = (desk("logins"), desk("payments"));
        Self { logins, payments, attempts: Attempts::default() }
    }

    /// The value by which the account of these three is found.
    pub async fn lookup(
        &self,
        keys: &Keys,
        salt: &LoginSalt,
        claim: &Remembered,
    ) -> Result<[u8; 32], Problem> {
        let (password, pin) = (claim.password.as_bytes(), claim.pin.as_bytes());
        let mut secret = Zeroizing::new(Vec::with_capacity(16 + password.len() + pin.len()));
        for part in [password, pin] {
            let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
            secret.extend_from_slice(&length.to_be_bytes());
            secret.extend_from_slice(part);
        }
        self.logins.hash(&keys.pepper, secret, *salt.expose()).await
    }

    /// What the PIN of an account will be recognised by when it is asked for again.
    pub async fn pin_verifier(
        &self,
        keys: &Keys,
        account: AccountId,
        pin: &str,
    ) -> Result<[u8; 32], Problem> {
        self.pin(&self.logins, keys, account, pin).await
    }

    /// The same for a PIN that was asked for again, for a payment.
    pub async fn pin_shown(
        &self,
        keys: &Keys,
        account: AccountId,
        pin: &str,
    ) -> Result<[u8; 32], Problem> {
        self.pin(&self.payments, keys, account, pin).await
    }

    async fn pin(
        &self,
        desk: &Desk,
        keys: &Keys,
        account: AccountId,
        pin: &str,
    ) -> Result<[u8; 32], Problem> {
        let account = account.bits().to_be_bytes();
        let secret = keyed_hash_of(&keys.pin, "pin", &[&account, at_most(pin).as_bytes()]);
        let salt = *keyed_hash(&keys.pin, "pin salt", &account).as_bytes();
        desk.hash(&keys.pepper, Zeroizing::new(secret.as_bytes().to_vec()), salt).await
    }
}

/// Nothing, if it is longer than any account's.
fn at_most(text: &str) -> &str {
    if text.len() <= GUESS_BYTES_MAX { text } else { "" }
}

/// What is pasted around an e-mail.
const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];

/// NFKC turns other blanks into these, so it comes first: a pasted no-break space makes no other account.
fn normalised_email(email: &str) -> String {
    email.nfkc().collect::<String>().trim_matches(BLANKS).to_lowercase()
}

/// RFC 8265 compares passwords in NFC: the same letter typed on another system has other code points.
fn normalised_password(password: &str) -> Zeroizing<String> {
    Zeroizing::new(password.nfc().collect())
}

/// Whether it could be one: no mail is ever sent to it, so it need not exist.
fn is_email(email: &str) -> bool {
    let Some((local, domain)) = email.split_once('@') else { return false };
    let odd =
        |character: char| character == '@' || character.is_whitespace() || character.is_control();
    let ordinary = |part: &str| !part.is_empty() && !part.contains(odd);
    // The bytes first: counting characters takes as long as there are many.
    let bounded = email.len() <= GUESS_BYTES_MAX && email.chars().count() <= EMAIL_CHARS_MAX;
    bounded && ordinary(local) && ordinary(domain)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn key() -> HashKey {
        HashKey::new(&Secret::new([7; 32]))
    }

    fn keys() -> Keys {
        let data = tempfile::tempdir().unwrap();
        Keys::open(data.path(), true, false).unwrap_or_else(|error| panic!("{error}"))
    }

    fn same_email(one: &str, two: &str) -> bool {
        LoginSalt::new(&key(), one) == LoginSalt::new(&key(), two)
    }

    #[test]
    fn an_email_is_the_same_however_it_is_typed() {
        assert!(same_email("Ann@Example.ORG", " ann@example.org\n"));
        assert!(same_email("ａｎｎ@example.org", "ann@example.org"), "full width");
        assert!(same_email("jose\u{301}@example.org", "josé@example.org"), "combining accent");
        assert!(!same_email("ann@example.org", "ann@example.com"));
    }

    #[test]
    fn only_an_email_opens_an_account() {
        let check = |email: &str, good: bool| {
            let salt = LoginSalt::for_new_account(&key(), email);
            assert_eq!(salt.is_ok(), good, "{email}");
            if let Err(problem) = salt {
                assert_eq!(problem.field.as_deref(), Some("email"));
            }
        };
        check("ann@example.org", true);
        check("ann+shop@localhost", true);
        check("@example.org", false);
        check("ann@", false);
        check("ann", false);
        check("", false);
        check("a@b@c", false);
        check("ann smith@example.org", false);
        check("ann@exa\u{7}mple.org", false);
        check(&format!("{}@example.org", "a".repeat(242)), true);
        check(&format!("{}@example.org", "a".repeat(243)), false);
        check(&format!("{}@example.org", "a".repeat(1_000_000)), false);
    }

    #[test]
    fn pin_and_password_have_bounds() {
        let check = |pin: &str, password: &str, at_fault: Option<&str>| {
            let field = Remembered::chosen(("pin", pin), ("password", password))
                .err()
                .and_then(|problem| problem.field);
            assert_eq!(field.as_deref(), at_fault, "{pin} {password}");
        };
        check("123456", "eight678", None);
        check("12345678", "八文字のパスワ一", None);
        check("12345", "eight678", Some("pin"));
        check("123456789", "eight678", Some("pin"));
        check("12345a", "eight678", Some("pin"));
        check("１２３４５６", "eight678", Some("pin"));
        check("123456", "seven67", Some("password"));
        check("123456", &"x".repeat(256), None);
        check("123456", &"x".repeat(257), Some("password"));
    }

    #[tokio::test]
    async fn each_of_the_three_decides_which_account_it_is() {
        let (keys, logins) = (keys(), Logins::new(&Metrics::new().unwrap()));
        let find = async |email: &str, pin: &str, password: &str| {
            let remembered = Remembered::claimed(pin, password);
            logins.lookup(&keys, &LoginSalt::new(&key(), email), &remembered).await.unwrap()
        };
        let account = find("a@b.c", "123456", "password").await;
        assert_eq!(account, find("A@b.c ", "123456", "password").await);
        for blank in ['\u{a0}', '\u{3000}', '\u{2003}'] {
            assert_eq!(account, find(&format!("{blank}a@b.c{blank}"), "123456", "password").await);
        }
        assert_ne!(account, find("x@b.c", "123456", "password").await);
        assert_ne!(account, find("a@b.c", "123457", "password").await);
        assert_ne!(account, find("a@b.c", "123456", "passworD").await);
        assert_ne!(
            account,
            find("a@b.c", "3456", "password12").await,
            "no digit moves from one part to the other"
        );
    }

    #[tokio::test]
    async fn payments_never_wait_for_logins() {
        let (keys, logins) = (keys(), Logins::new(&Metrics::new().unwrap()));
        let mut busy = Vec::new();
        while let Ok(lane) = tokio::time::timeout(Duration::ZERO, logins.logins.lane()).await {
            busy.push(lane.unwrap());
        }
        let guess = Remembered::claimed("123456", "password");
        let salt = LoginSalt::new(&key(), "a@b.c");
        let login = Box::pin(logins.lookup(&keys, &salt, &guess));
        assert!(tokio::time::timeout(Duration::ZERO, login).await.is_err(), "every lane is busy");
        let account = AccountId::from_random(1);
        logins.pin_shown(&keys, account, "123456").await.expect("a lane of its own");
    }
}
