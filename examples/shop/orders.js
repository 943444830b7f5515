// The shop's orders: a file of what happened, line by line, and what follows from it.

import { appendFileSync, existsSync, readFileSync, truncateSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { bookOf } from "./catalogue.js";

export class Orders {
  #file;
  #orders = new Map();
  #deliveries = new Set();

  constructor(file) {
    this.#file = file;
    if (!existsSync(file)) return;
    const bytes = readFileSync(file);
    // A crash may have cut off the last line. Whoever sent it was not told that it was kept, and sends it again.
    const whole = bytes.subarray(0, bytes.lastIndexOf("\n") + 1);
    truncateSync(file, whole.length);
    for (const line of whole.toString().split("\n").filter(Boolean)) this.#apply(JSON.parse(line));
  }

  /** A new order of `buyer`, the name under which the gateway knows them in this shop. */
  place(book, buyer, at) {
    const { amount, currency } = book;
    const id = `order-${randomBytes(9).toString("base64url")}`;
    this.#keep({ placed: { id, book: book.id, buyer, amount, currency, at } });
    return this.of(id);
  }

  of(id) {
    return this.#orders.get(id);
  }

  /** The orders of a buyer, newest first. */
  by(buyer) {
    return [...this.#orders.values()].filter((order) => order.buyer === buyer).reverse();
  }

  /** Settles what a receipt proves. An order is paid by its own id and its whole price, once, however often that is told. */
  settle(sales) {
    for (const sale of sales) {
      const order = this.of(sale.order);
      const isItsPrice = order?.amount === sale.amount && order?.currency === sale.currency;
      if (isItsPrice && order.state === "open") this.#keep({ paid: { id: order.id, sale: sale.sale } });
    }
  }

  /** The money for an order went back: its book leaves the buyer's shelf, also where this is told before the sale is. */
  takeBack(id) {
    const order = this.of(id);
    if (order && order.state !== "refunded") this.#keep({ refunded: { id } });
  }

  /** Whether a delivery was taken before: each may come more than once. */
  knows(delivery) {
    return this.#deliveries.has(delivery);
  }

  take(delivery) {
    this.#keep({ delivery });
  }

  #keep(fact) {
    appendFileSync(this.#file, `${JSON.stringify(fact)}\n`, { mode: 0o600, flush: true });
    this.#apply(fact);
  }

  #apply({ placed, paid, refunded, delivery }) {
    if (placed) this.#orders.set(placed.id, { ...placed, book: bookOf(placed.book), state: "open" });
    if (paid) Object.assign(this.of(paid.id), { state: "paid", sale: paid.sale });
    if (refunded) this.of(refunded.id).state = "refunded";
    if (delivery) this.#deliveries.add(delivery);
  }
}
