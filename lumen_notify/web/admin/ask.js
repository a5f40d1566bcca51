// Ask: a question before something that cannot be undone, and the small parts that several views share.

import { avatar, make, timeAgo } from "../client/lumen-theme.js";
import { openDialog } from "../page/dialog.js";

/** Ask, and do it by `act(form)`. done: the key of the sentence that says so; values: of all sentences. */
export function ask(tools, { title, help, button, values = {}, fields = [], act, done }) {
  const { t, explain, toast } = tools;
  openDialog({
    t, explain, title: t(title, values), help: help && t(help, values), fields, button: t(button, values), isDanger: true,
    submit: async (form) => {
      await act(form);
      toast.say(t(done, values));
      setTimeout(keepFocus); // once the dialog is closed
    },
  });
}

/** The button that asked may be gone: go on in the main part, not at the beginning of the page. */
export function keepFocus() {
  if (document.activeElement === document.body) document.querySelector("main.content")?.focus({ preventScroll: true });
}

/** Make a time: how long ago, and in full as a tooltip. */
export function when({ language, numbers }, at, { isFull = false } = {}) {
  if (at === null || at === undefined) return make("span", { class: "muted" }, "–");
  return make("time", { dateTime: at, title: numbers.moment(at) }, isFull ? numbers.moment(at) : timeAgo(at, language));
}

/** Make a sentence that has a time in place of `{ago}`. */
export function sentence(tools, key, at) {
  const [before, after = ""] = tools.t(key, { ago: "\0" }).split("\0");
  return make("span", { class: "help" }, before, when(tools, at), after);
}

/** Make the name of a user with their picture, as a link to their page. */
export function person({ id, username = null, display_name: shown = null, avatar: picture = null }) {
  const name = shown ?? username ?? id;
  const text = make("span", { class: "person-text" }, make("bdi", { class: "person-name" }, name), name === id ? null : make("bdi", { class: "id" }, id));
  return make("a", { class: "person", href: `#/users/${encodeURIComponent(id)}` }, avatar({ id, username: name, avatar: picture }), text);
}

/** Make a card with a heading. */
export function card(title, ...children) {
  return make("section", { class: "card" }, make("h2", {}, title), ...children);
}

export function chip(text, kind = "plain") {
  return make("span", { class: "chip", "data-kind": kind }, text);
}
