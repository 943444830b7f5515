//! Any sequence of commands: every entry balances, money is conserved, a refusal leaves no trace.

use std::collections::BTreeMap;

use proptest::prelude::*;
use purser_core::{
    account::{Account, Book, Side},
    closing::EraseAccount,
    command::{Command, Decision, Prepared},
    entry::check,
    ids::ItemId,
    money::{Currency, Money},
    record::CardKind,
    refund::Goodwill,
};

use crate::{
    make::{
        Ask, Offered, activate_batch, activate_card, block, erase, goodwill, load, offer, purchase,
        refund, trade, transfer,
    },
    scene::{Scene, money},
};

const BUYERS: [&str; 3] = ["b", "c", "d"];
const CARDS: [(&str, &str); 4] =
    [("c1", "USD 300.00"), ("c2", "EUR 250.00"), ("c3", "JPY 40000"), ("c4", "USD 120.00")];

/// What somebody tries.
#[derive(Debug, Clone)]
enum Deed {
    Sell(usize),
    SellBatch,
    Block(usize),
    Load { who: usize, from: usize, percent: i64, tap: Option<u32> },
    Buy { who: usize, offers: Vec<(bool, usize, u32, bool, Option<u8>)> },
    Refund { who: usize, item: prop::sample::Index },
    Goodwill { item: prop::sample::Index },
    Transfer { from: usize, to: usize, cents: u32 },
    Erase(usize),
    Trade(u32),
    Wait(u64),
}

fn deed() -> impl Strategy<Value = Deed> {
    let who = 0..BUYERS.len();
    let from = 0..CARDS.len();
    let offer =
        (any::<bool>(), 0..3_usize, 1..20_000_u32, any::<bool>(), prop::option::of(0..3_u8));
    prop_oneof![
        2 => (0..3_usize).prop_map(Deed::Sell),
        1 => Just(Deed::SellBatch),
        1 => from.clone().prop_map(Deed::Block),
        6 => (who.clone(), from, 1..130_i64, prop::option::of(0..9_u32))
            .prop_map(|(who, from, percent, tap)| Deed::Load { who, from, percent, tap }),
        6 => (who.clone(), prop::collection::vec(offer, 1..4))
            .prop_map(|(who, offers)| Deed::Buy { who, offers }),
        6 => (who.clone(), any::<prop::sample::Index>())
            .prop_map(|(who, item)| Deed::Refund { who, item }),
        2 => any::<prop::sample::Index>().prop_map(|item| Deed::Goodwill { item }),
        3 => (who.clone(), who.clone(), 1..20_000_u32)
            .prop_map(|(from, to, cents)| Deed::Transfer { from, to, cents }),
        1 => who.prop_map(Deed::Erase),
        1 => (1..9_999_u32).prop_map(Deed::Trade),
        2 => (1..60_u64).prop_map(Deed::Wait),
    ]
}

/// Cards that are printed and not sold, and a policy that is soon exhausted.
fn scene() -> Scene {
    let mut scene = Scene::new();
    for (name, face) in &CARDS[..3] {
        scene.print(name, CardKind::Smart, face);
    }
    let (voucher, face) = CARDS[3];
    scene.print_batch("b1", &[voucher], face);
    scene.policy.max_count = 3;
    scene.policy.max_total = money("USD 150.00");
    scene.policy.period_days = 60;
    scene
}

fn any_item(scene: &Scene, item: &prop::sample::Index) -> ItemId {
    let items = &scene.books.writes().items;
    if items.is_empty() { ItemId::from_random(1) } else { item.get(items).id }
}

/// The command, as the gateway would prepare it now; nothing, if only time passes.
fn command(scene: &mut Scene, deed: &Deed) -> Option<Command> {
    Some(match deed {
        Deed::Sell(which) => activate_card(scene, CARDS[*which].0).command(),
        Deed::SellBatch => activate_batch(scene, "b1", &["c4"]).command(),
        Deed::Block(which) => block(CARDS[*which].0).command(),
        Deed::Load { who, from, percent, tap } => {
            let (name, face) = CARDS[*from];
            let face = money(face);
            let taken = Money::new(face.minor() * percent / 100, face.currency());
            let taken = format!("{} {}", taken.currency(), taken.amount());
            let mut load = load(scene, BUYERS[*who], name, &taken);
            load.tap = *tap;
            load.command()
        }
        Deed::Buy { who, offers } => purchase(scene, BUYERS[*who], &offered(offers)).command(),
        Deed::Refund { who, item } => refund(scene, BUYERS[*who], any_item(scene, item)).command(),
        Deed::Goodwill { item } => gift(scene, any_item(scene, item)).command(),
        Deed::Transfer { from, to, cents } => {
            let amount = format!("USD {}.{:02}", cents / 100, cents % 100);
            transfer(scene, BUYERS[*from], BUYERS[*to], &amount).command()
        }
        Deed::Erase(who) => {
            let compensation = scene.vault_row(BUYERS[*who]).compensation();
            EraseAccount { compensation, ..erase(scene, BUYERS[*who]) }.command()
        }
        Deed::Trade(cents) => {
            let amount = format!("EUR {}.{:02}", cents / 100, cents % 100);
            trade(scene, &amount, "USD 1.00").command()
        }
        Deed::Wait(days) => {
            scene.wait_days(*days);
            return None;
        }
    })
}

