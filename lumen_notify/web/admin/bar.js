// Bar: the product, the state of the connection, and the menu of the administrator; and a strip that says what is wrong.

import { avatar, make } from "../client/lumen-theme.js";
import { brand } from "../page/brand.js";
import { Menu } from "../page/menu.js";
import { addressOf } from "./place.js";

const THEMES = [null, "light", "dark"];

/** Reasons that a new token mends. */
const TOKEN = new Set(["expired", "revoked", "forbidden"]);

export class Bar {
  element;
  strip;
  #t;
  #feed;
  #actions;
  #theme;
  #user = null;
  #menu = make("span"); // until there is one
  #live = make("span", { class: "live" });
  #text = make("span", { role: "status" });
  #countdown = make("span", { class: "countdown", "aria-hidden": "true" });
  #retry;
  #renew;
  #timer = null;

  /** actions: `{reconnect(), newToken(), setTheme(theme), signOut()}`. */
  constructor({ t, user, feed, theme, actions }) {
    this.#t = t;
    this.#feed = feed;
    this.#actions = actions;
    this.#theme = theme;
    this.#retry = make("button", { type: "button", class: "link", onclick: actions.reconnect }, t("page_connect_now"));
    this.#renew = make("button", { type: "button", class: "link", onclick: actions.newToken }, t("admin_new_token"));
    this.element = make("header", { class: "top" },
      make("a", { class: "home-link", href: addressOf("overview") }, brand(), " ", make("span", { class: "badge" }, t("admin_badge"))),
      make("span", { class: "space" }), this.#live, this.#menu);
    this.strip = make("div", { class: "strip", hidden: true }, this.#text, this.#countdown, this.#retry, this.#renew);
    feed.addEventListener("state", () => this.#change());
    this.setUser(user);
    this.#change();
  }

  setTheme(theme) {
    this.#theme = theme;
    this.setUser(this.#user);
  }

  setUser(user) {
    const t = this.#t;
    this.#user = user;
    const face = avatar({ id: user.id, username: user.name, avatar: user.avatar });
    const menu = new Menu(t("page_menu_of", { name: user.name }), [face, make("bdi", { class: "user-name" }, user.name)], "user-button");
    menu.show([
      make("div", { class: "menu-head" }, t("page_signed_in_as"), " ", make("bdi", {}, make("strong", {}, user.name))),
      { label: t("admin_new_token"), run: this.#actions.newToken },
      make("div", { class: "menu-head" }, t("page_theme")),
      ...THEMES.map((each) => ({ label: t(`page_theme_${each ?? "system"}`), isChecked: each === this.#theme, run: () => this.#actions.setTheme(each) })),
      make("div", { class: "menu-line", role: "separator" }),
      { label: t("page_sign_out"), run: this.#actions.signOut },
    ]);
    const hadFocus = this.#menu.contains(document.activeElement);
    this.#menu.replaceWith(menu.element);
    if (hadFocus) menu.element.querySelector("button").focus();
    this.#menu = menu.element;
  }

  #change() {
    const { state, reason } = this.#feed;
    clearInterval(this.#timer);
    this.#live.dataset.state = state;
    this.#live.textContent = this.#t(`admin_state_${state}`);
    const isOver = state === "closed" && reason !== "stopped";
    this.#renew.hidden = !(isOver && TOKEN.has(reason));
    this.#retry.hidden = state !== "waiting" && !isOver;
    if (state === "open" || reason === "stopped" && state === "closed") this.strip.hidden = true;
    else if (state === "waiting") {
      this.#say(this.#t("admin_interrupted"));
      this.#timer = setInterval(() => this.#count(), 1000);
      this.#count();
    } else if (isOver) {
      this.#say(this.#t(TOKEN.has(reason) ? `admin_closed_${reason}` : "page_closed"));
    }
    if (state !== "waiting") this.#countdown.textContent = "";
  }

  #say(text) {
    this.strip.hidden = false;
    if (this.#text.textContent !== text) this.#text.textContent = text; // announce once, not at every attempt
  }

  #count() {
    const seconds = Math.ceil(((this.#feed.nextAttemptAt ?? 0) - Date.now()) / 1000);
    this.#countdown.textContent = seconds > 0 ? this.#t("page_next_attempt", { count: seconds }) : "";
  }
}
