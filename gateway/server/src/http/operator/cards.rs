//! The stock of cards.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Bytes as Raw, Data, Path},
};
use purser_core::{
    Date, Timestamp,
    books::OPEN_MINOR_MAX,
    card::sun::{FileReadKey, MetaReadKey, Uid},
    ids::{BatchId, CardId},
    record::CardStatus,
};
use purser_money::MoneyError;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Answered, Nothing};
use crate::{
    app::stock::{self, BATCH_MAX, Print, Printed, Register},
    gateway::Gateway,
    http::{
        auth::Operator,
        body::{self, Json, MoneyIn},
    },
    place::place,
    problem::Problem,
};

/// Cards to be printed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CardBatchRequest)]
pub struct BatchIn {
    /// How many.
    #[schema(minimum = 1, maximum = 10_000)]
    count: u32,
    /// What each is sold for, in any currency of ISO 4217.
    face: MoneyIn,
    /// After this they cannot be loaded from; what is on them stays owed. Never, if left out.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
    /// The country they are sold in.
    #[schema(pattern = "^[A-Z]{2}(-[A-Z0-9]{1,3})?$")]
    country: Option<String>,
}

/// A batch of cards.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CardBatch)]
pub struct BatchMade {
    /// Its name.
    #[schema(value_type = String)]
    id: BatchId,
    /// `inactive` until it is sold.
    status: Status,
    /// The cards. Their codes are shown this once.
    cards: Vec<CardMade>,
}

/// A card that was printed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PrintedCard)]
pub struct CardMade {
    /// Its name.
    #[schema(value_type = String)]
    id: CardId,
    /// Printed on it; public.
    serial: String,
    /// The secret that is worth the card. Shown this once.
    code: String,
}

/// Whether a card may be loaded from.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[schema(as = CardStatus)]
pub enum Status {
    /// Not sold yet.
    Inactive,
    /// Sold.
    Active,
    /// Lost or stolen.
    Blocked,
}

impl From<CardStatus> for Status {
    fn from(status: CardStatus) -> Self {
        match status {
            CardStatus::Inactive => Self::Inactive,
            CardStatus::Active => Self::Active,
            CardStatus::Blocked => Self::Blocked,
        }
    }
}

/// A batch after a change.
#[derive(Debug, Serialize, ToSchema)]
pub struct BatchChanged {
    /// Its name.
    #[schema(value_type = String)]
    id: BatchId,
    /// What it is now.
    status: Status,
}

/// A card after a change.
#[derive(Debug, Serialize, ToSchema)]
pub struct CardChanged {
    /// Its name.
    #[schema(value_type = String)]
    id: CardId,
    /// What it is now.
    status: Status,
}

impl BatchIn {
    /// The batch that is meant.
    pub(crate) fn read(&self, gateway: &Gateway) -> Result<Print, Problem> {
        if !(1..=BATCH_MAX).contains(&self.count) {
            return Err(Problem::malformed("count", format!("from 1 to {BATCH_MAX}")));
        }
        if self.expires_at.is_some_and(|end| end <= gateway.now()) {
            return Err(Problem::malformed("expires_at", "a time to come"));
        }
        let country = self.country.as_deref().map(|text| place(text, "country")).transpose()?;
        let face = self.face.positive_on(gateway.clock.today(), "face")?;
        let all_minor = u128::from(face.minor().unsigned_abs()).saturating_mul(self.count.into());
        if all_minor > OPEN_MINOR_MAX.into() {
            return Err(Problem::amount("face", MoneyError::Overflow));
        }
        Ok(Print { count: self.count, face, expires_at: self.expires_at, country })
    }
}

impl From<Printed> for CardMade {
    fn from(Printed { record, code }: Printed) -> Self {
        Self { id: record.id, serial: record.serial, code: code.reveal().expose().to_owned() }
    }
}

/// Print a batch of cards. Their codes are shown this once; the cards are worth nothing until they are sold. With an
/// `Idempotency-Key` a retry prints no other batch, and is told which one was printed.
#[utoipa::path(post, path = "/v1/card-batches", tag = "operator", security(("operator" = [])),
    params(crate::http::openapi::IdempotencyKeyIfWanted), request_body = BatchIn,
    responses((status = 201, body = BatchMade), crate::http::openapi::Problems))]
pub async fn batch_create(
    gateway: Data<Gateway>,
    request: HttpRequest,
    operator: Operator,
    bytes: Raw,
) -> Answered {
    let key = match operator.key.claim_if_given(&gateway, &request, &bytes)? {
        Some((_, Some(outcome))) => return Err(stock::batch_printed_before(outcome)),
        Some((claim, None)) => Some(claim),
        None => None,
    };
    let print = body::parse::<BatchIn>(&bytes)?.read(&gateway)?;
    let (id, printed) = stock::batch_print(&gateway, key, print, |_| {}).await?;
    let cards = printed.into_iter().map(Into::into).collect();
    Ok(HttpResponse::Created().json(BatchMade { id, status: Status::Inactive, cards }))
}

/// Sell a batch: its cards are worth their face, and the float is posted.
#[utoipa::path(post, path = "/v1/card-batches/{id}/activate", tag = "operator", security(("operator" = [])),
    params(("id" = String, Path), crate::http::openapi::IdempotencyKey),
    responses((status = 200, body = BatchChanged), crate::http::openapi::Problems))]
