//! What buyers let merchants see of them.

use diesel::prelude::*;
use purser_core::{
    Timestamp,
    ids::{AccountId, MerchantId},
    login::{client::Consent, scope::Scopes},
};

use super::{insert_if_new, login_grant::login_grant_end_at};
use crate::{
    Connection, StoreError,
    read::row::Row,
    schema::{login_consent, merchant},
};

type Found = (String, String, i64);

fn read(account: &str, (merchant, scopes, at): &Found) -> Result<Consent, StoreError> {
    let row = Row::new("login_consent", account);
    Ok(Consent {
        merchant: row.parse("merchant", merchant)?,
        scopes: row.parse("scopes", scopes)?,
        at: row.time("at", *at)?,
    })
}

/// What a buyer agreed to at a merchant.
pub fn login_consent_get(
    conn: &mut Connection,
    account: AccountId,
    merchant: MerchantId,
) -> Result<Option<Consent>, StoreError> {
    let account = account.to_string();
    let found: Option<Found> = login_consent::table
        .find((&account, merchant.to_string()))
        .select((login_consent::merchant, login_consent::scopes, login_consent::at))
        .first(conn)
        .optional()?;
    found.map(|found| read(&account, &found)).transpose()
}

/// What a buyer agreed to, with the names of the merchants, in their order.
pub fn login_consent_list(
    conn: &mut Connection,
    account: AccountId,
) -> Result<Vec<(Consent, String)>, StoreError> {
    let account = account.to_string();
    let found: Vec<(Found, String)> = login_consent::table
        .inner_join(merchant::table.on(merchant::id.eq(login_consent::merchant)))
        .filter(login_consent::account.eq(&account))
        .order((merchant::name, merchant::id))
        .select((
            (login_consent::merchant, login_consent::scopes, login_consent::at),
            merchant::name,
        ))
        .load(conn)?;
    found.into_iter().map(|(found, name)| Ok((read(&account, &found)?, name))).collect()
}

/// Keeps what a buyer agreed to at a merchant, in place of what it agreed to before.
pub fn login_consent_set(
    conn: &mut Connection,
    account: AccountId,
    merchant: MerchantId,
    scopes: Scopes,
    at: Timestamp,
) -> Result<(), StoreError> {
    let (account, merchant) = (account.to_string(), merchant.to_string());
    let scopes = scopes.to_string();
    let given = (login_consent::scopes.eq(&scopes), login_consent::at.eq(at.as_microsecond()));
    let row = (login_consent::account.eq(&account), login_consent::merchant.eq(&merchant), given);
    if insert_if_new!(conn, login_consent::table, row)? == 0 {
        diesel::update(login_consent::table.find((&account, &merchant)))
            .set(given)
            .execute(conn)?;
    }
    Ok(())
}

/// Takes back what a buyer agreed to at a merchant, and ends all that the merchant got from it. False if there was nothing.
pub fn login_consent_delete(
    conn: &mut Connection,
    account: AccountId,
    merchant: MerchantId,
) -> Result<bool, StoreError> {
    let of_both = login_consent::table.find((account.to_string(), merchant.to_string()));
    let there = diesel::delete(of_both).execute(conn)? > 0;
    login_grant_end_at(conn, account, merchant)?;
    Ok(there)
}

/// Forgets all that a buyer agreed to.
pub(crate) fn login_consent_forget(
    conn: &mut Connection,
    account: AccountId,
) -> Result<(), StoreError> {
    let of_account = login_consent::account.eq(account.to_string());
    diesel::delete(login_consent::table.filter(of_account)).execute(conn)?;
    Ok(())
}
