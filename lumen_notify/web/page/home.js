// Home: the middle of the page when no room is open: what to do first.

import { icon, make } from "../client/lumen-theme.js";

/** demoUsers: those of the server, without the signed-in user; empty where there are none. forms: the RoomForms. */
export function makeHome({ t, name, demoUsers, forms }) {
  const step = (symbol, title, text, action) =>
    make("li", { class: "step" }, make("span", { class: "face", "aria-hidden": "true" }, icon(symbol)),
      make("div", { class: "step-text" }, make("h2", {}, title), make("p", {}, text)), action);
  const button = (key, run) => make("button", { type: "button", class: "quiet", onclick: run }, t(key));
  const other = demoUsers[0];
  const steps = [
    other && step("people", t("page_step_second", { name: other.name }), t("page_step_second_help", { name: other.name }),
      make("a", { class: "primary", href: `#as=${other.username}`, target: "_blank", rel: "noopener" }, t("page_open_second_tab", { name: other.name }))),
    step("send", t("page_new_message"), t("page_step_message_help"), button("page_new_message", () => forms.newMessage())),
    step("plus", t("page_new_room"), t("page_step_room_help"), button("page_new_room", () => forms.newRoom())),
    other && step("bell", t("page_step_bell"), t("page_step_bell_help"), button("page_try_out", () => forms.tryOut())),
  ];
  return make("section", { class: "home" }, make("h1", {}, t("page_welcome", { name })), make("p", { class: "lead" }, t("page_welcome_help")),
    make("ul", { class: "steps", role: "list" }, ...steps.filter(Boolean)));
}
