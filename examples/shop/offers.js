// Prices that nobody can change on the way to the till, and the proof that one was paid.

import { SignJWT, createRemoteJWKSet, jwtVerify } from "jose";

/** How long a buyer may take to pay. */
const OFFER_SECONDS = 15 * 60;

export class Offers {
  #settings;
  #keys;

  /** `keys` finds the key that signed a receipt: the gateway's published ones. */
  constructor(settings, keys = createRemoteJWKSet(new URL(`${settings.gateway}/.well-known/jwks.json`))) {
    this.#settings = settings;
    this.#keys = keys;
  }

  /** The address at which an order is paid. Signed here, with the shop's own secret: nobody is asked. */
  async payLink(order) {
    const { gateway, shop, merchant, offerKey } = this.#settings;
    const { book } = order;
    const now = await this.#now();
    const offer = await new SignJWT({
      item: { id: book.id, title: book.title, category: book.category, url: `${shop}/books/${book.id}` },
      price: { amount: order.amount, currency: order.currency },
      tax_inclusive: true,
      single_use: true,
      return_url: `${shop}/orders/${order.id}/return`,
    })
      .setProtectedHeader({ alg: "HS256", kid: offerKey.kid, typ: "offer+jwt" })
      .setIssuer(merchant)
      .setAudience(gateway)
      .setJti(order.id)
      .setIssuedAt(now)
      .setExpirationTime(now + OFFER_SECONDS)
      .sign(new TextEncoder().encode(offerKey.secret));
    return `${gateway}/pay?offer=${offer}`;
  }

  /** The sales that a receipt proves, as order and amount. Throws where it is not the gateway's, or not for this shop. */
  async salesOf(receipt) {
    const { gateway, merchant } = this.#settings;
    const { payload } = await jwtVerify(receipt, this.#keys, {
      issuer: gateway,
      audience: merchant,
      typ: "receipt+jwt",
      algorithms: ["EdDSA"],
    });
    return payload.items.map(({ offer_id, gross }) => ({ order: offer_id, sale: payload.sale, ...gross }));
  }

  /** In seconds since 1970. A sandbox has a time of its own, and tells it; elsewhere there is only one. */
  async #now() {
    if (!this.#settings.sandbox) return Math.floor(Date.now() / 1000);
    const answer = await fetch(`${this.#settings.gateway}/v1/gateway`);
    return Math.floor(Date.parse((await answer.json()).now) / 1000);
  }
}
