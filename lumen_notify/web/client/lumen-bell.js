// Bell: <lumen-bell>, a bell with a badge, a panel with the notifications, and toasts.

import { Alerts, Choices } from "./lumen-bell-alerts.js";
import { safeUrl } from "./lumen-bell-item.js";
import { BellList } from "./lumen-bell-list.js";
import { style } from "./lumen-bell-style.js";
import { acquireClient, releaseClient } from "./lumen-shared-client.js";
import { Inbox } from "./lumen-store.js";
import { icon, make, theme, wordsFor } from "./lumen-theme.js";

const MAX_COUNT = 99;
const SPEAK_MS = 1_000; // a burst is announced once
const REFRESH_MS = 30_000; // of relative times, while the panel is open
const NOTICE_MS = 8_000;
const SKELETON_ROWS = 5;

/** Of the panel, in pixels. */
const GAP = 8;
const MAX_HEIGHT = 640;
const MIN_HEIGHT = 320;

/** Closed for these reasons, nothing is shown: the page wants it so. */
const SILENT_REASONS = new Set(["stopped", "inactive"]);

/** The bells of each client on this page: the first of them alerts. */
const bellsOf = new WeakMap();

export class LumenBell extends HTMLElement {
  static observedAttributes = ["url", "token-url", "lang", "toasts", "sound", "system"];

