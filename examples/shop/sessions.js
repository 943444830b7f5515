// Who is visiting. A visit is known by a random cookie; what is known of it stays here.

import { randomBytes, timingSafeEqual } from "node:crypto";

/** More visits than this at once, and the oldest is forgotten: memory stays bounded. */
const VISITS_MAX = 10_000;
const VISIT_SECONDS = 12 * 60 * 60;

const random = () => randomBytes(32).toString("base64url");

export class Sessions {
  #visits = new Map();
  #secure;
  #name;

  constructor(address) {
    this.#secure = address.startsWith("https:");
    this.#name = this.#secure ? "__Host-shop" : "shop";
  }

  /** The visit of a request; a new one, not yet kept, where it brings none. */
  of(request) {
    const cookies = (request.headers.cookie ?? "").split(/; */).map((pair) => pair.split("="));
    const id = cookies.find(([name]) => name === this.#name)?.[1];
    const visit = this.#visits.get(id);
    if (visit && visit.until > Date.now()) return visit;
    return { csrf: random() };
  }

  /** Keeps what is now known of a visit, under a new name: who knew the old one, knows nothing. Gives the cookie. */
  renew(visit, known) {
    this.#visits.delete(visit.id);
    const renewed = { csrf: random(), ...known, id: random(), until: Date.now() + VISIT_SECONDS * 1000 };
    this.#visits.set(renewed.id, renewed);
    if (this.#visits.size > VISITS_MAX) this.#visits.delete(this.#visits.keys().next().value);
    return this.#cookie(renewed.id, VISIT_SECONDS);
  }

  /** Forgets a visit. Gives the cookie that makes the browser forget it too. */
  end(visit) {
    this.#visits.delete(visit.id);
    return this.#cookie("", 0);
  }

  #cookie(value, seconds) {
    const secure = this.#secure ? "; Secure" : "";
    return `${this.#name}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure}`;
  }
}

/** Whether a form was sent from a page of this visit. */
export function isOwnForm(visit, form) {
  const [sent, wanted] = [form.get("csrf") ?? "", visit.csrf].map((token) => Buffer.from(token));
  return sent.length === wanted.length && timingSafeEqual(sent, wanted);
}
