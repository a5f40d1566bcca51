// SignIn: the page for who is not signed in: as a demo user, with an account, or with a token.

import { avatar, icon, make } from "../client/lumen-theme.js";
import { logIn, register } from "./account.js";
import { brand } from "./brand.js";
import { field } from "./dialog.js";
import { explain } from "./problems.js";

export class SignIn {
  element = make("main", { class: "sign-in", tabIndex: -1, hidden: true });
  #t;
  #config;
  #begin;
  #options;
  #reason = make("p", { class: "notice", role: "alert", hidden: true });
  #isNew = false;

  /**
   * config: what the server offers (`account.config`). begin: called with a session, or with a text that may be a token;
   * returns whether it could sign in. title, lead: keys of words. isTokenFirst: an account is the exception here.
   */
  constructor(t, config, begin, { title = "page_sign_in_title", lead = "page_sign_in_lead", isTokenFirst = false } = {}) {
    this.#t = t;
    this.#options = { title, lead, isTokenFirst };
    this.#config = config;
    this.#begin = begin;
  }

  /** reason: a sentence that says why the user must sign in; empty if they have not done so yet. */
  show(reason = "") {
    this.element.hidden = false;
    this.#draw();
    this.#explain(reason);
    this.element.querySelector("button.demo-user, input")?.focus({ preventScroll: true });
  }

  hide() {
    this.element.hidden = true;
    this.element.replaceChildren();
  }

  /** Whether there is a demo user of that username. */
  offers(username) {
    return this.#config.demo_users.some((user) => user.username === username);
  }

  /** Sign in as a demo user. */
  demo(username) {
    const user = this.#config.demo_users.find((each) => each.username === username);
    this.#try(() => logIn(user.username, user.password));
  }

  #draw() {
    const { demo_users: demoUsers, accounts } = this.#config;
    const { title, lead, isTokenFirst } = this.#options;
    const token = this.#tokenPart(!isTokenFirst && (accounts || demoUsers.length > 0));
    const parts = [
      isTokenFirst ? token : null,
      demoUsers.length > 0 ? this.#demoPart(demoUsers) : null,
      accounts ? this.#accountPart() : null,
      isTokenFirst ? null : token,
    ];
    this.element.replaceChildren(
      make("div", { class: "sign-in-card" }, brand(), make("h1", {}, this.#t(title)),
        make("p", { class: "lead" }, this.#t(lead)), this.#reason, ...parts.filter((part) => part !== null)),
      make("p", { class: "sign-in-foot" }, make("a", { href: "docs" }, this.#t("page_api_reference"))));
  }

  #demoPart(users) {
    const t = this.#t;
    const buttons = users.map((user) =>
      make("button", { type: "button", class: "demo-user", onclick: () => this.demo(user.username) },
        avatar({ id: user.username, username: user.name, avatar: null }), make("span", {}, t("page_continue_as", { name: user.name }))));
    const other = users[1];
    const second = other && make("p", { class: "help" }, t("page_demo_second_tab"), " ",
      make("a", { href: `#as=${other.username}`, target: "_blank", rel: "noopener" }, t("page_open_second_tab", { name: other.name })));
    return make("section", { class: "sign-in-part", "aria-label": t("page_demo_title") },
      make("h2", {}, t("page_demo_title")), make("div", { class: "demo-users" }, ...buttons), second ?? null);
  }

  #accountPart() {
    const t = this.#t;
    const isNew = this.#isNew && this.#config.registration;
    const username = make("input", { name: "username", autocomplete: "username", autocapitalize: "none", spellcheck: false, required: true, minLength: isNew ? 3 : 1, maxLength: 64 });
    const password = make("input", { name: "password", type: "password", autocomplete: isNew ? "new-password" : "current-password", required: true, minLength: isNew ? 8 : 1, maxLength: 1024 });
    const name = make("input", { name: "name", autocomplete: "nickname", maxLength: 100 });
    const form = make("form", { class: "stack", onsubmit: (event) => {
      event.preventDefault();
      this.#try(() => isNew ? register(username.value, password.value, name.value.trim()) : logIn(username.value, password.value), password);
    } },
      field(t("page_username"), username, isNew ? t("page_username_help") : null),
      field(t("page_password"), password, isNew ? t("page_password_help") : null),
      isNew ? field(t("page_display_name"), name, t("page_display_name_help")) : null,
      make("button", { class: "primary wide" }, t(isNew ? "page_register" : "page_log_in")));
    const change = () => {
      this.#isNew = !isNew;
      this.#explain("");
      this.#draw();
      this.element.querySelector("[name=username]").focus();
    };
    const other = make("button", { type: "button", class: "link", onclick: change }, t(isNew ? "page_have_account" : "page_no_account"));
    if (this.#options.isTokenFirst) return make("details", { class: "sign-in-part" }, make("summary", {}, t("page_log_in_title")), form);
    return make("section", { class: "sign-in-part" }, make("h2", {}, t(isNew ? "page_register_title" : "page_log_in_title")), form,
      this.#config.registration ? make("p", { class: "center" }, other) : null);
  }

  #tokenPart(isFolded) {
    const t = this.#t;
    const input = make("input", { name: "token", type: "password", autocomplete: "off", autocapitalize: "none", spellcheck: false, required: true });
    const form = make("form", { class: "stack", onsubmit: (event) => {
      event.preventDefault();
      if (!this.#begin(input.value)) this.#explain(t("page_not_a_token"));
    } },
      field(t("page_token"), input, t("page_token_help")),
      make("button", { class: isFolded ? "quiet wide" : "primary wide" }, t("page_sign_in")), this.#command());
    if (!isFolded) return make("section", { class: "sign-in-part" }, form);
    return make("details", { class: "sign-in-part" }, make("summary", {}, t("page_use_token")), form);
  }

  #command() {
    const { token_command: command } = this.#config;
    if (!command) return null;
    const copy = make("button", { type: "button", class: "icon-button", "aria-label": this.#t("page_copy"), title: this.#t("page_copy"), onclick: async () => {
      await navigator.clipboard?.writeText(command);
      copy.replaceChildren(icon("check"));
    } }, icon("copy"));
    return make("div", { class: "help" }, make("p", {}, this.#t("page_token_command")),
      make("div", { class: "command" }, make("code", { dir: "ltr" }, command), copy));
  }

  /** password: a field to empty after a failure; or null. */
  async #try(ask, password = null) {
    this.#explain("");
    this.element.setAttribute("aria-busy", "true");
    try {
      this.#begin(await ask());
    } catch (error) {
      this.#explain(explain(this.#t, error));
      if (password !== null) password.value = "";
      password?.focus();
    } finally {
      this.element.setAttribute("aria-busy", "false");
    }
  }

  #explain(text) {
    this.#reason.textContent = text;
    this.#reason.hidden = text === "";
  }
}