pub async fn batch_activate(
    gateway: Data<Gateway>,
    request: HttpRequest,
    operator: Operator,
    id: Path<String>,
    bytes: Raw,
) -> Answered {
    let (claim, answered) = operator.key.claim(&gateway, &request, &bytes)?;
    let outcome = match answered {
        Some(outcome) => outcome,
        None => {
            let Nothing {} = body::parse(&bytes)?;
            let batch: BatchId = id.parse().map_err(|_| Problem::not_found())?;
            stock::batch_activate(&gateway, operator.facts_version, claim, batch).await?
        }
    };
    let id = stock::batch_activated(outcome)?;
    Ok(HttpResponse::Ok().json(BatchChanged { id, status: Status::Active }))
}

/// A smart card to be registered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SmartCardRequest)]
pub struct SmartCardIn {
    /// What it is sold for.
    face: MoneyIn,
    /// The chip's number. It is not kept.
    #[schema(pattern = "^[0-9A-Fa-f]{14}$", example = "04a39493cc8680")]
    uid: String,
    /// Its keys, only where it was personalised elsewhere; else they are derived under the issuer key.
    keys: Option<SmartKeysIn>,
}

/// The keys of a card that was personalised elsewhere. Kept encrypted, never shown.
#[derive(Deserialize, ToSchema)]
#[serde(remote = "Self", deny_unknown_fields)]
#[schema(as = SmartCardKeysRequest)]
pub struct SmartKeysIn {
    /// `SDMMetaReadKey`. At most 16 different ones.
    #[schema(pattern = "^[0-9A-Fa-f]{32}$")]
    meta_read: String,
    /// `SDMFileReadKey`.
    #[schema(pattern = "^[0-9A-Fa-f]{32}$")]
    file_read: String,
}

body::parts!(SmartKeysIn);

impl std::fmt::Debug for SmartKeysIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SmartKeysIn")
    }
}

/// A smart card that was registered.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SmartCard)]
pub struct SmartCardMade {
    /// Its name.
    #[schema(value_type = String)]
    id: CardId,
    /// Printed on it; public.
    serial: String,
    /// The code to be printed on it, for loads above the tap limit. Shown this once.
    code: String,
    /// `inactive` until it is sold.
    status: Status,
}

impl SmartCardIn {
    /// The card that is meant.
    pub(crate) fn read(self, today: Date) -> Result<Register, Problem> {
        let hex = |digits: usize, field: &'static str| {
            move |_| Problem::malformed(field, format!("{digits} hexadecimal digits"))
        };
        let keys = self.keys.map(|keys| {
            let meta_read =
                MetaReadKey::parse(&keys.meta_read).map_err(hex(32, "keys.meta_read"))?;
            let file_read =
                FileReadKey::parse(&keys.file_read).map_err(hex(32, "keys.file_read"))?;
            Ok::<_, Problem>((meta_read, file_read))
        });
        Ok(Register {
            face: self.face.positive_on(today, "face")?,
            uid: Uid::parse(&self.uid).map_err(hex(14, "uid"))?,
            keys: keys.transpose()?,
        })
    }
}

/// Register an NTAG 424 DNA card. It is worth nothing until it is sold.
#[utoipa::path(post, path = "/v1/smart-cards", tag = "operator", security(("operator" = [])),
    request_body = SmartCardIn,
    responses((status = 201, body = SmartCardMade), crate::http::openapi::Problems))]
pub async fn smart_card_create(
    gateway: Data<Gateway>,
    _operator: Operator,
    Json(input): Json<SmartCardIn>,
) -> Answered {
    let printed = stock::smart_card_register(&gateway, input.read(gateway.clock.today())?).await?;
    let CardMade { id, serial, code } = printed.into();
    Ok(HttpResponse::Created().json(SmartCardMade { id, serial, code, status: Status::Inactive }))
}

/// Sell a smart card: it is worth its face, and the float is posted.
#[utoipa::path(post, path = "/v1/smart-cards/{id}/activate", tag = "operator", security(("operator" = [])),
    params(("id" = String, Path), crate::http::openapi::IdempotencyKey),
    responses((status = 200, body = CardChanged), crate::http::openapi::Problems))]
pub async fn smart_card_activate(
    gateway: Data<Gateway>,
    request: HttpRequest,
    operator: Operator,
    id: Path<String>,
    bytes: Raw,
) -> Answered {
    let (claim, answered) = operator.key.claim(&gateway, &request, &bytes)?;
    let outcome = match answered {
        Some(outcome) => outcome,
        None => {
            let Nothing {} = body::parse(&bytes)?;
            let card: CardId = id.parse().map_err(|_| Problem::not_found())?;
            stock::card_activate(&gateway, operator.facts_version, claim, card).await?
        }
    };
    changed(outcome)
}

/// Block a card that was lost or stolen: a smart card, or one of a batch by its own id. What is on it stays owed.
#[utoipa::path(post, path = "/v1/smart-cards/{id}/block", tag = "operator", security(("operator" = [])),
    params(("id" = String, Path)),
    responses((status = 200, body = CardChanged), crate::http::openapi::Problems))]
pub async fn smart_card_block(
    gateway: Data<Gateway>,
    operator: Operator,
    id: Path<String>,
    bytes: Raw,
) -> Answered {
    let Nothing {} = body::parse(&bytes)?;
    let card: CardId = id.parse().map_err(|_| Problem::not_found())?;
    changed(stock::card_block(&gateway, operator.facts_version, card).await?)
}

fn changed(outcome: purser_core::command::Outcome) -> Answered {
    let (id, status) = stock::card_changed(outcome)?;
    Ok(HttpResponse::Ok().json(CardChanged { id, status: status.into() }))
}
