// The journeys, each walked in several ways.

import { rmSync } from "node:fs";
import { after, before, test } from "node:test";
import * as account from "./journeys/account.js";
import * as buyers from "./journeys/shop.js";
import * as demo from "./journeys/demo.js";
import * as desk from "./journeys/desk.js";
import * as operator from "./journeys/operator.js";
import * as passkeys from "./journeys/passkeys.js";
import * as trouble from "./journeys/trouble.js";
import * as wallet from "./journeys/wallet.js";
import * as wordpress from "./journeys/wordpress.js";
import { Results } from "./results.js";
import { Visitor, close, open } from "./visitor.js";
import { TWO_WAYS, WAYS } from "./ways.js";

/** Journeys that are to be walked yet, or were not walked to their ends. */
let ahead = 0;

const results = new Results(process.env.E2E_RESULTS);

before(async () => {
  rmSync(`${results.folder}/screenshots`, { recursive: true, force: true });
  await open();
});
after(close);

function walk(journey, walked, ways) {
  for (const way of ways) {
    ahead += 1;
    test(`${journey} (${way.name})`, async () => {
      const visitor = await Visitor.arrive(journey.replaceAll(" ", "-"), way, results);
      await walked(visitor);
      await visitor.leave();
      ahead -= 1;
    });
  }
}

walk("shop, a buyer reads a book", buyers.readsABook, WAYS);
walk("shop, a buyer comes with nothing", buyers.comesWithNothing, TWO_WAYS);
walk("shop, a buyer never comes back", buyers.neverComesBack, TWO_WAYS);
walk("shop, a buyer says no", buyers.saysNo, TWO_WAYS);
walk("shop, a buyer is sent by a stranger", buyers.isSentByAStranger, TWO_WAYS);

walk("account, somebody comes back", account.comesBack, TWO_WAYS);
walk("account, somebody erases it", account.erasesIt, TWO_WAYS);
walk("account, somebody changes the language", account.changesTheLanguage, [WAYS[3]]);

// Passkeys are for scripts alone.
walk("passkeys, a buyer is asked for one", passkeys.isAskedForIt, [WAYS[0], WAYS[4]]);
walk("passkeys, a merchant opens the desk", passkeys.opensTheDesk, [WAYS[1]]);

walk("wallet, a buyer lives with it", wallet.livesWithIt, WAYS);
walk("wallet, a buyer taps a card", wallet.tapsACard, TWO_WAYS);
walk("wallet, a buyer takes a login back", wallet.takesALoginBack, TWO_WAYS);
walk("wallet, a buyer pays two shops", wallet.paysTwoShops, TWO_WAYS);
walk("wallet, a buyer buys a stamp", wallet.buysAStamp, TWO_WAYS);
walk("wallet, a buyer closes it", wallet.closesIt, TWO_WAYS);
walk("wallet, a buyer meets trouble", wallet.meetsTrouble, TWO_WAYS);

walk("desk, a merchant sells", desk.sells, WAYS);
walk("desk, a merchant watches", desk.watches, [WAYS[1]]);
walk("desk, a merchant sets up", desk.setsUp, TWO_WAYS);
walk("desk, a merchant rotates a key", desk.rotatesAKey, TWO_WAYS);
walk("desk, a merchant misses a delivery", desk.missesADelivery, TWO_WAYS);
walk("desk, a merchant is paid out", desk.isPaidOut, TWO_WAYS);

walk("operator, looks around", operator.looksAround, WAYS);
walk("operator, keeps house", operator.keepsHouse, TWO_WAYS);
walk("operator, installs a plugin", operator.installsAPlugin, TWO_WAYS);
walk("operator, pays out", operator.paysOut, TWO_WAYS);

walk("trouble, a database breaks", trouble.losesItsDatabase, TWO_WAYS);

walk("demo, opens a shop", demo.opensAShop, [WAYS[3]]);

walk("wordpress, a plugin asks", wordpress.asksAsThePluginDoes, [WAYS[0]]);
if (process.env.E2E_WORDPRESS) walk("wordpress, a reader logs in", wordpress.reads, TWO_WAYS);

test("no page is slow", () => results.settle());
test("no page is left out", (t) => (ahead > 0 ? t.skip("not every journey was walked") : results.cover()));
