// Bell: <lumen-bell>, a bell with a badge, a panel with the notifications, and toasts.

import { Alerts, Choices } from "./lumen-bell-alerts.js";
import { safeUrl } from "./lumen-bell-item.js";
import { style } from "./lumen-bell-style.js";
import { acquireClient, releaseClient } from "./lumen-shared-client.js";
import { icon, languageOf, make, theme, wordsFor } from "./lumen-theme.js";

const MAX_COUNT = 99;
const SPEAK_MS = 1_000; // a burst is announced once
const IDLE_MS = 2_000;

/** The bells of each client on this page: one of them alerts. */
const bellsOf = new WeakMap();

export class LumenBell extends HTMLElement {
  static observedAttributes = ["url", "token-url", "lang"];

  #given = { client: null, getToken: null, pages: null };
  #attached = null; // while in the page: `{client, isOwn, abort}`
  #panel = null; // a BellPanel, or a promise of one
  #t = null;
  #language = null;
  #count = null;
  #speaking = null;
  #choices = new Choices(this);
  #alerts = new Alerts(this.#choices, {
    activate: (...all) => this.#activateAlert(...all),
    isPanelOpen: () => this.#isOpen,
  });
  #badge = make("span", { class: "badge", part: "badge", "aria-hidden": "true", hidden: true });
  #button = make("button", { type: "button", class: "quiet bell", part: "button", "aria-haspopup": "dialog", "aria-expanded": "false" },
    icon("bell"), this.#badge);
  #spoken = make("span", { class: "spoken", role: "status" });
  #box = make("div", { class: "panel", part: "panel", role: "dialog", popover: "auto", tabIndex: -1 });

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [theme, style];
    root.append(this.#button, this.#spoken, this.#box, this.#alerts.element);
    this.#button.popoverTargetElement = this.#box;
    this.#button.addEventListener("animationend", () => this.#button.classList.remove("is-ringing"));
    this.#button.addEventListener("pointerenter", () => this.#loadPanel());
    this.#box.addEventListener("beforetoggle", ({ target, newState }) => {
      // Not by the browser alone: Safari does not focus a button that is clicked.
      const hasFocus = this.#box.contains(root.activeElement);
      if (target === this.#box && newState === "closed" && hasFocus) queueMicrotask(() => this.#button.focus());
    });
    this.#box.addEventListener("toggle", ({ target }) => {
      if (target === this.#box) this.#toggled();
    });
  }

  get client() {
    return this.#given.client ?? this.#attached?.client ?? null;
  }

  set client(client) {
    this.#give("client", client);
  }

  get getToken() {
    return this.#given.getToken;
  }

  set getToken(getToken) {
    this.#give("getToken", getToken);
  }

  get pages() {
    return this.#given.pages;
  }

  set pages(pages) {
    this.#give("pages", pages);
  }

  open() {
    if (!this.#isOpen) this.#box.showPopover();
  }

  close() {
    if (this.#isOpen) this.#box.hidePopover();
  }

  connectedCallback() {
    // A page may have set them before this class was there.
    for (const name of Object.keys(this.#given)) {
      if (!Object.hasOwn(this, name)) continue;
      const value = this[name];
      delete this[name];
      this[name] = value;
    }
    this.#attach();
  }

  disconnectedCallback() {
    // An element that only moves within the page is connected again before this runs.
    queueMicrotask(() => this.isConnected || this.#detach());
  }

  attributeChangedCallback(name, before, after) {
    if (before === after || this.#attached === null) return;
    if (name === "lang") this.#speakLanguage();
    else this.#reattach();
  }

  get #isOpen() {
    return this.#box.matches(":popover-open");
  }

  // To the client, and away from it

  #give(name, value = null) {
    if (this.#given[name] === value) return;
    this.#given[name] = value;
    this.#reattach();
  }

  #reattach() {
    this.#detach();
    this.#attach();
  }

  #attach() {
    if (!this.isConnected || this.#attached !== null) return;
    const { client: given, getToken, pages } = this.#given;
    const tokenUrl = this.getAttribute("token-url");
    if (given === null && getToken === null && tokenUrl === null) return; // the page gives one of them later
    const client = given ?? acquireClient({ url: this.getAttribute("url"), tokenUrl, getToken, pages });
    const abort = new AbortController();
    const { signal } = abort;
    this.#attached = { client, isOwn: given === null, abort };
    client.addEventListener("unread", () => this.#showCount(), { signal });
    client.addEventListener("notification", ({ detail }) => this.#alert(detail), { signal });
    bellsOf.set(client, [...(bellsOf.get(client) ?? []), this]);
    const observer = new MutationObserver(() => this.#speakLanguage());
    observer.observe(document.documentElement, { attributeFilter: ["lang"] });
    signal.addEventListener("abort", () => observer.disconnect());
    this.#count = null;
    this.#speakLanguage();
    this.#showCount();
    const idle = window.requestIdleCallback ?? ((run) => setTimeout(run, IDLE_MS));
    idle(() => this.#loadPanel(), { timeout: IDLE_MS });
  }

  #detach() {
    if (this.#attached === null) return;
    const { client, isOwn, abort } = this.#attached;
    this.close();
    this.#attached = null;
    abort.abort();
    bellsOf.set(client, bellsOf.get(client).filter((bell) => bell !== this));
    if (this.#panel !== null) Promise.resolve(this.#panel).then((panel) => panel?.remove());
    this.#panel = null;
    this.#alerts.clear();
    clearTimeout(this.#speaking);
    if (isOwn) releaseClient(client);
    this.#showCount();
  }

  // The count, and what arrives

  #showCount() {
    const before = this.#count;
    this.#count = this.#attached?.client.unreadCount ?? null;
    const count = this.#count ?? 0;
    this.#badge.textContent = count > MAX_COUNT ? `${MAX_COUNT}+` : String(count);
    this.#badge.hidden = count === 0;
    if (this.#t === null) return;
    const text = this.#t(count === 0 ? "bell_none_unread" : "bell_unread", { count });
    this.#button.setAttribute("aria-label", `${this.#t("bell_title")}: ${text}`);
    if (before !== null && count > before) {
      this.#button.classList.add("is-ringing");
      clearTimeout(this.#speaking);
      this.#speaking = setTimeout(() => this.#speak(this.#t("bell_unread", { count: this.#count ?? 0 })), SPEAK_MS);
    }
    if (this.#panel !== null) Promise.resolve(this.#panel).then((panel) => panel?.render());
  }

  #speak(text) {
    this.#spoken.textContent = text;
  }

  #alert({ data, update, is_first: isFirst }) {
    const bells = bellsOf.get(this.#attached.client);
    const alerting = bells.find((bell) => bell.getAttribute("toasts") !== "off") ?? bells[0];
    if (alerting === this && isFirst && this.#t !== null) this.#alerts.add(data, update === true);
  }

  async #speakLanguage() {
    const language = languageOf((this.closest("[lang]") ?? document.documentElement).lang || navigator.language);
    if (language === this.#language) return;
    this.#language = language;
    const t = await wordsFor(language);
    if (language !== this.#language) return; // changed meanwhile
    this.#t = t;
    this.#box.setAttribute("aria-label", t("bell_title"));
    this.#button.title = t("bell_title");
    this.#alerts.setWords(t);
    this.#showCount();
    (await this.#panel)?.setWords(t, language);
  }

  // The panel

  /** Return the panel once its module is there; null if it could not be loaded, or the bell is no longer in the page. */
  #loadPanel() {
    if (this.#attached === null) return null;
    this.#panel ??= this.#makePanel(this.#attached);
    return this.#panel;
  }

  async #makePanel(attached) {
    const { BellPanel } = await import("./lumen-bell-panel.js").catch(() => ({}));
    if (this.#attached !== attached) return null;
    if (BellPanel === undefined) return (this.#panel = null);
    const panel = new BellPanel(this.#box, this.#button, attached.client, this.#choices, {
      activate: (item, event) => this.#activate(item, event),
      changed: (items) => this.#alerts.dismissRead(items),
      speak: (text) => this.#speak(text),
    });
    if (this.#t !== null) panel.setWords(this.#t, this.#language);
    this.#panel = panel;
    return panel;
  }

  async #toggled() {
    this.#button.setAttribute("aria-expanded", String(this.#isOpen));
    if (this.#isOpen) this.#alerts.clear();
    const panel = await this.#loadPanel();
    if (this.#isOpen) panel?.opened();
    else panel?.closed();
  }

  // What the user clicks

  /** Return whether the page handles the click. */
  #activate(item, event) {
    const click = new CustomEvent("notification-click", { detail: item, bubbles: true, composed: true, cancelable: true });
    const isHandled = !this.dispatchEvent(click);
    if (isHandled) event.preventDefault();
    const opensBeside = event.ctrlKey || event.metaKey || event.shiftKey;
    if (isHandled || (safeUrl(item.url) !== null && !opensBeside)) this.close();
    return isHandled;
  }

  /** A toast or a system notification was clicked. isLink: the click leads to the URL by itself. */
  #activateAlert(item, event, isLink) {
    if (this.#attached === null) return; // the bell has left the page that a system notification came from
    const { client } = this.#attached;
    const panel = this.#panel instanceof Promise ? null : this.#panel;
    // At once: the click may leave the page.
    const marked = panel === null ? client.mark("read", { ids: [item.id] }) : panel.mark("read", item);
    marked.catch(() => {}); // it stays unread
    const href = safeUrl(item.url);
    const isHandled = this.#activate(item, event);
    if (!isHandled && href === null) this.open();
    else if (!isHandled && !isLink) location.assign(href);
  }
}

if (customElements.get("lumen-bell") === undefined) customElements.define("lumen-bell", LumenBell);
