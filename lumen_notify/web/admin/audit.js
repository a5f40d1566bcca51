// Audit: what administrators did, newest first, by whom and about what.

import { make } from "../client/lumen-theme.js";
import { field } from "../page/dialog.js";
import { chip, when } from "./ask.js";
import { List } from "./list.js";
import { wordOr } from "./overview.js";
import { addressOf } from "./place.js";

export function makeAudit(tools) {
  const { t, api, explain } = tools;
  const actor = input("actor", 128);
  const target = input("target", 160);
  const list = new List({
    t, explain, label: t("admin_place_audit"), empty: "admin_audit_empty", picture: "audit",
    columns: ["admin_at", "admin_actor", "admin_action", "admin_target", "admin_details"],
    load: (options) => api.audit({ ...options, actor: actor.value.trim(), target: target.value.trim() }),
    row: (entry) => [when(tools, entry.at, { isFull: true }), make("bdi", {}, entry.actor), chip(wordOr(t, `admin_did_${entry.action.replaceAll(".", "_")}`, entry.action)),
      targetOf(entry.target), detailsOf(entry.details)],
  });
  const form = make("form", { class: "filters", onsubmit: (event) => {
    event.preventDefault();
    list.reload();
  } }, field(t("admin_actor"), actor), field(t("admin_target"), target), make("button", { class: "quiet" }, t("admin_search")));
  list.reload();
  const element = make("div", { class: "view" }, make("div", { class: "view-head" }, make("h1", {}, t("admin_place_audit")), make("span", { class: "space" }), list.refresh()),
    make("p", { class: "help" }, t("admin_audit_help")), form, list.element);
  return { element };
}

function input(name, maxLength) {
  return make("input", { name, maxLength, autocomplete: "off", autocapitalize: "none", spellcheck: false });
}

/** Users and rooms have a page. */
function targetOf(target) {
  if (target === null) return make("span", { class: "muted" }, "–");
  const [, kind, id] = /^(user|room):(.*)$/su.exec(target) ?? [];
  const text = make("bdi", { class: "id" }, target);
  return kind === undefined ? text : make("a", { href: addressOf(`${kind}s`, id) }, text);
}

/** What is not so, or not known, is left out. */
function detailsOf(details) {
  const parts = Object.entries(details ?? {}).filter(([, value]) => value !== null && value !== false);
  if (parts.length === 0) return make("span", { class: "muted" }, "–");
  return make("span", { class: "details" }, ...parts.map(([name, value]) =>
    make("span", {}, make("span", { class: "muted" }, `${name} `), value === true ? "" : make("bdi", {}, Array.isArray(value) ? value.join(", ") : String(value)))));
}