fn offered(offers: &[(bool, usize, u32, bool, Option<u8>)]) -> Vec<Offered> {
    let offered =
        |(first, unit, minor, tax_inclusive, once): &(bool, usize, u32, bool, Option<u8>)| {
            let merchant = if *first { "m" } else { "n" };
            let price = match unit {
                0 => format!("USD {}.{:02}", minor / 100, minor % 100),
                1 => format!("EUR {}.{:02}", minor / 100, minor % 100),
                _ => format!("JPY {minor}"),
            };
            let once = once.map(|once| format!("once-{once}"));
            Offered { tax_inclusive: *tax_inclusive, once, ..offer(merchant, &price) }
        };
    offers.iter().map(offered).collect()
}

/// A gift by whoever sold the item, to where it can go.
fn gift(scene: &Scene, item: ItemId) -> Goodwill {
    let sold = scene.books.writes().items.iter().find(|record| record.id == item);
    let mut gift = goodwill(scene, "b", "m", item);
    if let Some(record) = sold {
        let vault = scene.books.vaults().find(|vault| vault.account == record.account).unwrap();
        gift.merchant = record.merchant;
        gift.account = record.account;
        gift.compensation = vault.compensation();
    }
    gift
}

/// The trial balance: zero in each book and currency.
fn trial_balance(scene: &Scene) -> BTreeMap<(Book, Currency), i64> {
    let mut sums = BTreeMap::new();
    for (account, balance) in scene.books.balances().chain(scene.books.deltas()) {
        let sum = sums.entry((account.book(), balance.currency())).or_insert(0);
        match account.side() {
            Side::Debit => *sum += balance.minor(),
            Side::Credit => *sum -= balance.minor(),
        }
    }
    sums
}

/// What all postings together make of each account.
fn posted(scene: &Scene) -> BTreeMap<(Account, Currency), i64> {
    let mut sums = BTreeMap::new();
    let entries = &scene.books.writes().entries;
    for posting in entries.iter().flat_map(|entry| entry.postings()) {
        let effect = posting.effect().unwrap();
        *sums.entry((posting.account.clone(), effect.currency())).or_insert(0) += effect.minor();
    }
    sums.retain(|_, sum| *sum != 0);
    sums
}

fn held(scene: &Scene) -> BTreeMap<(Account, Currency), i64> {
    let rows = scene.books.balances().chain(scene.books.deltas());
    let rows = rows.filter(|(_, balance)| !balance.is_zero());
    rows.map(|(account, held)| ((account.clone(), held.currency()), held.minor())).collect()
}

fn audit(scene: &Scene) -> Result<(), TestCaseError> {
    let writes = scene.books.writes();
    for entry in &writes.entries {
        prop_assert_eq!(check(entry.postings()), Ok(()));
    }
    prop_assert!(trial_balance(scene).values().all(|sum| *sum == 0));
    prop_assert_eq!(posted(scene), held(scene));
    for (account, balance) in scene.books.balances() {
        prop_assert!(balance.minor() >= 0, "{} holds {}", account, balance);
    }
    for (account, held) in scene.books.deltas() {
        let overdrawn = matches!(account, Account::Float(_)) && held.minor() < 0;
        prop_assert!(!overdrawn, "{} holds {}", account, held);
    }
    let mut refunded: Vec<ItemId> = writes.refunds.iter().map(|refund| refund.item).collect();
    refunded.sort();
    refunded.dedup();
    prop_assert_eq!(refunded.len(), writes.refunds.len(), "an item came back twice");
    for vault in scene.books.vaults() {
        let balance_of = |wanted: Account| {
            let found = scene.books.balances().find(|(account, _)| **account == wanted);
            found.map_or(0, |(_, balance)| balance.minor())
        };
        let total = balance_of(Account::Refund(vault.account));
        prop_assert_eq!(vault.refund_count == 0, total == 0);
        prop_assert!(vault.refund_count <= scene.policy.max_count);
        prop_assert_eq!(vault.period_started_at.is_some(), vault.refund_count > 0);
        prop_assert!(!vault.is_active() || total <= scene.policy.max_total.minor());
        prop_assert!(vault.is_active() || balance_of(Account::Vault(vault.account)) == 0);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn money_is_conserved_and_a_refusal_leaves_no_trace(
        deeds in prop::collection::vec(deed(), 1..60),
    ) {
        let mut all = scene();
        let mut done: Vec<Prepared> = Vec::new();
        for deed in &deeds {
            let Some(command) = command(&mut all, deed) else { continue };
            let prepared = all.prepared(command);
            let before = all.state();
            let log = all.books.writes().log.len();
            match all.decide_prepared(&prepared) {
                Decision::Decided(Ok(_)) => done.push(prepared),
                Decision::Decided(Err(_)) => {
                    prop_assert_eq!(all.state(), before);
                    prop_assert!(all.books.writes().log.len() <= log + 1);
                }
                Decision::Broken(why) if credits_nothing(&prepared) => {
                    prop_assert_eq!(why, "a load credits nothing");
                    prop_assert_eq!(all.state(), before);
                }
                other => prop_assert!(false, "{:?}", other),
            }
            audit(&all)?;
        }
        // Items and single-use offers cannot be looked at, but they decide: the same commands without those that
        // were refused come to the same end.
        let mut only_done = scene();
        for prepared in &done {
            let decision = only_done.decide_prepared(prepared);
            prop_assert!(matches!(decision, Decision::Decided(Ok(_))), "{:?}", decision);
        }
        prop_assert_eq!(only_done.state(), all.state());
    }
}

/// The server answers `invalid-amount` before it asks for such a load.
fn credits_nothing(prepared: &Prepared) -> bool {
    matches!(&prepared.command, Command::Load(load) if !load.record.credited.is_positive())
}
