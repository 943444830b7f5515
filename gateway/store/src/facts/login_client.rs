//! Shops as clients of the login. No command is prepared with them: they are looked up at each call.

use diesel::prelude::*;
use purser_core::{
    ids::{LoginClientId, MerchantId},
    login::client::{IdTokenAlg, LoginClient, Pkce, Reach, RedirectUri},
    secret::KeyedHash,
};

use super::login_grant::login_grant_end_of_client;
use crate::{
    Connection, StoreError,
    read::row::{Row, json_text},
    schema::login_client,
};

#[derive(Queryable, Selectable)]
#[diesel(table_name = login_client)]
struct ClientRow {
    id: String,
    merchant: String,
    name: Option<String>,
    secret_hash: Vec<u8>,
    redirect_uris: String,
    post_logout_redirect_uris: String,
    require_pkce: bool,
    id_token_alg: String,
    created_at: i64,
}

impl ClientRow {
    fn read(self) -> Result<(LoginClient, KeyedHash), StoreError> {
        let row = Row::new("login_client", &self.id);
        let client = LoginClient {
            id: row.parse("id", &self.id)?,
            merchant: row.parse("merchant", &self.merchant)?,
            redirect_uris: uris(row, "redirect_uris", &self.redirect_uris)?,
            post_logout_redirect_uris: uris(
                row,
                "post_logout_redirect_uris",
                &self.post_logout_redirect_uris,
            )?,
            pkce: if self.require_pkce { Pkce::Required } else { Pkce::Optional },
            id_token_alg: IdTokenAlg::parse(&self.id_token_alg)
                .ok_or_else(|| row.fault("id_token_alg"))?,
            created_at: row.time("created_at", self.created_at)?,
            name: self.name.clone(),
        };
        let secret = KeyedHash::from_bytes(row.bytes("secret_hash", &self.secret_hash)?);
        Ok((client, secret))
    }
}

/// Addresses as they were accepted, whichever kind of gateway that was.
fn uris(row: Row<'_>, column: &'static str, json: &str) -> Result<Vec<RedirectUri>, StoreError> {
    let texts: Vec<String> = row.json(column, json)?;
    let read = |text: &String| RedirectUri::parse(text, Reach::Loopback);
    texts.iter().map(read).collect::<Result<_, _>>().map_err(|_| row.fault(column))
}

fn texts(uris: &[RedirectUri]) -> Vec<&str> {
    uris.iter().map(RedirectUri::as_str).collect()
}

/// Keeps a new client.
pub fn login_client_insert(
    conn: &mut Connection,
    new: &LoginClient,
    secret: &KeyedHash,
) -> Result<(), StoreError> {
    let row = (
        login_client::id.eq(new.id.to_string()),
        login_client::merchant.eq(new.merchant.to_string()),
        login_client::name.eq(&new.name),
        login_client::secret_hash.eq(secret.as_bytes().as_slice()),
        login_client::redirect_uris.eq(json_text(&texts(&new.redirect_uris))?),
        login_client::post_logout_redirect_uris
            .eq(json_text(&texts(&new.post_logout_redirect_uris))?),
        login_client::require_pkce.eq(new.pkce == Pkce::Required),
        login_client::id_token_alg.eq(new.id_token_alg.name()),
        login_client::created_at.eq(new.created_at.as_microsecond()),
    );
    diesel::insert_into(login_client::table).values(row).execute(conn)?;
    Ok(())
}

/// A client, with the keyed hash of its secret.
pub fn login_client_get(
    conn: &mut Connection,
    id: LoginClientId,
) -> Result<Option<(LoginClient, KeyedHash)>, StoreError> {
    let found = login_client::table.find(id.to_string()).select(ClientRow::as_select());
    found.first(conn).optional()?.map(ClientRow::read).transpose()
}

/// A merchant's clients, newest first.
pub fn login_client_list(
    conn: &mut Connection,
    merchant: MerchantId,
) -> Result<Vec<LoginClient>, StoreError> {
    let rows: Vec<ClientRow> = login_client::table
        .filter(login_client::merchant.eq(merchant.to_string()))
        .order((login_client::created_at.desc(), login_client::id.desc()))
        .select(ClientRow::as_select())
        .load(conn)?;
    rows.into_iter().map(|row| row.read().map(|(client, _)| client)).collect()
}

/// Withdraws a merchant's client, with all that it was granted; false if the merchant has no such client.
pub fn login_client_delete(
    conn: &mut Connection,
    merchant: MerchantId,
    id: LoginClientId,
) -> Result<bool, StoreError> {
    let own = login_client::table
        .find(id.to_string())
        .filter(login_client::merchant.eq(merchant.to_string()));
    if diesel::delete(own).execute(conn)? == 0 {
        return Ok(false);
    }
    login_grant_end_of_client(conn, id)?;
    Ok(true)
}
