// Users: all whom the server knows, or whom a search finds.

import { make } from "../client/lumen-theme.js";
import { chip, person } from "./ask.js";
import { glyph } from "./drawing.js";
import { List } from "./list.js";

/** How long after the last key a search begins. */
const PAUSE_MS = 300;

export function makeUsers(tools) {
  const { t, api, explain, kept } = tools;
  const search = make("input", { type: "search", name: "query", value: kept.users, maxLength: 128, placeholder: t("admin_find_user_hint"), autocomplete: "off", autocapitalize: "none", spellcheck: false, "aria-label": t("admin_find_user"), oninput: wait });
  const list = new List({
    t, explain, label: t("admin_place_users"), empty: "admin_users_empty", picture: "users",
    columns: ["admin_user", "admin_username", "admin_state"],
    load: (options) => api.users(search.value.trim(), options),
    row: (user) => [person(user), user.username === null ? make("span", { class: "muted" }, "–") : make("bdi", {}, user.username), stateOf(t, user)],
  });
  const help = make("p", { class: "help" });
  let timer = null;

  function wait() {
    clearTimeout(timer);
    timer = setTimeout(load, PAUSE_MS);
  }

  function load() {
    clearTimeout(timer);
    kept.users = search.value.trim();
    help.textContent = t(kept.users === "" ? "admin_users_known" : "admin_users_found", { query: kept.users });
    list.reload();
  }

  load();
  const form = make("form", { class: "search", role: "search", onsubmit: (event) => {
    event.preventDefault();
    load();
  } }, glyph("search"), search);
  const element = make("div", { class: "view" }, make("div", { class: "view-head" }, make("h1", {}, t("admin_place_users")), make("span", { class: "space" }), list.refresh()), form, help, list.element);
  return { element, close: () => clearTimeout(timer) };
}

export function stateOf(t, { is_online: isOnline }) {
  return isOnline ? chip(t("page_online"), "good") : chip(t("admin_offline"));
}
