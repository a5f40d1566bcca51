// Bell panel: the inbox below the bell, loaded when the page is idle or the bell is first opened.

import { BellList } from "./lumen-bell-list.js";
import { panelStyle } from "./lumen-bell-panel-style.js";
import { Inbox } from "./lumen-store.js";
import { icon, make } from "./lumen-theme.js";

const REFRESH_MS = 30_000; // of relative times
const NOTICE_MS = 8_000;
const SKELETON_ROWS = 5;

/** In pixels. */
const GAP = 8;
const MAX_HEIGHT = 640;
const MIN_HEIGHT = 320;

/** The reasons that have a sentence of their own. */
const CLOSED = new Set(["expired", "forbidden", "replaced", "revoked", "unreachable"]);

/** Closed for these reasons, nothing is shown: the page wants it so. */
const SILENT_REASONS = new Set(["stopped", "inactive"]);

export class BellPanel {
  #box;
  #button;
  #client;
  #choices;
  #actions;
  #t = null;
  #inbox = null; // from the first opening on
  #list;
  #isUnreadOnly = false;
  #wasLoaded = false;
  #seenUpTo = -1;
  #settings = null;
  #opening = null; // while open: an AbortController
  #timers = {};
  #parts = {};

  /**
   * box: the popover to fill. button: below which it appears. choices: of alerts. actions: `activate(item, event)`,
   * `changed(items)`, `speak(text)`.
   */
  constructor(box, button, client, choices, actions) {
    this.#box = box;
    this.#button = button;
    this.#client = client;
    this.#choices = choices;
    this.#actions = actions;
    this.#list = new BellList({ activate: actions.activate, mark: (action, item) => this.#markAndSay(action, item) });
    const { adoptedStyleSheets } = box.getRootNode();
    if (!adoptedStyleSheets.includes(panelStyle)) adoptedStyleSheets.push(panelStyle);
    box.replaceChildren(...this.#build());
  }

  setWords(t, language) {
    this.#t = t;
    this.#list.setWords(t, language);
    this.#name();
    this.#closeSettings();
    delete this.#parts.strip.dataset.shown;
    this.render();
  }

  opened() {
    if (this.#opening !== null) return;
    this.#opening = new AbortController();
    const { signal } = this.#opening;
    addEventListener("resize", () => this.#place(), { signal });
    addEventListener("scroll", ({ target }) => target === document && this.#place(), { signal, capture: true, passive: true });
    this.#client.addEventListener("state", () => this.render(), { signal });
    this.#client.addEventListener("preferences", () => this.#fillSettings(), { signal });
    document.addEventListener("visibilitychange", () => this.render(), { signal });
    if (this.#inbox === null) this.#fetch();
    this.#list.refreshTimes();
    this.#timers.refresh = setInterval(() => this.#list.refreshTimes(), REFRESH_MS);
    this.render();
    this.#place();
    if (!this.#list.focus()) this.#box.focus({ preventScroll: true });
  }

  closed() {
    this.#opening?.abort();
    this.#opening = null;
    this.#seenUpTo = -1;
    for (const timer of Object.values(this.#timers)) clearTimeout(timer);
    this.#notice(null);
    this.#closeSettings();
  }

  /** Empty the box, and follow the client no more. */
  remove() {
    this.closed();
    this.#inbox?.close();
    this.#parts.observer.disconnect();
    this.#box.replaceChildren();
  }

  /** Mark a notification. Throws a Problem. */
  mark(action, item) {
    const selection = { ids: [item.id] };
    return this.#inbox === null ? this.#client.mark(action, selection) : this.#inbox.mark(action, selection);
  }

  /** Show the newest state of client and inbox, if the panel is open. */
  render() {
    if (this.#t === null || this.#opening === null) return;
    const parts = this.#parts;
    parts.all.setAttribute("aria-pressed", String(!this.#isUnreadOnly));
    parts.unread.setAttribute("aria-pressed", String(this.#isUnreadOnly));
    parts.readAll.setAttribute("aria-disabled", String((this.#client.unreadCount ?? 0) === 0));
    this.#renderConnection();
    this.#renderRooms();
    const { items, isLoaded, isLoading, hasMore, problem } = this.#inbox;
    const isReady = isLoaded && !(isLoading && !this.#wasLoaded);
    if (isReady) this.#list.show(items, !this.#wasLoaded);
    if (isReady && !this.#wasLoaded && this.#box.getRootNode().activeElement === this.#box) this.#list.focus();
    this.#wasLoaded ||= isReady;
    parts.scroll.setAttribute("aria-busy", String(isLoading));
    parts.foot.hidden = !isReady || !hasMore || (items.length === 0 && problem !== null);
    parts.more.textContent = this.#t(isLoading ? "bell_loading" : problem !== null ? "bell_retry" : "bell_load_more");
    const state = this.#stateOf(isReady, items.length, problem);
    if (parts.state.dataset.shown !== state) {
      parts.state.dataset.shown = state;
      parts.state.replaceChildren(...this.#makeState(state));
    }
    if (isReady) this.#markSeen(items);
    this.#actions.changed(items);
  }

  // What the user does

  async #markAndSay(action, item) {
    try {
      await this.mark(action, item);
      if (action === "archive") this.#notice("bell_archived", "bell_undo", () => this.#markAndSay("unarchive", item));
      else if (action === "unarchive") this.#notice(null);
    } catch {
      const text = action === "archive" ? "bell_not_archived" : "bell_not_saved";
      this.#notice(text, "bell_retry", () => this.#markAndSay(action, item));
    }
  }

  async #readAll() {
    if (this.#parts.readAll.getAttribute("aria-disabled") === "true") return;
    try {
      await this.#inbox.readAll();
      this.#notice(null);
      this.#actions.speak(this.#t("bell_all_read"));
    } catch {
      this.#notice("bell_not_saved", "bell_retry", () => this.#readAll());
    }
  }

  async #readRooms() {
    try {
      await this.#client.markRoomsRead();
      this.#notice(null);
    } catch {
      this.#notice("bell_not_saved", "bell_retry", () => this.#readRooms());
    }
  }

  #filter(isUnreadOnly) {
    if (isUnreadOnly === this.#isUnreadOnly) return;
    this.#isUnreadOnly = isUnreadOnly;
    this.#wasLoaded = false;
    this.#list.show([], true);
    this.#inbox.close();
    this.#fetch();
    this.render();
  }

  #retry() {
    if (this.#client.state !== "open") this.#client.reconnect();
    if (this.#inbox.problem !== null) this.#loadAgain();
  }

  /** Fetch what could not be fetched. */
  #loadAgain() {
    if (this.#inbox.isLoading) return;
    if (this.#inbox.isLoaded && this.#inbox.items.length > 0) this.#inbox.loadMore();
    else this.#inbox.load();
  }

  /** Make an inbox, and fetch its first page. */
  #fetch() {
    this.#inbox = new Inbox(this.#client, this.#isUnreadOnly ? { unread: true } : {});
    const inbox = this.#inbox;
    inbox.addEventListener("change", () => inbox === this.#inbox && this.render());
    inbox.load();
  }

  /** Mark what is listed as seen. A failure shows nowhere: the next opening tries again. */
  #markSeen(items) {
    const newest = Math.max(-1, ...items.filter((item) => !item.seen_at).map((item) => item.position ?? -1));
    if (newest <= this.#seenUpTo || document.hidden || this.#client.state !== "open") return;
    this.#seenUpTo = newest;
    this.#client.mark("seen", { up_to: newest }).catch(() => {});
  }

  // What is shown

  /** Put the panel below the button, or above it where there is more room. A phone shows it on the whole screen. */
  #place() {
    const box = this.#button.getBoundingClientRect();
    const width = this.#box.offsetWidth;
    const left = getComputedStyle(this.#box).direction === "rtl" ? box.left : box.right - width;
    const below = innerHeight - box.bottom - 2 * GAP;
    const isBelow = below >= MIN_HEIGHT || below >= box.top - 2 * GAP;
    const { style } = this.#box;
    style.left = `${Math.max(GAP, Math.min(left, document.documentElement.clientWidth - width - GAP))}px`;
    style.top = isBelow ? `${box.bottom + GAP}px` : "auto";
    style.bottom = isBelow ? "auto" : `${innerHeight - box.top + GAP}px`;
    style.maxHeight = `${Math.min(MAX_HEIGHT, isBelow ? below : box.top - 2 * GAP)}px`;
  }

  #build() {
    const parts = this.#parts;
    const button = (classes, name, onclick, more = {}) =>
      make("button", { type: "button", class: classes, onclick, ...more }, name === null ? null : icon(name));
    const closeButton = () => button("quiet square close", "close", () => this.#box.hidePopover());
    parts.title = make("h2");
    parts.settingsButton = button("quiet square", "settings", () => this.#openSettings(), { part: "settings-button" });
    parts.close = closeButton();
    parts.all = button("", null, () => this.#filter(false));
    parts.unread = button("", null, () => this.#filter(true));
    parts.filters = make("div", { class: "filters", role: "group" }, parts.all, parts.unread);
    parts.readAll = button("link", null, () => this.#readAll(), { part: "read-all" });
    parts.strip = make("div", { class: "strip", part: "connection", role: "status", hidden: true });
    parts.rooms = make("div", { class: "rooms", part: "rooms", hidden: true });
    parts.state = make("div");
    parts.more = button("button", null, () => this.#loadAgain());
    parts.foot = make("div", { class: "foot", hidden: true }, parts.more);
    parts.scroll = make("div", { class: "scroll", part: "scroll" }, parts.rooms, this.#list.element, parts.state, parts.foot);
    parts.inbox = make("div", { class: "view" },
      make("div", { class: "header", part: "header" }, parts.title, parts.settingsButton, parts.close),
      make("div", { class: "bar" }, parts.filters, parts.readAll), parts.strip, parts.scroll);
    parts.back = button("quiet square back", "back", () => this.#closeSettings());
    parts.settingsTitle = make("h2");
    parts.settingsClose = closeButton();
    parts.settingsBody = make("div", { class: "view" });
    parts.settings = make("div", { class: "view settings", part: "settings", hidden: true },
      make("div", { class: "header" }, parts.back, parts.settingsTitle, parts.settingsClose), parts.settingsBody);
    parts.notice = make("div", { class: "strip notice", part: "notice", role: "status", hidden: true });
    parts.observer = new IntersectionObserver(([entry]) => {
      if (entry.isIntersecting && this.#inbox?.problem === null) this.#loadAgain();
    }, { root: parts.scroll, rootMargin: "200px" });
    parts.observer.observe(parts.foot);
    return [parts.inbox, parts.settings, parts.notice, this.#list.menu];
  }

  /** Set the texts that do not change. */
  #name() {
    const t = this.#t;
    const parts = this.#parts;
    parts.filters.setAttribute("aria-label", t("bell_filter"));
    const texts = { title: "bell_title", settingsTitle: "bell_settings", all: "bell_all", unread: "bell_unread_only", readAll: "bell_read_all" };
    for (const [name, key] of Object.entries(texts)) parts[name].textContent = t(key);
    const labels = { settingsButton: "bell_settings", close: "bell_close", settingsClose: "bell_close", back: "bell_back" };
    for (const [name, key] of Object.entries(labels)) {
      parts[name].setAttribute("aria-label", t(key));
      parts[name].title = t(key);
    }
    delete parts.state.dataset.shown;
  }

  /** Return what stands in place of rows: the name of a state; `list` for rows alone. */
  #stateOf(isReady, count, problem) {
    const { state, reason } = this.#client;
    if (state === "closed" && reason === "signed_out") return "signed_out";
    if (problem !== null && count === 0) return "failed";
    if (!isReady) return "loading";
    if (count > 0 || this.#inbox.hasMore) return "list";
    return this.#isUnreadOnly ? "none_unread" : "none";
  }

  #makeState(state) {
    if (state === "list") return [];
    if (state === "loading") return [make("p", { class: "spoken" }, this.#t("bell_loading")), ...skeleton()];
    const name = { signed_out: "people", none_unread: "check" }[state] ?? "bell";
    return [this.#blank(name, `bell_${state}`, `bell_${state}_hint`, state === "failed" ? () => this.#retry() : null)];
  }

  #blank(name, title, hint, retry) {
    return make("div", { class: "blank", part: "blank" }, icon(name), make("strong", {}, this.#t(title)),
      make("p", {}, this.#t(hint)),
      retry === null ? null : make("button", { type: "button", class: "button", onclick: retry }, this.#t("bell_retry")));
  }

  #renderConnection() {
    const { strip } = this.#parts;
    const { state, reason, nextAttemptAt } = this.#client;
    clearTimeout(this.#timers.countdown);
    const seconds = Math.ceil(((nextAttemptAt ?? 0) - Date.now()) / 1000);
    let text = null;
    if (state === "waiting" && seconds > 0) text = this.#t("bell_waiting", { count: seconds });
    else if (state === "waiting" || state === "connecting") text = this.#t("bell_connecting");
    else if (state === "closed" && reason !== "signed_out" && !SILENT_REASONS.has(reason)) text = this.#t(CLOSED.has(reason) ? `bell_closed_${reason}` : "bell_closed");
    if (state === "waiting") this.#timers.countdown = setTimeout(() => this.#renderConnection(), 1_000);
    if (strip.dataset.shown === `${state} ${text}`) return;
    strip.dataset.shown = `${state} ${text}`;
    strip.hidden = text === null;
    strip.classList.toggle("is-danger", state === "closed");
    strip.classList.toggle("is-late", state === "connecting");
    const retry = state === "connecting" || text === null ? null : strip.querySelector("button") ??
      make("button", { type: "button", class: "link", onclick: () => this.#retry() }, this.#t("bell_retry_now"));
    // Only the text changes each second: screen readers need not say it again, and the button keeps its focus.
    const countdown = make("span", state === "waiting" ? { "aria-live": "off" } : {}, text ?? "");
    if (retry !== null && strip.lastElementChild === retry) strip.firstElementChild.replaceWith(countdown);
    else strip.replaceChildren(countdown, ...(retry === null ? [] : [retry]));
  }

  /** The count includes messages in rooms: say so, and offer to clear them. */
  #renderRooms() {
    const { rooms } = this.#parts;
    const count = Object.values(this.#client.unread?.rooms ?? {}).reduce((sum, unread) => sum + unread, 0);
    rooms.hidden = count === 0;
    if (rooms.dataset.count === String(count)) return;
    rooms.dataset.count = String(count);
    const read = make("button", { type: "button", class: "link", onclick: () => this.#readRooms() }, this.#t("bell_mark_read"));
    rooms.replaceChildren(make("span", {}, this.#t("bell_rooms", { count })), read);
  }

  /** Show a line at the bottom. text, label: keys of words. run: what the button with the label does. */
  #notice(text, label = null, run = null) {
    clearTimeout(this.#timers.notice);
    const { notice } = this.#parts;
    notice.hidden = text === null;
    notice.replaceChildren();
    if (text === null) return;
    notice.append(make("span", {}, this.#t(text)));
    if (label !== null) notice.append(make("button", { type: "button", class: "link", onclick: run }, this.#t(label)));
    this.#timers.notice = setTimeout(() => this.#notice(null), NOTICE_MS);
  }

  // Settings

  async #openSettings() {
    const { inbox, settings, settingsBody, back } = this.#parts;
    this.#notice(null);
    settingsBody.replaceChildren(...skeleton());
    inbox.hidden = true;
    settings.hidden = false;
    back.focus();
    try {
      const { BellSettings } = await import("./lumen-bell-settings.js");
      if (settings.hidden) return;
      this.#settings = new BellSettings(this.#client, this.#choices, this.#t, (text) => this.#notice(text));
      await this.#fillSettings();
    } catch {
      settingsBody.replaceChildren(this.#blank("settings", "bell_settings_failed", "bell_failed_hint", () => this.#openSettings()));
    }
  }

  async #fillSettings() {
    const made = this.#settings;
    if (made === null) return;
    const listed = this.#inbox.items.map((item) => item.category);
    await made.load(new Set([...listed, ...Object.keys(this.#client.unread?.categories ?? {})]));
    if (this.#settings === made && !made.element.isConnected) this.#parts.settingsBody.replaceChildren(made.element);
  }

  #closeSettings() {
    const { inbox, settings, settingsButton } = this.#parts;
    if (settings.hidden) return;
    const hadFocus = settings.contains(this.#box.getRootNode().activeElement);
    this.#settings = null;
    settings.hidden = true;
    inbox.hidden = false;
    if (hadFocus && this.#opening !== null) settingsButton.focus();
  }
}

/** Make the rows that stand for those being loaded. */
function skeleton() {
  const bone = () => make("div", { class: "bone", "aria-hidden": "true" }, make("i"), make("div", {}, make("i"), make("i")));
  return Array.from({ length: SKELETON_ROWS }, bone);
}
