// Scheduled: the notifications that are to be published, soonest first, each with a way to cancel it.

import { make } from "../client/lumen-theme.js";
import { ask, chip, when } from "./ask.js";
import { List } from "./list.js";

export function makeScheduled(tools) {
  const { t, api, explain } = tools;
  const list = new List({
    t, explain, label: t("admin_place_scheduled"), empty: "admin_scheduled_empty", picture: "scheduled",
    columns: ["admin_deliver_at", "admin_to", "admin_category", "admin_content", "_admin_actions"],
    load: api.scheduled,
    row: (one) => [when(tools, one.deliver_at, { isFull: true }), toOf(t, one.to), chip(one.category), textOf(one),
      make("button", { type: "button", class: "danger small", onclick: () => ask(tools, {
        title: "admin_cancel_title", help: "admin_cancel_help", button: "admin_cancel_scheduled", done: "admin_cancelled",
        act: async () => {
          await api.cancel(one.id);
          await list.reload();
        },
      }) }, t("admin_cancel_scheduled"))],
  });
  list.reload();
  const element = make("div", { class: "view" }, make("div", { class: "view-head" }, make("h1", {}, t("admin_place_scheduled")), make("span", { class: "space" }), list.refresh(),
    make("a", { class: "quiet", href: "#/send" }, t("admin_schedule_one"))), list.element);
  return { element };
}

/** Make the text of whom a notification goes to. */
export function toOf(t, to) {
  if (to.all) return make("span", {}, t("admin_everyone"));
  if (to.room !== undefined) return make("span", {}, t("admin_room"), " ", make("bdi", {}, to.room));
  const users = to.users ?? [to.user];
  if (users.length > 1) return make("span", {}, t("admin_users_count", { count: users.length }));
  return make("bdi", {}, users[0]);
}

/** Make the title and the content of a notification, as text. */
export function textOf({ title, content }) {
  return make("span", { class: "said" }, title ? make("bdi", { class: "said-title" }, title) : null, make("bdi", { class: "said-text" }, content));
}
