// Send: a notification to a user, a room or all, with how it will look, and to how many it goes.

import { icon, make } from "../client/lumen-theme.js";
import { field, openDialog } from "../page/dialog.js";
import { choice } from "./categories.js";
import { addressOf, aimOf } from "./place.js";

const AIMS = ["user", "room", "all"];
const PRIORITIES = ["low", "normal", "high", "urgent"];
const PUSHES = ["offline", "always", "never"];
const PAUSE_MS = 400;

export function makeSend(tools, id) {
  const { t, api, explain, toast, numbers } = tools;
  const text = (name, more) => make("input", { name, autocomplete: "off", ...more });
  const [aim, who] = aimOf(id);
  const aims = AIMS.map((value) => make("label", {}, make("input", { type: "radio", name: "aim", value, checked: value === aim }), make("span", {}, t(`admin_aim_${value}`))));
  const target = text("target", { value: who, maxLength: 128, autocapitalize: "none", spellcheck: false });
  const targetLabel = make("span", { class: "field-label" });
  const targetField = make("label", { class: "field" }, targetLabel, target);
  const problem = make("p", { class: "notice", role: "alert", hidden: true });
  const reach = make("p", { class: "reach", role: "status" });
  const preview = make("div", { class: "preview", "aria-label": t("admin_preview"), role: "group" });
  const button = make("button", { class: "primary" }, t("admin_review"));
  const form = make("form", { class: "card stack", onsubmit: review, oninput: changed },
    make("fieldset", { class: "segments aims" }, make("legend", { class: "field-label" }, t("admin_to")), ...aims), targetField,
    field(t("admin_title_of"), text("title", { maxLength: 200 })),
    field(t("admin_content"), make("textarea", { name: "content", rows: 4, maxLength: 8000, required: true })),
    field(t("admin_link"), text("url", { type: "text", inputMode: "url", maxLength: 2000 }), t("admin_link_help")),
    make("div", { class: "field-row" },
      field(t("admin_category"), text("category", { value: "system", required: true, maxLength: 64, pattern: "[a-z0-9][a-z0-9_.\\-]*", autocapitalize: "none", spellcheck: false })),
      field(t("admin_priority"), choice("priority", PRIORITIES, "normal", (value) => t(`admin_priority_${value}`)))),
    make("div", { class: "field-row" },
      field(t("admin_push"), choice("push", PUSHES, "offline", (value) => t(`admin_push_when_${value}`))),
      field(t("admin_send_later"), make("input", { type: "datetime-local", name: "deliver_at" }))),
    problem, make("div", { class: "dialog-buttons" }, button));
  let timer = null;
  let turn = 0;
  let aimed = null; // to whom the number of users was asked for

  function notification() {
    const given = new FormData(form);
    const name = given.get("target").trim();
    const to = { user: { user: name }, room: { room: name }, all: { all: true } }[given.get("aim")];
    const later = given.get("deliver_at");
    const optional = { title: given.get("title").trim(), url: given.get("url").trim(), deliver_at: later && new Date(later).toISOString() };
    return {
      to, category: given.get("category").trim(), content: given.get("content").trim(), priority: given.get("priority"), push: given.get("push"),
      ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value)),
    };
  }

  function changed() {
    const { to, title, content } = notification();
    targetField.hidden = "all" in to;
    target.required = !("all" in to);
    const isRoom = "room" in to;
    targetLabel.textContent = t(isRoom ? "admin_room_id" : "admin_user_id");
    preview.replaceChildren(make("span", { class: "face", "aria-hidden": "true" }, icon("bell")), make("div", { class: "preview-text" },
      make("strong", {}, make("bdi", {}, title || t("admin_no_title"))), make("bdi", { class: "said-text" }, content || t("admin_no_content")), make("span", { class: "help" }, t("admin_now"))));
    if (aimed === JSON.stringify(to)) return;
    aimed = JSON.stringify(to);
    clearTimeout(timer);
    turn += 1;
    reach.textContent = "";
    if ("all" in to || target.value.trim() !== "") timer = setTimeout(() => ask(to), PAUSE_MS);
  }

  async function ask(to) {
    const mine = (turn += 1);
    try {
      const found = await api.preview(to);
      if (mine === turn) reach.textContent = reaches(found);
      problem.hidden = true;
    } catch (error) {
      if (mine === turn) fail(error);
    }
  }

  function reaches({ reaches: count, is_more: isMore, online }) {
    const users = t(isMore ? "admin_reaches_more" : "admin_reaches", { count, number: numbers.count(count) });
    return online === null ? users : `${users} ${t("admin_reaches_online", { count: online, number: numbers.count(online) })}`;
  }

  async function review(event) {
    event.preventDefault();
    clearTimeout(timer);
    turn += 1;
    button.disabled = true;
    problem.hidden = true;
    const asked = notification();
    const key = crypto.randomUUID?.() ?? crypto.getRandomValues(new Uint32Array(4)).join("-");
    try {
      const found = await api.preview(asked.to);
      reach.textContent = reaches(found);
      confirm(asked, found, key);
    } catch (error) {
      fail(error);
    } finally {
      button.disabled = false;
    }
  }

  function confirm(asked, found, key) {
    const values = { count: found.reaches, number: numbers.count(found.reaches) };
    openDialog({
      t, explain, title: t("admin_send_title"), help: reaches(found), fields: [preview.cloneNode(true)], button: t(asked.deliver_at ? "admin_schedule" : "admin_send_to", values),
      submit: async () => {
        const sent = await api.publish(asked, key);
        toast.say(t(sent.status === "scheduled" || sent.status === "delayed" ? "admin_scheduled" : "admin_sent", values));
        for (const name of ["title", "content", "url", "deliver_at"]) form.elements[name].value = "";
        changed();
      },
    });
  }

  function fail(error) {
    problem.textContent = explain(error);
    problem.hidden = false;
    reach.textContent = "";
  }

  const missing = tools.scopes.includes("notify:publish") ? "" : make("p", { class: "warning" }, t("admin_publish_missing"));
  changed();
  const element = make("div", { class: "view" }, make("div", { class: "view-head" }, make("h1", {}, t("admin_place_send")), make("span", { class: "space" }), make("a", { class: "quiet", href: addressOf("scheduled") }, t("admin_place_scheduled"))),
    missing, make("div", { class: "send" }, form, make("section", { class: "card beside" }, make("h2", {}, t("admin_preview")), preview, reach)));
  return { element, close: () => clearTimeout(timer) };
}
