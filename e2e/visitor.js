// Somebody who looks at pages with a browser. Whatever page they say that they see is looked at closely.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { chromium } from "playwright-core";
import { words } from "./repository.js";
import { gateway, shop } from "./world.js";

const AXE = readFileSync(new URL(import.meta.resolve("axe-core/axe.min.js")), "utf8");
const RULES = { resultTypes: ["violations"], rules: { "target-size": { enabled: true } } };
const PATIENCE_MS = 15_000;
/** Between two looks at what is told in its own time. */
const PAUSE_MS = 250;

/** A person who may open a page must not be shown it by a frame of somebody else, or run what is not ours. */
const POLICY = ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"];

/** The gateway and its shops all run here; whatever is elsewhere is a third party. */
const OURS = /^(http:\/\/(127\.0\.0\.1|localhost):|data:|blob:)/;

const isGateways = (url) => url.replace("localhost", "127.0.0.1").startsWith(gateway);

/** What WordPress's own pages ask for in the background is not ours to judge. */
const isOthers = (url) => process.env.E2E_WORDPRESS !== undefined && url.startsWith(process.env.E2E_WORDPRESS);

let browser;

/** Chromium; as root, as in a container, it cannot have its own sandbox. */
export async function open() {
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] });
}

export function close() {
  return browser.close();
}

export class Visitor {
  #way;
  #results;
  #folder;
  #count = 0;
  #wrong = [];
  #context;

