// The shop's pages. No script runs on any of them.

import { books, price } from "./catalogue.js";

/** HTML in which whatever is put in is text, but for HTML made the same way. */
class Html {
  constructor(text) {
    this.text = text;
  }
}

const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

function html(strings, ...values) {
  const shown = (value) => {
    if (value instanceof Html) return value.text;
    if (Array.isArray(value)) return value.map(shown).join("");
    return String(value ?? "").replace(/[&<>"']/g, (character) => ENTITIES[character]);
  };
  return new Html(strings.reduce((text, string, index) => text + shown(values[index - 1]) + string));
}

/** A whole page. */
function page(visit, title, content) {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · Lantern Books</title>
<link rel="stylesheet" href="/shop.css">
<link rel="icon" href="/lantern.svg">
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header>
<a class="brand" href="/"><img src="/lantern.svg" alt="" width="32" height="32"> Lantern Books</a>
<nav aria-label="Shop">${visit.buyer ? ofBuyer(visit) : html`<a href="/login">Log in</a>`}</nav>
</header>
<main id="content">${content}</main>
<footer>Small books for the end of the day. Paid with <a href="${visit.gateway}">Purser</a>; we never learn who you are.</footer>
</body>
</html>`.text;
}

function ofBuyer(visit) {
  return html`<a href="/orders">My books</a>
<form method="post" action="/logout"><input type="hidden" name="csrf" value="${visit.csrf}"><button class="quiet">Log out</button></form>`;
}

const cover = (book, of = "") => html`<img class="cover ${of}" src="/covers/${book.id}.svg" alt="" width="300" height="420">`;

export function shelf(visit) {
  const entry = (book) => html`<li><a href="/books/${book.id}">${cover(book)}
<span class="title">${book.title}</span> <span class="author">${book.author}</span> <span class="price">${price(book)}</span></a></li>`;
  return page(visit, "The shelf", html`
<section class="welcome"><h1>Read something short before the light goes out.</h1>
<p>Four little books. You pay with your vault, and read at once.</p></section>
<ul class="shelf">${books.map(entry)}</ul>`);
}

export function book(visit, book) {
  const buy = html`<form method="post" action="/orders"><input type="hidden" name="csrf" value="${visit.csrf}">
<input type="hidden" name="book" value="${book.id}"><button>Buy for ${price(book)}</button></form>
<p class="note">You pay at the gateway, and come back here to read. The price includes the tax.</p>`;
  const logIn = html`<a class="button" href="/login?book=${book.id}">Log in to buy</a>
<p class="note">Your login stays with the gateway: we get a name for you that no other shop knows, and nothing else.</p>`;
  return page(visit, book.title, html`
<article class="book">${cover(book, "large")}
<div><h1>${book.title}</h1><p class="author">${book.author}</p><p class="about">${book.about}</p>
<p class="price">${price(book)}</p>${visit.buyer ? buy : logIn}</div></article>`);
}

const STATES = { open: "Not paid yet", paid: "Yours to read", refunded: "Given back" };

export function orders(visit, list) {
  const entry = (order) => html`<li><a href="/orders/${order.id}">${cover(order.book, "small")}
<span class="title">${order.book.title}</span> <span class="state ${order.state}">${STATES[order.state]}</span> <span class="price">${price(order)}</span></a></li>`;
  const none = html`<p>Nothing yet. <a href="/">The shelf</a> is over there.</p>`;
  return page(visit, "My books", html`<h1>My books</h1>
<p class="note">You are <strong>${visit.buyer.name}</strong> here.</p>
${list.length > 0 ? html`<ul class="orders">${list.map(entry)}</ul>` : none}`);
}

export function order(visit, order) {
  const { book, id, state } = order;
  const next = {
    open: html`<p>We have not heard of a payment yet. Nothing is sold until you agree to it at the gateway.</p>
<form method="post" action="/orders/${id}/pay"><input type="hidden" name="csrf" value="${visit.csrf}"><button>Pay ${price(order)}</button></form>
<p class="note">Have you paid just now? Then <a href="/orders/${id}">look again</a> in a moment.</p>`,
    paid: html`<p>Paid. Thank you!</p><p class="actions"><a class="button" href="/orders/${id}/read">Read it now</a>
<a href="/orders/${id}/book.txt">Download as text</a></p>`,
    refunded: html`<p>Your money for this book went back to your vault, and the book went back to our shelf.</p>
<p><a href="/books/${book.id}">Buy it again</a></p>`,
  }[state];
  return page(visit, `Your order: ${book.title}`, html`
<article class="book">${cover(book, "large")}
<div><h1>${book.title}</h1><p class="author">${book.author}</p>
<p class="state ${state}">${STATES[state]}</p>${next}
<dl><dt>Order</dt><dd>${id}</dd>${order.sale ? html`<dt>Sale</dt><dd>${order.sale}</dd>` : ""}<dt>Price</dt><dd>${price(order)}</dd></dl></div></article>`);
}

export function reading(visit, order, text) {
  const poem = (part) => {
    const [title, ...verses] = part.trim().split("\n\n");
    return html`<h2>${title}</h2>${verses.map((verse) => html`<p class="verse">${verse}</p>`)}`;
  };
  return page(visit, order.book.title, html`<article class="reading"><h1>${order.book.title}</h1><p class="author">${order.book.author}</p>
${text.split("\n\n\n").map(poem)}<p class="note"><a href="/orders/${order.id}">Back to the order</a></p></article>`);
}

/** Something went otherwise: what, and what to do. */
export function trouble(visit, title, words) {
  return page(visit, title, html`<section class="welcome"><h1>${title}</h1><p>${words}</p><p><a class="button" href="/">Back to the shelf</a></p></section>`);
}