  #given = { client: null, getToken: null, pages: null };
  #attached = null; // while in the page: `{client, isOwn, abort}`
  #inbox = null; // from the first opening of the panel on
  #isUnreadOnly = false;
  #t = null;
  #language = null;
  #count = null;
  #seenUpTo = -1;
  #wasLoaded = false;
  #settings = null;
  #timers = {};
  #parts = {};
  #choices = new Choices(this);
  #list = new BellList({ activate: (...all) => this.#activate(...all), mark: (...all) => this.#mark(...all) });
  #alerts = new Alerts(this.#choices, {
    activate: (...all) => this.#activateAlert(...all),
    isPanelOpen: () => this.#isOpen,
    userId: () => this.#attached?.client.user?.id ?? "",
  });

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [theme, style];
    root.append(...this.#build());
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
    if (!this.#isOpen) this.#parts.panel.showPopover();
  }

  close() {
    if (this.#isOpen) this.#parts.panel.hidePopover();
  }

  connectedCallback() {
    // A framework may have set them before this class was there.
    for (const name of Object.keys(this.#given)) {
      if (!Object.hasOwn(this, name)) continue;
      const value = this[name];
      delete this[name];
      this[name] = value;
    }
    this.#attach();
  }

  /** An element that only moves within the page is connected again before the next microtask. */
  disconnectedCallback() {
    queueMicrotask(() => {
      if (!this.isConnected) this.#detach();
    });
  }

  attributeChangedCallback(name, before, after) {
    if (before === after || this.#attached === null) return;
    if (name === "lang") this.#speakLanguage();
    else if (name === "url" || name === "token-url") this.#reattach();
    else this.#closeSettings();
  }

  // To the client, and away from it

  #give(name, value) {
    if (this.#given[name] === (value ?? null)) return;
    this.#given[name] = value ?? null;
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
    client.addEventListener("state", () => this.#render(), { signal });
    client.addEventListener("notification", ({ detail }) => this.#alert(detail), { signal });
    bellsOf.set(client, [...(bellsOf.get(client) ?? []), this]);
    const observer = new MutationObserver(() => this.#speakLanguage());
    observer.observe(document.documentElement, { attributeFilter: ["lang"] });
    signal.addEventListener("abort", () => observer.disconnect());
    this.#count = null;
    this.#speakLanguage();
    this.#showCount();
  }

  #detach() {
    if (this.#attached === null) return;
    const { client, isOwn, abort } = this.#attached;
    this.close();
    this.#attached = null;
    abort.abort();
    bellsOf.set(client, bellsOf.get(client).filter((bell) => bell !== this));
    this.#inbox?.close();
    this.#inbox = null;
    this.#wasLoaded = false;
    this.#seenUpTo = -1;
    this.#list.show([], true);
    this.#closeSettings();
    this.#alerts.clear();
    for (const timer of Object.values(this.#timers)) clearTimeout(timer);
    this.#timers = {};
    this.#parts.panel.hidden = false;
    this.#notice(null);
    if (isOwn) releaseClient(client);
    this.#showCount();
  }

  /** Do something later, in place of what waits under this name. */
  #later(name, milliseconds, run) {
    clearTimeout(this.#timers[name]);
    this.#timers[name] = setTimeout(run, milliseconds);
  }

  // The count, and what arrives

  #showCount() {
    const before = this.#count;
    this.#count = this.#attached?.client.unreadCount ?? null;
    const count = this.#count ?? 0;
    const { badge, button, spoken } = this.#parts;
    badge.textContent = count > MAX_COUNT ? `${MAX_COUNT}+` : String(count);
    badge.hidden = count === 0;
    if (this.#t === null) return;
    button.setAttribute("aria-label", `${this.#t("bell_title")}, ${this.#t("bell_unread", { count })}`);
    button.title = this.#t("bell_title");
    if (before !== null && count > before) {
      button.classList.add("is-ringing");
      this.#later("speak", SPEAK_MS, () => (spoken.textContent = this.#t("bell_unread", { count: this.#count ?? 0 })));
    }
    this.#render();
  }

  #alert({ data, position, is_replayed: isReplayed, update }) {
    const bells = bellsOf.get(this.#attached.client);
    if ((bells.find((bell) => bell.getAttribute("toasts") !== "off") ?? bells[0]) !== this) return;
    if (!isReplayed && this.#t !== null) this.#alerts.add(data, position, update === true);
  }

  async #speakLanguage() {
    const language = (this.closest("[lang]") ?? document.documentElement).lang || navigator.language;
    if (language === this.#language) return this.#render();
    this.#language = language;
    const t = await wordsFor(language);
    if (language !== this.#language) return; // changed meanwhile
    this.#t = t;
    this.#list.setWords(t, language);
    this.#alerts.setWords(t);
    this.#name();
    this.#closeSettings();
    this.#showCount();
    this.#parts.spoken.textContent = "";
  }

  // What the user does

  #activate(item, event) {
    const click = new CustomEvent("notification-click", { detail: item, bubbles: true, composed: true, cancelable: true });
    const isHandled = !this.dispatchEvent(click);
    if (isHandled) event.preventDefault();
    const staysHere = event.ctrlKey || event.metaKey || event.shiftKey || event.button === 1;
    if (isHandled || (safeUrl(item.url) !== null && !staysHere)) this.close();
    return isHandled;
  }

  /** A toast or a system notification was clicked. opens: the click is not on a link that leads there by itself. */
  #activateAlert(item, event, opens = false) {
    if (!item.is_read) this.#mark("read", item);
    const href = safeUrl(item.url);
    if (this.#activate(item, event)) return;
    if (href === null) this.open();
    else if (opens) location.assign(href);
  }

  async #mark(action, item) {
    const { client } = this.#attached;
    const selection = { ids: [item.id] };
    const words = { read: "bell_not_saved", unread: "bell_not_saved", archive: "bell_not_archived", unarchive: "bell_not_saved" };
    try {
      await (this.#inbox === null ? client.mark(action, selection) : this.#inbox.mark(action, selection));
      if (action === "archive") this.#notice(this.#t("bell_archived"), ["bell_undo", () => this.#mark("unarchive", item)]);
      else if (action === "unarchive") this.#notice(null);
    } catch {
      this.#notice(this.#t(words[action]), ["bell_retry", () => this.#mark(action, item)]);
    }
  }

  async #readAll() {
    if (this.#parts.readAll.getAttribute("aria-disabled") === "true") return;
    try {
      await this.#inbox.readAll();
      this.#notice(null);
      this.#parts.spoken.textContent = this.#t("bell_all_read");
    } catch {
      this.#notice(this.#t("bell_not_saved"), ["bell_retry", () => this.#readAll()]);
    }
  }

  async #readRooms() {
    try {
      await this.#attached.client.markRoomsRead();
      this.#notice(null);
    } catch {
      this.#notice(this.#t("bell_not_saved"), ["bell_retry", () => this.#readRooms()]);
    }
  }

  #filter(isUnreadOnly) {
    if (isUnreadOnly === this.#isUnreadOnly) return;
    this.#isUnreadOnly = isUnreadOnly;
    this.#wasLoaded = false;
    this.#list.show([], true);
    this.#inbox?.load({ unread: isUnreadOnly ? true : undefined });
    this.#render();
  }

  #retry() {
    const { client } = this.#attached;
    if (client.state !== "open") client.reconnect();
    if (this.#inbox !== null && !this.#inbox.isLoading && this.#inbox.problem !== null) {
      if (this.#inbox.isLoaded && this.#inbox.items.length > 0) this.#inbox.loadMore();
      else this.#inbox.load();
    }
  }

  /** Show a line at the bottom of the panel. action: `[key of its label, function]` of a button. */
  #notice(text, action = null) {
    clearTimeout(this.#timers.notice);
    const { notice } = this.#parts;
    notice.hidden = text === null;
    notice.replaceChildren();
    if (text === null) return;
    notice.append(make("span", {}, text));
    if (action !== null) notice.append(make("button", { type: "button", class: "link", onclick: action[1] }, this.#t(action[0])));
    this.#later("notice", NOTICE_MS, () => this.#notice(null));
  }

  // The panel

  get #isOpen() {
    return this.#parts.panel.matches(":popover-open");
  }

  #opened() {
    this.#parts.button.setAttribute("aria-expanded", "true");
    const { signal } = (this.#timers.open = new AbortController());
    const place = () => this.#place();
    addEventListener("resize", place, { signal });
    addEventListener("scroll", (event) => event.target === document && place(), { signal, capture: true, passive: true });
    this.#place();
    if (this.#attached === null) return this.#focusPanel();
    if (this.#inbox === null) this.#fetch();
    this.#list.refreshTimes();
    this.#timers.refresh = setInterval(() => this.#list.refreshTimes(), REFRESH_MS);
    this.#render();
    this.#focusPanel();
  }

  #closed() {
    this.#parts.button.setAttribute("aria-expanded", "false");
    this.#timers.open?.abort();
    delete this.#timers.open;
    clearInterval(this.#timers.refresh);
    clearTimeout(this.#timers.countdown);
    this.#notice(null);
    this.#closeSettings();
  }

  /** Make the inbox, and fetch its first page. */
  #fetch() {
    const { client, abort } = this.#attached;
    this.#inbox = new Inbox(client, { unread: this.#isUnreadOnly ? true : undefined });
    this.#inbox.addEventListener("change", () => this.#render(), { signal: abort.signal });
    this.#inbox.load();
  }

  #focusPanel() {
    if (this.#settings !== null || !this.#list.focus()) this.#parts.panel.focus({ preventScroll: true });
  }

  /** Put the panel below the button, or above it where there is more room. A phone shows it on the whole screen. */
  #place() {
    const { panel, button } = this.#parts;
    const box = button.getBoundingClientRect();
    const width = panel.offsetWidth;
    const isRtl = getComputedStyle(this).direction === "rtl";
    const left = isRtl ? box.left : box.right - width;
    const below = innerHeight - box.bottom - 2 * GAP;
    const isBelow = below >= MIN_HEIGHT || below >= box.top - 2 * GAP;
    const { style } = panel;
    style.left = `${Math.max(GAP, Math.min(left, document.documentElement.clientWidth - width - GAP))}px`;
    style.top = isBelow ? `${box.bottom + GAP}px` : "auto";
    style.bottom = isBelow ? "auto" : `${innerHeight - box.top + GAP}px`;
    style.maxHeight = `${Math.min(MAX_HEIGHT, isBelow ? below : box.top - 2 * GAP)}px`;
  }

  async #openSettings() {
    const { main, settings, settingsBody, back } = this.#parts;
    const { BellSettings } = await import("./lumen-bell-settings.js");
    if (this.#attached === null) return;
    const made = new BellSettings(this.#attached.client, this.#choices, this.#t, (text) => this.#notice(text));
    this.#settings = made;
    settingsBody.replaceChildren(...skeleton());
    main.hidden = true;
    settings.hidden = false;
    back.focus();
    try {
      await made.load(this.#knownCategories());
      if (this.#settings === made) settingsBody.replaceChildren(made.element);
    } catch {
      if (this.#settings !== made) return;
      settingsBody.replaceChildren(this.#blank("settings", "bell_settings_failed", null, ["bell_retry", () => this.#openSettings()]));
    }
  }

  #closeSettings() {
    if (this.#settings === null) return;
    const { main, settings, settingsButton } = this.#parts;
    this.#settings = null;
    settings.hidden = true;
    main.hidden = false;
    if (this.#isOpen) settingsButton.focus();
  }

  #knownCategories() {
    const listed = (this.#inbox?.items ?? []).map((item) => item.category);
    return new Set([...listed, ...Object.keys(this.#attached.client.unread?.categories ?? {})]);
  }

  // What is shown

  /** Make the elements. Their texts come with the words. */
  #build() {
    const parts = this.#parts;
    const button = (classes, name, run, more = {}) =>
      make("button", { type: "button", class: classes, onclick: run, ...more }, name === null ? null : icon(name));
    parts.badge = make("span", { class: "badge", part: "badge", "aria-hidden": "true", hidden: true });
    parts.button = button("quiet bell", "bell", null, { part: "button", "aria-haspopup": "dialog", "aria-expanded": "false" });
    parts.button.append(parts.badge);
    parts.button.addEventListener("animationend", () => parts.button.classList.remove("is-ringing"));
    parts.spoken = make("span", { class: "spoken", role: "status" });
    parts.title = make("h2");
    parts.settingsButton = button("quiet square", "settings", () => this.#openSettings(), { part: "settings-button" });
    parts.closeButton = button("quiet square close", "close", () => this.close());
    parts.all = button("", null, () => this.#filter(false));
    parts.unread = button("", null, () => this.#filter(true));
    parts.filters = make("div", { class: "filters", role: "group" }, parts.all, parts.unread);
    parts.readAll = button("link", null, () => this.#readAll(), { part: "read-all" });
    parts.strip = make("div", { class: "strip", part: "connection", role: "status", hidden: true });
    parts.rooms = make("div", { class: "rooms", part: "rooms", hidden: true });
    parts.state = make("div");
    parts.more = button("button", null, () => this.#inbox.loadMore());
    parts.foot = make("div", { class: "foot", hidden: true }, parts.more);
    parts.scroll = make("div", { class: "scroll", part: "scroll" }, parts.rooms, this.#list.element, parts.state, parts.foot);
    parts.main = make("div", { class: "view" },
      make("header", { part: "header" }, parts.title, parts.settingsButton, parts.closeButton),
      make("div", { class: "bar" }, parts.filters, parts.readAll), parts.strip, parts.scroll);
    parts.back = button("quiet square back", "back", () => this.#closeSettings());
    parts.settingsTitle = make("h2");
    parts.settingsClose = button("quiet square close", "close", () => this.close());
    parts.settingsBody = make("div", { class: "view" });
    parts.settings = make("div", { class: "view settings", part: "settings", hidden: true },
      make("header", {}, parts.back, parts.settingsTitle, parts.settingsClose), parts.settingsBody);
    parts.notice = make("div", { class: "strip notice", part: "notice", role: "status", hidden: true });
    parts.panel = make("div", { class: "panel", part: "panel", role: "dialog", popover: "auto", tabIndex: -1 },
      parts.main, parts.settings, parts.notice, this.#list.menu);
    parts.button.popoverTargetElement = parts.panel;
    parts.panel.addEventListener("beforetoggle", ({ target, newState }) => {
      // Not by the browser alone: Safari does not focus a button that is clicked.
      if (target !== parts.panel || newState === "open" || !parts.panel.contains(this.shadowRoot.activeElement)) return;
      queueMicrotask(() => parts.button.focus({ preventScroll: true }));
    });
    parts.panel.addEventListener("toggle", ({ target, newState }) => {
      if (target === parts.panel) newState === "open" ? this.#opened() : this.#closed();
    });
    new IntersectionObserver(([entry]) => {
      if (entry.isIntersecting && !parts.foot.hidden && this.#inbox?.problem === null) this.#inbox.loadMore();
    }, { rootMargin: "200px" }).observe(parts.foot);
    return [parts.button, parts.spoken, parts.panel, this.#alerts.element];
  }

  /** Set the texts that do not change. */
  #name() {
    const t = this.#t;
    const parts = this.#parts;
    for (const name of ["panel", "filters"]) parts[name].setAttribute("aria-label", t(name === "panel" ? "bell_title" : "bell_filter"));
    const texts = { title: "bell_title", settingsTitle: "bell_settings", all: "bell_all", unread: "bell_unread_only",
      readAll: "bell_read_all", more: "bell_load_more" };
    for (const [name, key] of Object.entries(texts)) parts[name].textContent = t(key);
    const labels = { settingsButton: "bell_settings", closeButton: "bell_close", settingsClose: "bell_close", back: "bell_back" };
    for (const [name, key] of Object.entries(labels)) {
      parts[name].setAttribute("aria-label", t(key));
      parts[name].title = t(key);
    }
  }

  /** Show the newest state of client and inbox, if the panel is open. */
  #render() {
    if (this.#t === null || this.#attached === null || !this.#isOpen) return;
    const parts = this.#parts;
    parts.all.setAttribute("aria-pressed", String(!this.#isUnreadOnly));
    parts.unread.setAttribute("aria-pressed", String(this.#isUnreadOnly));
    parts.readAll.setAttribute("aria-disabled", String((this.#count ?? 0) === 0));
    this.#renderConnection();
    this.#renderRooms();
    const { items, isLoaded, isLoading, hasMore, problem } = this.#inbox;
    const isReady = isLoaded && !(isLoading && !this.#wasLoaded);
    if (isReady) this.#list.show(items, !this.#wasLoaded);
    const hadFocus = this.shadowRoot.activeElement === parts.panel;
    if (isReady && !this.#wasLoaded && hadFocus) this.#list.focus();
    this.#wasLoaded ||= isReady;
    parts.scroll.setAttribute("aria-busy", String(isLoading));
    parts.foot.hidden = !isReady || !hasMore || (items.length === 0 && isLoading);
    parts.more.textContent = this.#t(problem !== null ? "bell_retry" : isLoading ? "bell_loading" : "bell_load_more");
    parts.state.replaceChildren(...this.#stateOf(isReady, items.length, problem));
    this.#seen();
    this.#alerts.dismissRead(items);
  }

  /** Return what stands in place of rows, or below them. */
  #stateOf(isReady, count, problem) {
    const { state, reason } = this.#attached.client;
    if (state === "closed" && reason === "signed_out") return [this.#blank("people", "bell_signed_out", "bell_signed_out_hint")];
    if (problem !== null && count === 0) return [this.#blank("bell", "bell_failed", "bell_failed_hint", ["bell_retry", () => this.#retry()])];
    if (!isReady) return [make("p", { class: "spoken" }, this.#t("bell_loading")), ...skeleton()];
    if (count > 0 || this.#inbox.hasMore) return [];
    if (this.#isUnreadOnly) return [this.#blank("check", "bell_none_unread", "bell_none_unread_hint")];
    return [this.#blank("bell", "bell_none", "bell_none_hint")];
  }

  #blank(name, title, hint, action = null) {
    return make("div", { class: "blank", part: "blank" }, icon(name), make("strong", {}, this.#t(title)),
      hint === null ? null : make("p", {}, this.#t(hint)),
      action === null ? null : make("button", { type: "button", class: "button", onclick: action[1] }, this.#t(action[0])));
  }

  #renderConnection() {
    const { strip } = this.#parts;
    const { client } = this.#attached;
    const { state, reason } = client;
    clearTimeout(this.#timers.countdown);
    const seconds = Math.ceil(((client.nextAttemptAt ?? 0) - Date.now()) / 1000);
    let text = null;
    if (state === "connecting") text = this.#t("bell_connecting");
    else if (state === "waiting") text = seconds > 0 ? this.#t("bell_waiting", { count: seconds }) : this.#t("bell_connecting");
    else if (state === "closed" && reason !== "signed_out" && !SILENT_REASONS.has(reason)) text = this.#t(`bell_closed_${reason}`);
    if (state === "waiting" && seconds > 0) this.#later("countdown", 1_000, () => this.#renderConnection());
    const isDanger = state === "closed";
    const shown = `${state} ${text}`;
    if (strip.dataset.shown === shown) return;
    strip.dataset.shown = shown;
    strip.hidden = text === null;
    strip.classList.toggle("is-danger", isDanger);
    strip.classList.toggle("is-late", state === "connecting");
    if (text === null) return strip.replaceChildren();
    const old = strip.querySelector("button");
    const canRetry = state !== "connecting" && reason !== "forbidden";
    if (strip.firstElementChild !== null && (old !== null) === canRetry) return void (strip.firstElementChild.textContent = text);
    const retry = make("button", { type: "button", class: "link", onclick: () => this.#retry() }, this.#t("bell_retry_now"));
    strip.replaceChildren(make("span", {}, text), ...(canRetry ? [retry] : []));
  }

  /** The count includes messages in rooms: say so, and offer to clear them. */
  #renderRooms() {
    const { rooms } = this.#parts;
    const count = Object.values(this.#attached.client.unread?.rooms ?? {}).reduce((sum, unread) => sum + unread, 0);
    rooms.hidden = count === 0;
    if (count === 0) return;
    const read = make("button", { type: "button", class: "link", onclick: () => this.#readRooms() }, this.#t("bell_mark_read"));
    rooms.replaceChildren(make("span", {}, this.#t("bell_rooms", { count })), read);
  }

  /** Mark what is listed as seen. */
  #seen() {
    const newest = Math.max(-1, ...this.#inbox.items.filter((item) => !item.seen_at).map((item) => item.position ?? -1));
    if (newest <= this.#seenUpTo || document.hidden) return;
    this.#seenUpTo = newest;
    this.#inbox.mark("seen", { up_to: newest }).catch(() => (this.#seenUpTo = -1));
  }
}

/** Make the rows that stand for those being loaded. */
function skeleton() {
  const bone = () => make("div", { class: "bone", "aria-hidden": "true" }, make("i"), make("div", {}, make("i"), make("i")));
  return Array.from({ length: SKELETON_ROWS }, bone);
}

if (customElements.get("lumen-bell") === undefined) customElements.define("lumen-bell", LumenBell);
