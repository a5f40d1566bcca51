// Categories: their definitions, to change and to delete.

import { make } from "../client/lumen-theme.js";
import { field, openDialog } from "../page/dialog.js";
import { ask, chip } from "./ask.js";
import { List } from "./list.js";

const PRIORITIES = ["", "low", "normal", "high", "urgent"];
const PUSH_CONTENTS = ["", "full", "title", "none"];
const OVER = ["refuse", "delay", "merge"];
const NEW = { in_app: true, push: true, may_mute: true, priority: null, limits: null, push_content: null };

export function makeCategories(tools) {
  const { t, api, explain, toast } = tools;
  const yes = (isOn) => make("span", { class: isOn ? "" : "muted" }, t(isOn ? "admin_yes" : "admin_no"));
  const list = new List({
    t, explain, label: t("admin_place_categories"), empty: "admin_categories_empty", picture: "categories",
    columns: ["admin_name", "admin_in_app", "admin_push", "admin_may_mute", "admin_priority", "admin_limit", "_admin_actions"],
    load: api.categories,
    row: (one) => [chip(one.name), yes(one.in_app), yes(one.push), yes(one.may_mute), one.priority === null ? make("span", { class: "muted" }, "–") : t(`admin_priority_${one.priority}`),
      one.limits === null ? make("span", { class: "muted" }, "–") : make("span", {}, one.limits.per_recipient, " ", make("span", { class: "muted" }, t(`admin_over_${one.limits.over}`))), buttons(one)],
  });

  function buttons(one) {
    return make("span", { class: "buttons" },
      make("button", { type: "button", class: "quiet small", "aria-label": t("admin_change_of", { name: one.name }), onclick: () => edit(one) }, t("admin_change")),
      make("button", { type: "button", class: "danger small", "aria-label": t("admin_delete_of", { name: one.name }), onclick: () => ask(tools, {
        title: "admin_delete_category_title", help: "admin_delete_category_help", button: "admin_delete", done: "admin_category_deleted", values: { name: one.name },
        act: async () => {
          await api.removeCategory(one.name);
          await list.reload();
        },
      }) }, t("admin_delete")));
  }

  /** one: null for a new one. */
  function edit(one) {
    const definition = one ?? NEW;
    const check = (name, label, help) => make("label", { class: "check" }, make("input", { type: "checkbox", name, checked: definition[name] }), make("span", {}, t(label), make("span", { class: "help" }, t(help))));
    openDialog({
      t, explain, title: one === null ? t("admin_new_category") : t("admin_change_of", { name: one.name }), button: t("admin_save"),
      fields: [
        one === null ? field(t("admin_name"), make("input", { name: "name", required: true, maxLength: 64, pattern: "[a-z0-9][a-z0-9_.\\-]*", autocomplete: "off", autocapitalize: "none", spellcheck: false }), t("admin_name_help")) : "",
        check("in_app", "admin_in_app", "admin_in_app_help"), check("push", "admin_push", "admin_push_help"), check("may_mute", "admin_may_mute", "admin_may_mute_help"),
        field(t("admin_priority"), choice("priority", PRIORITIES, definition.priority ?? "", (value) => t(`admin_priority_${value || "none"}`))),
        field(t("admin_push_content"), choice("push_content", PUSH_CONTENTS, definition.push_content ?? "", (value) => t(`admin_push_content_${value || "default"}`))),
        make("div", { class: "field-row" },
          field(t("admin_limit"), make("input", { name: "per_recipient", value: definition.limits?.per_recipient ?? "", pattern: "[1-9][0-9]*/(second|minute|hour|day)", placeholder: "20/hour", autocomplete: "off" })),
          field(t("admin_over"), choice("over", OVER, definition.limits?.over ?? "refuse", (value) => t(`admin_over_${value}`)))),
      ],
      submit: async (form) => {
        const name = one?.name ?? form.get("name");
        await api.define(name, {
          in_app: form.has("in_app"), push: form.has("push"), may_mute: form.has("may_mute"), priority: form.get("priority") || null, push_content: form.get("push_content") || null,
          limits: form.get("per_recipient") ? { per_recipient: form.get("per_recipient"), over: form.get("over") } : null,
        });
        toast.say(t("admin_category_saved", { name }));
        list.reload();
      },
    });
  }

  list.reload();
  const element = make("div", { class: "view" }, make("div", { class: "view-head" }, make("h1", {}, t("admin_place_categories")), make("span", { class: "space" }), list.refresh(),
    make("button", { type: "button", class: "primary", onclick: () => edit(null) }, t("admin_new_category"))),
    make("p", { class: "help" }, t("admin_categories_help")), list.element);
  return { element };
}

export function choice(name, values, chosen, label) {
  return make("select", { name }, ...values.map((value) => make("option", { value, selected: value === chosen }, label(value))));
}
