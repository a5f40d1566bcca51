// DeadLetters: the pushes that were given up, newest first, each with a way to try it again.

import { make } from "../client/lumen-theme.js";
import { chip, person, when } from "./ask.js";
import { List } from "./list.js";

export function makeDeadLetters(tools) {
  const { t, api, explain, toast } = tools;
  const list = new List({
    t, explain, label: t("admin_place_push"), empty: "admin_dead_letters_empty", picture: "push",
    columns: ["admin_given_up", "admin_user", "admin_provider", "admin_why", "_admin_actions"],
    load: api.deadLetters,
    row: (letter) => [when(tools, letter.created_at), person({ id: letter.user_id }), chip(letter.provider), make("bdi", {}, letter.reason), retry(letter)],
  });

  function retry(letter) {
    const button = make("button", { type: "button", class: "quiet small", onclick: async () => {
      button.disabled = true;
      try {
        await api.retry(letter.id);
        toast.say(t("admin_retried"));
        list.reload();
      } catch (problem) {
        toast.say(explain(problem));
        button.disabled = false;
      }
    } }, t("admin_retry"));
    return button;
  }

  list.reload();
  const element = make("div", { class: "view" }, make("div", { class: "view-head" }, make("h1", {}, t("admin_place_push")), make("span", { class: "space" }), list.refresh()),
    make("p", { class: "help" }, t("admin_dead_letters_help")), list.element);
  return { element };
}