  static async arrive(journey, way, results) {
    const visitor = new Visitor();
    visitor.#way = way;
    visitor.#results = results;
    visitor.#folder = `${results.folder}/screenshots/${journey}/${way.name}`;
    mkdirSync(visitor.#folder, { recursive: true });
    visitor.#context = await browser.newContext({
      viewport: way.viewport,
      colorScheme: way.scheme,
      javaScriptEnabled: way.script,
      locale: way.language,
      reducedMotion: "reduce",
    });
    visitor.#context.setDefaultTimeout(PATIENCE_MS);
    visitor.page = await visitor.#context.newPage();
    visitor.#watch();
    return visitor;
  }

  /** Goes to an address as if it was typed. */
  async go(address) {
    await this.page.goto(address, { waitUntil: "load" });
  }

  /** The same, again until something is there: what is told in its own time is there within seconds. */
  async goUntil(address, selector) {
    for (const ends = Date.now() + PATIENCE_MS; ; await this.page.waitForTimeout(PAUSE_MS)) {
      await this.go(address);
      if (await this.has(selector)) return;
      assert.ok(Date.now() < ends, `${address} does not come to have ${selector}: ${await this.#said()}`);
    }
  }

  /** Loads a file, from an address as links name it. */
  async download(address) {
    const url = new URL(address, this.page.url());
    const answer = await this.#context.request.get(url.href);
    assert.equal(answer.status(), 200, address);
    assert.ok(!answer.headers()["content-type"].startsWith("text/html"), `${address} is a page`);
    if (isGateways(url.href)) this.#results.visit(url.pathname);
    return answer.body();
  }

  /** Follows a link, named by a part of where it leads or by a selector. */
  async follow(link) {
    await this.#loads(() => this.page.locator(link.startsWith("/") ? `a[href^="${link}"]` : link).first().click());
  }

  /** Fills in fields by their names. */
  async fill(fields) {
    for (const [name, value] of Object.entries(fields)) {
      const field = this.page.locator(`main [name="${name}"]:not([type=hidden])`).first();
      if ((await field.evaluate((element) => element.tagName)) === "SELECT") await field.selectOption(value);
      else if (["checkbox", "radio"].includes(await field.getAttribute("type"))) await field.setChecked(value);
      else await field.fill(value);
    }
  }

  /** Sends the first form of the page, or one that is named by a selector, by its first button. */
  async send(form = "main form") {
    const button = this.page.locator(form).first().locator("button:not([type=button]), input[type=submit]").first();
    await this.#loads(() => button.click());
  }

  /** Presses a button whose script sends the form when it is done. */
  async confirm(button) {
    await this.#loads(() => this.page.locator(button).click());
  }

  /** The text of an element. */
  async read(selector) {
    return (await this.page.locator(selector).first().innerText()).trim();
  }

  async has(selector) {
    return (await this.page.locator(selector).count()) > 0;
  }

  get path() {
    return new URL(this.page.url()).pathname;
  }

  /**
   * Looks at the page closely: for anybody it must be quick, fit, keep strangers out and be usable without eyes or mouse. One about
   * trouble says which effect it had.
   */
  async see(name, { status = 200, effect = "trouble-nothing-moved" } = {}) {
    const at = `${name} (${this.#way.name}, ${this.path})`;
    const response = this.#document;
    assert.equal(response.status(), status, `${at}: ${await this.#said()}`);
    this.#keepsStrangersOut(await response.allHeaders(), at);
    const { ms, overflow, language, direction } = await this.page.evaluate(measured);
    assert.equal(overflow, 0, `${at}: wider than the window by ${overflow} px`);
    if (status >= 400 && !this.page.url().startsWith(shop)) await this.#saysWhatToDo(at, effect);
    if (isGateways(this.page.url())) {
      if (response.request().method() === "GET" && status === 200) this.#results.visit(this.path);
      assert.equal(language.slice(0, 2), this.#way.language, `${at}: its language`);
      assert.equal(direction, this.#way.language === "ar" ? "rtl" : "ltr", `${at}: its direction`);
    }
    this.#results.add({ name, way: this.#way.name, path: this.path, ms });
    this.#count += 1;
    const number = String(this.#count).padStart(2, "0");
    await this.page.screenshot({ path: `${this.#folder}/${number}-${name}.png`, fullPage: true });
    assert.deepEqual(await this.#violations(), [], `${at}: what axe finds`);
  }

  /** The bytes of the page and of its styles, as they are without compression. */
  async weight() {
    const styles = await this.page.locator("link[rel=stylesheet]").evaluateAll((links) => links.map((link) => link.href));
    const bodies = await Promise.all(styles.map(async (url) => (await this.#context.request.get(url)).body()));
    return [await this.#document.body(), ...bodies].reduce((bytes, body) => bytes + body.length, 0);
  }

  /** Closes the browser's window. Nothing may have gone wrong in it meanwhile. */
  async leave() {
    await this.#context.close();
    await this.#mirror?.context().close();
    assert.deepEqual(this.#wrong, [], "what the browser complained of");
  }

  #document;

  #watch() {
    this.page.on("response", (response) => {
      const request = response.request();
      const isDocument = request.isNavigationRequest() && request.frame() === this.page.mainFrame();
      if (isDocument) this.#document = response;
      else if (response.status() >= 400 && !isOthers(response.url())) this.#wrong.push(`${response.status()} ${response.url()}`);
    });
    this.page.on("request", (request) => {
      if (!OURS.test(request.url())) this.#wrong.push(`asked a third party: ${request.url()}`);
    });
    this.page.on("pageerror", (error) => this.#wrong.push(String(error)));
    // What a document's own status is, each step says; the console repeats it.
    this.page.on("console", (message) => {
      const isNews = message.type() === "error" && !message.text().startsWith("Failed to load resource");
      if (isNews) this.#wrong.push(message.text());
    });
  }

  async #loads(act) {
    const loaded = this.page.waitForEvent("load");
    await Promise.all([loaded, act()]);
  }

  async #said() {
    return (await this.read("body")).slice(0, 600);
  }

  /** A page about trouble says what happened, what became of the money and what to do; a form, what is to be mended in it. */
  async #saysWhatToDo(at, effect) {
    if (!(await this.has('main a[href^="/problems/"]'))) {
      const mended = await this.page.locator('main [role="alert"] :is(p, li)').allInnerTexts();
      assert.ok(mended.some(isSaid) && (await this.has("main form")), `${at}: what to mend: ${mended}`);
      return;
    }
    const [happened, became, todo, cure] = await this.page.locator("main :is(h1, .alert, h2, h2 + p)").allInnerTexts();
    const language = this.#way.language;
    assert.deepEqual([became, todo], [words(language, effect), words(language, "trouble-todo")], at);
    assert.ok(isSaid(happened) && isSaid(cure), `${at}: what happened and what to do: ${happened}: ${cure}`);
  }

  #keepsStrangersOut(headers, at) {
    const policy = headers["content-security-policy"] ?? "";
    for (const part of POLICY) assert.ok(policy.includes(part), `${at}: its policy lacks ${part}: ${policy}`);
    assert.ok(!policy.includes("unsafe"), `${at}: ${policy}`);
    assert.equal(headers["x-content-type-options"], "nosniff", at);
  }

  /** axe is a script: where the visitor runs none, it looks at the same page in a window that runs no other. */
  async #violations() {
    const page = this.#way.script ? this.page : await this.#copy();
    await page.evaluate(AXE);
    const { violations } = await page.evaluate((rules) => globalThis.axe.run(rules), RULES);
    return violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html).slice(0, 3).join(" ")}`);
  }

  async #copy() {
    this.#mirror ??= await this.#newMirror();
    this.#mirrored = await this.page.content();
    await this.#mirror.goto(this.page.url(), { waitUntil: "load" });
    return this.#mirror;
  }

  #mirror;
  #mirrored;

  async #newMirror() {
    const { viewport, scheme } = this.#way;
    const context = await browser.newContext({ viewport, colorScheme: scheme, reducedMotion: "reduce" });
    const page = await context.newPage();
    await page.route("**/*", (route) => {
      const body = this.#mirrored;
      if (route.request().isNavigationRequest()) return route.fulfill({ body, contentType: "text/html; charset=utf-8" });
      return route.request().resourceType() === "script" ? route.abort() : route.continue();
    });
    return page;
  }
}

/** Words, and not the name of a text that is missing. */
const isSaid = (text) => /\p{L}{2}/u.test(text) && !/^[a-z]+(-[a-z]+)+$/.test(text);

/** Runs in the page. From sending the request to the first byte of the answer; redirects before it are not in it. */
function measured() {
  const [{ requestStart, responseStart }] = performance.getEntriesByType("navigation");
  const { scrollWidth, clientWidth, lang, dir } = document.documentElement;
  return { ms: responseStart - requestStart, overflow: Math.max(0, scrollWidth - clientWidth), language: lang, direction: dir || "ltr" };
}
