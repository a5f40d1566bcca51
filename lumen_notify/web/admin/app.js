// App: the page of the administrator who is signed in: the parts around the view that the address names, and its stream.

import { userOf } from "../client/lumen-notify.js";
import { make } from "../client/lumen-theme.js";
import { field, openDialog } from "../page/dialog.js";
import { explain } from "../page/problems.js";
import { chosenTheme, keepTheme, setTheme } from "../page/themes.js";
import { Api, SCOPE } from "./api.js";
import { keepFocus } from "./ask.js";
import { makeAudit } from "./audit.js";
import { Bar } from "./bar.js";
import { makeCategories } from "./categories.js";
import { makeDeadLetters } from "./dead-letters.js";
import { glyph } from "./drawing.js";
import { Feed } from "./feed.js";
import { History } from "./history.js";
import { Numbers } from "./numbers.js";
import { Overview, figuresOf } from "./overview.js";
import { PLACES, addressOf, placeOf } from "./place.js";
import { makeRoom } from "./room.js";
import { makeRooms } from "./rooms.js";
import { makeScheduled } from "./scheduled.js";
import { makeSend } from "./send.js";
import { Toast } from "./toast.js";
import { makeUser } from "./user.js";
import { makeUsers } from "./users.js";

/** The view of each place: `(tools, id) -> {element, close?, show?}`; `show` gets the figures of the stream. */
const VIEWS = {
  overview: (tools) => new Overview(tools),
  users: (tools, id) => (id === null ? makeUsers(tools) : makeUser(tools, id)),
  send: makeSend,
  scheduled: makeScheduled,
  rooms: (tools, id) => (id === null ? makeRooms(tools) : makeRoom(tools, id)),
  categories: makeCategories,
  push: makeDeadLetters,
  audit: makeAudit,
};

export class App {
  element = make("div", { class: "admin" });
  #t;
  #session;
  #onEnd;
  #api;
  #feed;
  #bar;
  #tools;
  #history = new History();
  #figures = null; // the newest ones
  #view = null;
  #links = new Map();
  #main = make("main", { class: "content", tabIndex: -1 });
  #closing = new AbortController();

  /** onEnd: called with the sentence for the sign-in form, once. */
  constructor({ t, language, session, onEnd }) {
    this.#t = t;
    this.#session = session;
    this.#onEnd = onEnd;
    this.#api = new Api(session);
    this.#feed = new Feed(this.#api.streamUrl, (isNew) => this.#api.token(isNew));
    const toast = new Toast();
    this.#tools = {
      t, language, numbers: new Numbers(language), api: this.#api, scopes: session.user.scopes, explain: (problem) => explain(t, problem), toast, history: this.#history,
      kept: { range: "minutes", users: "", rooms: "" }, // what was chosen last
    };
    const actions = {
      reconnect: () => this.#feed.reconnect(),
      newToken: () => this.#newToken(),
      setTheme: (theme) => this.#chooseTheme(theme),
      signOut: () => this.#end(""),
    };
    this.#bar = new Bar({ t, user: session.user, feed: this.#feed, theme: chosenTheme(), actions });
    const entries = PLACES.map((name) => {
      const link = make("a", { class: "place", href: addressOf(name) }, glyph(name), make("span", {}, t(`admin_place_${name}`)));
      this.#links.set(name, link);
      return make("li", {}, link);
    });
    const nav = make("nav", { class: "places", "aria-label": t("admin_places") }, make("ul", { role: "list" }, ...entries));
    this.element.append(this.#bar.element, this.#bar.strip, nav, this.#main, toast.element);
    const { signal } = this.#closing;
    addEventListener("hashchange", () => this.#show(), { signal });
    document.addEventListener("visibilitychange", () => this.#draw(), { signal });
    this.#feed.addEventListener("figures", ({ detail }) => this.#take(detail), { signal });
    this.#feed.addEventListener("state", () => this.#main.toggleAttribute("data-stale", this.#feed.state !== "open"), { signal });
    this.#feed.start();
    this.#show();
  }

  close() {
    this.#closing.abort();
    this.#feed.stop();
    this.#view?.close?.();
    this.element.remove();
  }

  #take(figures) {
    this.#figures = figures;
    this.#history.add(Date.now(), figuresOf(figures));
    this.#title();
    this.#draw();
  }

  /** A tab in the background shows an outage, too. */
  #title() {
    const { name, id } = placeOf(location.hash);
    const sign = this.#figures?.outages?.length > 0 ? "⚠ " : "";
    const title = `${sign}${id ?? this.#t(`admin_place_${name}`)} · ${this.#t("admin_title")}`;
    if (document.title !== title) document.title = title;
  }

  /** Nothing is drawn while nobody can see it. */
  #draw() {
    if (this.#figures !== null && document.visibilityState === "visible") this.#view?.show?.(this.#figures);
  }

  #show() {
    const { name, id } = placeOf(location.hash);
    const hadFocus = this.#main.contains(document.activeElement);
    this.#view?.close?.();
    this.#view = VIEWS[name](this.#tools, id);
    this.#main.replaceChildren(this.#view.element);
    this.#main.scrollTop = 0;
    if (hadFocus) this.#main.focus({ preventScroll: true });
    for (const [each, link] of this.#links) {
      if (each === name) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    this.#links.get(name).scrollIntoView?.({ block: "nearest", inline: "nearest" });
    this.#title();
    this.#draw();
  }

  #chooseTheme(theme) {
    keepTheme(theme);
    setTheme(document.documentElement, theme);
    this.#bar.setTheme(theme);
  }

  /** Go on with another token: what is on the page stays. */
  #newToken() {
    const t = this.#t;
    const input = make("input", { name: "token", type: "password", autocomplete: "off", autocapitalize: "none", spellcheck: false, required: true });
    openDialog({
      t, title: t("admin_new_token"), help: t("admin_new_token_help"), fields: [field(t("page_token"), input)], button: t("page_continue"),
      explain: (error) => error.message,
      submit: async () => {
        const user = userOf(input.value.trim());
        if (user === null) throw new Error(t("page_not_a_token"));
        if (!user.scopes.includes(SCOPE)) throw new Error(t("admin_scope_missing"));
        this.#session.beginWith(input.value);
        this.#api.changeToken();
        this.#tools.scopes = user.scopes;
        this.#bar.setUser(user);
        if (this.#main.querySelector(".failed [role=alert]")) this.#show(); // what the last token could not load
        this.#feed.reconnect();
        setTimeout(keepFocus); // once the dialog is closed
      },
    });
  }

  #end(reason) {
    if (this.#closing.signal.aborted) return;
    this.#session.end();
    this.#onEnd(reason);
  }
}
