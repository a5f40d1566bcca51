// RoomForms: the dialogs that make a room, write to a user, and send a notification to try it out.

import { make } from "../client/lumen-theme.js";
import { field, openDialog } from "./dialog.js";
import { directAddress, go, roomAddress } from "./place.js";
import { UnknownUser } from "./problems.js";

/** Between the names of several users. */
const SEPARATORS = /[\s,;，、]+/;

export class RoomForms {
  #t;
  #client;
  #people;
  #hasAccounts;
  #explain;

  /** hasAccounts: whether users are found by username; else a user is named by their id. */
  constructor({ t, client, people, hasAccounts, explain }) {
    this.#t = t;
    this.#client = client;
    this.#people = people;
    this.#hasAccounts = hasAccounts;
    this.#explain = explain;
  }

  newRoom() {
    const t = this.#t;
    const kind = (value, isChecked) =>
      make("label", { class: "choice" }, make("input", { type: "radio", name: "kind", value, checked: isChecked }),
        make("span", {}, make("strong", {}, t(`page_${value}`)), make("span", { class: "help" }, t(`page_${value}_help`))));
    this.#open({
      title: t("page_new_room"),
      button: t("page_create_room"),
      fields: [
        field(t("page_title"), make("input", { name: "title", required: true, maxLength: 100, autocomplete: "off" })),
        make("fieldset", { class: "choices" }, make("legend", { class: "field-label" }, t("page_who_may_join")), kind("public", true), kind("private", false)),
        field(t("page_members_to_add"), make("input", { name: "members", autocomplete: "off", autocapitalize: "none", spellcheck: false }), t(this.#hasAccounts ? "page_members_to_add_help" : "page_members_to_add_ids")),
      ],
      submit: async (form) => {
        const names = form.get("members").split(SEPARATORS).filter((name) => name !== "");
        const members = await Promise.all(names.map((name) => this.#find(name)));
        const room = await this.#client.createRoom({ title: form.get("title").trim(), kind: form.get("kind"), members: members.map(({ id }) => id) });
        go(roomAddress(room.id));
      },
    });
  }

  newMessage() {
    const t = this.#t;
    this.#open({
      title: t("page_new_message"),
      help: t("page_new_message_help"),
      button: t("page_continue"),
      fields: [field(t(this.#hasAccounts ? "page_to" : "page_to_user_id"), make("input", { name: "user", required: true, maxLength: 128, autocomplete: "off", autocapitalize: "none", spellcheck: false }))],
      submit: async (form) => go(directAddress((await this.#find(form.get("user").trim())).id)),
    });
  }

  tryOut() {
    const t = this.#t;
    const kinds = ["reminder", "comment", "system"];
    const kind = make("select", { name: "category" }, ...kinds.map((value) => make("option", { value }, t(`bell_category_${value}`))));
    const text = make("textarea", { name: "content", rows: 2, maxLength: 8000, required: true, value: t("page_sample_reminder") });
    let sample = text.value;
    kind.addEventListener("change", () => {
      if (text.value === sample) text.value = t(`page_sample_${kind.value}`);
      sample = t(`page_sample_${kind.value}`);
    });
    const priority = make("select", { name: "priority" }, ...["normal", "high", "urgent"].map((value) => make("option", { value }, t(`page_priority_${value}`))));
    this.#open({
      title: t("page_try_out"),
      help: t("page_try_out_help"),
      button: t("page_send"),
      fields: [make("div", { class: "field-row" }, field(t("page_kind"), kind), field(t("page_priority"), priority)), field(t("page_text"), text)],
      submit: (form) => this.#client.publish({
        to: { user: this.#client.user.id }, category: form.get("category"), priority: form.get("priority"), content: form.get("content").trim(),
      }),
    });
  }

  #open(dialog) {
    openDialog({ t: this.#t, explain: this.#explain, ...dialog });
  }

  /** Return the user: by username where there are accounts, else by the id that was typed. */
  async #find(name) {
    if (!this.#hasAccounts) return { id: name };
    try {
      const { user_id: id, display_name: username, avatar } = await this.#client.request("GET", `auth/users/${encodeURIComponent(name.toLowerCase())}`);
      this.#people.learn({ id, username, avatar });
      return { id };
    } catch (problem) {
      if (problem.status === 404 || problem.status === 422) throw new UnknownUser(name);
      throw problem;
    }
  }
}
