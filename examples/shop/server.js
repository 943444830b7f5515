// The shop: which address shows what.

import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { bookOf, textOf } from "./catalogue.js";
import { Login } from "./login.js";
import { Offers } from "./offers.js";
import { Orders } from "./orders.js";
import * as pages from "./pages.js";
import { Sessions, isOwnForm } from "./sessions.js";
import { readSettings } from "./settings.js";
import { receive } from "./webhooks.js";

/** An event of a sale with its receipt has some kilobytes; a form of ours is smaller. */
const BODY_BYTES_MAX = 256 * 1024;

const settings = readSettings();
const { gateway, shop } = settings;
const offers = new Offers(settings);
const orders = new Orders(process.env.SHOP_ORDERS ?? "orders.jsonl");
const sessions = new Sessions(shop);
const login = new Login(settings);

const HEADERS = {
  // Browsers hold a form's redirects against `form-action` too: paying and logging out lead to the gateway.
  "content-security-policy":
    `default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self' ${gateway}; base-uri 'none'; frame-ancestors 'none'`,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
};

/** What a request is refused with, as a page. */
class Trouble extends Error {
  constructor(status, title, words) {
    super(title);
    Object.assign(this, { status, title, words });
  }
}

const notFound = () => new Trouble(404, "There is no such page", "It may be an order of somebody else, or an old address.");

const show = (body) => ({ body, type: "text/html; charset=utf-8" });
const go = (location, cookie) => ({ status: 303, location, cookie });

async function file(name, type) {
  const body = await readFile(new URL(`public/${name}`, import.meta.url));
  return { body, type, cache: "public, max-age=3600" };
}

/** The buyer's own order, or nothing that can be told from no order. */
function ownOrder(visit, id) {
  const order = orders.of(id);
  if (!visit.buyer || order?.buyer !== visit.buyer.sub) throw notFound();
  return order;
}

function paidOrder(visit, id) {
  const order = ownOrder(visit, id);
  if (order.state !== "paid") throw new Trouble(402, "This book is not yours yet", "It can be read as soon as it is paid.");
  return order;
}

const ROUTES = [
  ["GET", /^\/$/, ({ visit }) => show(pages.shelf(visit))],
  ["GET", /^\/shop\.css$/, () => file("shop.css", "text/css; charset=utf-8")],
  ["GET", /^\/lantern\.svg$/, () => file("lantern.svg", "image/svg+xml")],
  ["GET", /^\/covers\/([a-z-]+)\.svg$/, (_, id) => {
    if (!bookOf(id)) throw notFound();
    return file(`covers/${id}.svg`, "image/svg+xml");
  }],
  ["GET", /^\/books\/([a-z-]+)$/, ({ visit }, id) => {
    const book = bookOf(id);
    if (!book) throw notFound();
    return show(pages.book(visit, book));
  }],
  ["GET", /^\/login$/, async ({ visit, url }) => {
    const { url: to, pending } = await login.begin();
    const back = bookOf(url.searchParams.get("book")) ? `/books/${url.searchParams.get("book")}` : "/";
    return go(to, sessions.renew(visit, { buyer: visit.buyer, pending, back }));
  }],
  ["GET", /^\/login\/done$/, loggedIn],
  ["POST", /^\/logout$/, async ({ visit }) => {
    const to = visit.buyer ? await login.end(visit.buyer) : "/";
    return go(to, sessions.end(visit));
  }],
  ["GET", /^\/orders$/, ({ visit }) => {
    if (!visit.buyer) return go("/login");
    return show(pages.orders(visit, orders.by(visit.buyer.sub)));
  }],
  ["POST", /^\/orders$/, async ({ visit, form }) => {
    const book = bookOf(form.get("book"));
    if (!book || !visit.buyer) throw notFound();
    const order = orders.place(book, visit.buyer.sub, new Date().toISOString());
    return go(await offers.payLink(order));
  }],
  ["GET", /^\/orders\/([\w-]+)$/, ({ visit }, id) => show(pages.order(visit, ownOrder(visit, id)))],
  ["POST", /^\/orders\/([\w-]+)\/pay$/, async ({ visit }, id) => {
    const order = ownOrder(visit, id);
    return go(order.state === "open" ? await offers.payLink(order) : `/orders/${id}`);
  }],
  ["GET", /^\/orders\/([\w-]+)\/return$/, returned],
  ["GET", /^\/orders\/([\w-]+)\/read$/, async ({ visit }, id) => {
    const order = paidOrder(visit, id);
    return show(pages.reading(visit, order, await textOf(order.book)));
  }],
  ["GET", /^\/orders\/([\w-]+)\/book\.txt$/, async ({ visit }, id) => {
    const order = paidOrder(visit, id);
    return { body: await textOf(order.book), type: "text/plain; charset=utf-8", download: `${order.book.id}.txt` };
  }],
];

