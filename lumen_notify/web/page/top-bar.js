// TopBar: the product, the way back on a phone, the bell, and the menu of the user.

import { avatar, icon, make } from "../client/lumen-theme.js";
import { brand } from "./brand.js";
import { Menu } from "./menu.js";
import { HOME, SETTINGS, go } from "./place.js";
import { setTheme } from "./themes.js";

const THEMES = [null, "light", "dark"];

export class TopBar {
  element;
  #t;
  #bell;
  #menu;
  #name;
  #actions;

  /**
   * user: `{id, name}`. actions: `{signOut(), signOutEverywhere() or null, tryOut() or null, setTheme(theme), open(event)}`;
   * open: called with a click on a notification of the bell.
   */
  constructor({ t, client, user, theme, actions }) {
    this.#t = t;
    this.#name = user.name;
    this.#actions = actions;
    this.#bell = make("lumen-bell", { lang: document.documentElement.lang });
    this.#bell.client = client;
    this.#bell.addEventListener("notification-click", actions.open);
    const face = avatar({ id: user.id, username: user.name, avatar: user.avatar });
    this.#menu = new Menu(t("page_menu_of", { name: user.name }), [face, make("bdi", { class: "user-name" }, user.name)], "user-button");
    this.element = make("header", { class: "top" },
      make("a", { class: "icon-button back", href: HOME, "aria-label": t("page_to_rooms"), title: t("page_to_rooms") }, icon("back")),
      make("a", { class: "home-link", href: HOME, "aria-label": t("page_home") }, brand()),
      make("span", { class: "space" }), this.#bell, this.#menu.element);
    this.setTheme(theme);
  }

  setTheme(theme) {
    const t = this.#t;
    const { signOut, signOutEverywhere, tryOut, setTheme: choose } = this.#actions;
    setTheme(this.#bell, theme);
    this.#menu.show([
      make("div", { class: "menu-head" }, t("page_signed_in_as"), " ", make("bdi", {}, make("strong", {}, this.#name))),
      { label: t("page_settings"), run: () => go(SETTINGS) },
      ...(tryOut ? [{ label: t("page_try_out"), run: tryOut }] : []),
      make("div", { class: "menu-head" }, t("page_theme")),
      ...THEMES.map((each) => ({ label: t(`page_theme_${each ?? "system"}`), isChecked: each === theme, run: () => choose(each) })),
      make("div", { class: "menu-line", role: "separator" }),
      { label: t("page_sign_out"), run: signOut },
      ...(signOutEverywhere ? [{ label: t("page_sign_out_everywhere"), run: signOutEverywhere }] : []),
    ]);
  }
}
