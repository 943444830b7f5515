//! The wallet: what a buyer has, did and can do.

pub mod account;
pub mod erase;
pub mod live;
pub mod load;
pub mod log;
pub mod overview;
pub mod purchases;
pub mod shops;
pub mod stamp;
pub mod stamps;
pub mod transfer;

use purser_core::{
    Timestamp,
    ids::{AccountId, PurchaseId},
    record::{ItemRecord, LogKind, LogRecord},
    vault::VaultView,
};
use purser_money::{Currency, Money};
use purser_store::read::{
    log::log_page,
    page::{Page, Paged},
};

use super::{form::typed_amount, shell::Shell, visit::Visit, words::Words};
use crate::{
    app::{intent::Payer, vault},
    gateway::Gateway,
    problem::{self, Problem},
};

/// A line of the transaction log, as people read it.
struct Line {
    at: String,
    kind: String,
    outcome: String,
    done: bool,
    amount: String,
    balance: String,
    href: Option<String>,
}

impl Line {
    fn of(words: Words, record: &LogRecord) -> Self {
        let done = record.outcome == "done";
        let sign = match record.kind {
            LogKind::Load | LogKind::Refund | LogKind::TransferIn => "+",
            LogKind::Purchase | LogKind::TransferOut | LogKind::Compensation => "−",
        };
        let sign = if done { sign } else { "" };
        let purchase = record.object.parse::<PurchaseId>().ok();
        Self {
            at: words.time(record.at),
            kind: words.named("wallet-log-kind", record.kind.name()),
            outcome: match record.outcome.as_str() {
                "done" => words.t("wallet-log-done"),
                // Of a problem's names this one speaks of pages; here it was a handle.
                "not-found" => words.t("wallet-log-nobody"),
                refused => words.named("problem", refused),
            },
            done,
            amount: words.moved(sign, record.amount),
            balance: words.money(record.balance),
            href: purchase.map(|id| format!("/wallet/purchases/{id}")),
        }
    }
}

async fn lines(
    gateway: &Gateway,
    account: AccountId,
    page: Page,
) -> Result<Paged<LogRecord>, Problem> {
    Ok(gateway.store.read(move |db| log_page(db, account, &page)).await?)
}

/// An amount above zero, as people type it.
fn amount(text: &str, currency: Currency) -> Result<Money, Problem> {
    let refused = |error| Problem::amount("amount", error).field("amount");
    let money = Money::parse(&typed_amount(text), currency).map_err(refused)?;
    if money.is_positive() {
        return Ok(money);
    }
    Err(Problem::new(problem::INVALID_AMOUNT).field("amount"))
}

/// The vault of whoever visits.
async fn vault_of(visit: &Visit, payer: &Payer) -> Result<VaultView, Problem> {
    vault::view(&visit.gateway, payer, &vault::looking(&visit.gateway, payer)).await
}

/// Whether something that was bought may still go back.
enum Back {
    /// It may, until then.
    Until(Timestamp),
    /// As many refunds were made as one period has.
    Exhausted,
    /// The time is over, or it was a final sale.
    Over,
    /// The vault is closed.
    Closed,
}

impl Back {
    fn of(vault: &VaultView, item: &ItemRecord, now: Timestamp) -> Self {
        let until = vault.policy.window_ends_at(item.at, item.refund_window_days);
        match until.filter(|until| *until >= now) {
            _ if !vault.active => Self::Closed,
            None => Self::Over,
            Some(_) if vault.refunds_left() == 0 => Self::Exhausted,
            Some(until) => Self::Until(until),
        }
    }

    /// Why it stays, and what can be done; nothing if it need not.
    fn why_not(&self, shell: &Shell) -> String {
        match self {
            Self::Until(_) => String::new(),
            Self::Exhausted => {
                let (kind, cure) = ("refund-limit-exceeded", "refund-limit-exceeded-cure");
                format!("{}. {}", shell.named("problem", kind), shell.named("problem", cure))
            }
            Self::Over => shell.t("wallet-refund-over"),
            Self::Closed => shell.t("wallet-refund-inactive"),
        }
    }
}

/// Nobody's vault is closed by surprise: a refund that would do it needs the buyer's word.
fn agree_to_closing(vault: &VaultView, refund: Money, agreed: Option<&str>) -> Result<(), Problem> {
    if vault.active && vault.is_closed_by(refund) && agreed.is_none() {
        return Err(Problem::malformed("agreed", "the vault would close"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_read_as_it_is_meant_or_not_at_all() {
        let read = |text: &str, code: &str| {
            let read = amount(text, Currency::parse(code).unwrap());
            read.map(|money| money.amount()).map_err(|problem| problem.field)
        };
        assert_eq!(read("12.34", "EUR").unwrap(), "12.34");
        assert_eq!(read(" 12,3 ", "EUR").unwrap(), "12.30");
        assert_eq!(read("1.250", "KWD").unwrap(), "1.250");
        assert_eq!(read("500", "JPY").unwrap(), "500");
        for (text, code) in [
            ("1,234", "EUR"),
            ("1,234", "KWD"),
            ("1,234", "JPY"),
            ("1.234,56", "EUR"),
            ("1,234.56", "EUR"),
            ("1,2,3", "EUR"),
            ("0", "EUR"),
            ("-1", "EUR"),
            ("€5", "EUR"),
            ("", "EUR"),
        ] {
            assert_eq!(read(text, code), Err(Some("amount".to_owned())), "{text} {code}");
        }
    }
}