/** The buyer comes back from logging in. */
async function loggedIn({ visit, url }) {
  const { pending, back } = visit;
  if (!pending) throw new Trouble(400, "This login is over", "Begin again: a login can be used once, in the browser that began it.");
  let buyer;
  try {
    buyer = await login.finish(url, pending);
  } catch (error) {
    sessions.end(visit);
    if (error.error === "access_denied") throw new Trouble(200, "You are not logged in", "You said no, and that is fine: we were told nothing.");
    console.error(`a login failed: ${error.code ?? error.message}`);
    throw new Trouble(400, "The login did not work", "Nothing was bought. Please try again.");
  }
  return go(back, sessions.renew(visit, { buyer }));
}

/** The buyer comes back from paying, with a receipt if they paid. It proves the sale by itself, whoever brings it. */
async function returned({ url }, id) {
  const receipt = url.searchParams.get("receipt");
  if (receipt) {
    try {
      orders.settle(await offers.salesOf(receipt));
    } catch (error) {
      console.error(`a receipt was refused: ${error.code ?? error.message}`);
      throw new Trouble(400, "This receipt is not valid", "It was not made by our gateway for this shop, so nothing is given out for it.");
    }
  }
  // To an address without the receipt, which is nobody else's to see.
  return go(`/orders/${id}`);
}

async function bodyOf(request) {
  const pieces = [];
  let length = 0;
  for await (const piece of request) {
    length += piece.length;
    if (length > BODY_BYTES_MAX) throw new Trouble(413, "That is too much", "No form of ours is that large.");
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}

async function answerTo(request, visit) {
  const url = new URL(request.url, shop);
  const body = request.method === "POST" ? await bodyOf(request) : "";
  if (request.method === "POST" && url.pathname === "/webhooks/purser") {
    return { status: await receive(request, body, { settings, offers, orders }) };
  }
  const method = request.method === "HEAD" ? "GET" : request.method;
  for (const [wanted, path, handler] of ROUTES) {
    const found = wanted === method && url.pathname.match(path);
    if (!found) continue;
    const form = new URLSearchParams(body);
    if (method === "POST" && !isOwnForm(visit, form)) {
      throw new Trouble(403, "This form is too old", "Go back, load the page again and send it once more. Nothing was bought.");
    }
    return handler({ visit, url, form }, ...found.slice(1));
  }
  throw notFound();
}

function troubled(visit, error) {
  if (error instanceof Trouble) return { ...show(pages.trouble(visit, error.title, error.words)), status: error.status };
  console.error(error);
  return { ...show(pages.trouble(visit, "That did not work", "The shop or its gateway cannot be reached. Nothing was bought; try again in a minute.")), status: 502 };
}

const server = createServer(async (request, response) => {
  const visit = { ...sessions.of(request), gateway };
  const { status = 200, body = "", type, location, cookie, cache = "no-store", download } =
    await answerTo(request, visit).catch((error) => troubled(visit, error));
  const headers = { ...HEADERS, "cache-control": cache };
  if (type) headers["content-type"] = type;
  if (location) headers.location = location;
  if (cookie) headers["set-cookie"] = cookie;
  if (download) headers["content-disposition"] = `attachment; filename="${download}"`;
  response.writeHead(status, headers).end(request.method === "HEAD" ? undefined : body);
});

const { port, hostname } = new URL(shop);
const listen = process.env.SHOP_LISTEN ?? hostname;
server.listen(Number(process.env.SHOP_PORT ?? (port || 3000)), listen, () => console.log(`Lantern Books is open at ${shop}`));
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(0));
