// Input: writes a message, a reply or an edit, and says why one may not write.

import { Mentions } from "./lumen-chat-mentions.js";
import { previewOf } from "./lumen-chat-row.js";
import { mentionsIn } from "./lumen-chat-text.js";
import { icon, make } from "./lumen-theme.js";

/** The longest content that the server takes, in characters. */
export const MAX_CHARACTERS = 8_000;
/** From how many characters left the number is shown. */
const NEAR_LIMIT = 500;
const TYPING_PAUSE_MS = 5_000;

export class Input {
  #context;
  #actions;
  #mode = { kind: "new" }; // {kind: "new"} | {kind: "reply" | "edit", message}
  #draft = "";
  #isTyping = false;
  #pause = 0;
  #text;
  #mentions;
  #bar = make("div", { class: "mode", part: "mode", hidden: true });
  #limit = make("span", { class: "limit", id: "limit", hidden: true });
  #problem = make("div", { class: "problem", role: "alert", hidden: true });
  #send;
  #isDue = false; // sent by the user before the room was loaded, and not changed since
  #form;
  #notice = make("div", { class: "notice", part: "notice", hidden: true });
  element;

  /**
   * context: as for Row, with `people()`. actions: `send(content, fields)`, `edit(message, content)` (throws a Problem),
   * `typing(isTyping)`, `canSend(text)`, `editLast()`, `focusHistory()`.
   */
  constructor(context, actions) {
    this.#context = context;
    this.#actions = actions;
    const { t } = context;
    this.#text = make("textarea", {
      rows: 1,
      id: "text",
      part: "input",
      dir: "auto",
      enterKeyHint: "send",
      autocomplete: "off",
      oninput: () => this.#onInput(),
      onkeydown: (event) => this.#onKey(event),
      onblur: () => this.#stopTyping(),
      onclick: () => this.#mentions.update(),
      "aria-describedby": "limit",
      "aria-autocomplete": "list",
    });
    this.#mentions = new Mentions(context, this.#text, () => this.#onInput());
    this.#send = make(
      "button",
      { class: "send", part: "send", type: "submit", title: t("chat_send"), "aria-label": t("chat_send") },
      icon("send"),
    );
    const box = make("div", { class: "box", part: "box" }, this.#text, this.#limit, this.#send);
    this.#form = make(
      "form",
      {
        class: "form",
        onsubmit: (event) => {
          event.preventDefault();
          this.#submit();
        },
      },
      this.#mentions.element,
      this.#bar,
      this.#problem,
      box,
    );
    this.element = make("div", { class: "input" }, this.#form, this.#notice);
    this.label("");
    this.#drawState();
    new ResizeObserver(() => this.#fit()).observe(this.element);
  }

  /** Submit what the user has sent before the room, or those whom it mentions, were loaded. */
  ready() {
    if (this.#isDue && !this.#form.hidden) this.#submit();
  }

  /** Say whom the message is for. */
  label(title) {
    const { t } = this.#context;
    const text = title === "" ? t("chat_message") : t("chat_message_to", { name: title });
    this.#text.placeholder = text;
    this.#text.setAttribute("aria-label", text);
  }

  /** Show a reason and at most one button in place of the input; null shows the input again. */
  notice(reason, button = null) {
    const hadFocus = this.#form.contains(this.element.getRootNode().activeElement);
    if (reason !== null) this.#forgetTyping(); // the server takes no more of it
    this.#form.hidden = reason !== null;
    this.#notice.hidden = reason === null;
    const label = button === null ? "" : button.label;
    if (this.#notice.dataset.drawn === `${reason} ${label}`) return;
    this.#notice.dataset.drawn = `${reason} ${label}`;
    this.#notice.replaceChildren(
      make("span", {}, reason ?? ""),
      ...(button === null ? [] : [make("button", { class: "primary", type: "button", onclick: button.action }, label)]),
    );
    if (hadFocus && reason !== null) this.#actions.focusHistory();
  }

  focus() {
    if (this.#form.hidden) (this.#notice.querySelector("button") ?? this.#text).focus();
    else this.#text.focus();
  }

  reply(message) {
    this.#leaveMode();
    this.#enterMode({ kind: "reply", message });
  }

  edit(message) {
    this.#leaveMode();
    this.#draft = this.#text.value;
    this.#enterMode({ kind: "edit", message });
    this.#fill(message.content);
  }

  /** Leave the mode if its message is deleted. */
  forget(isAlive) {
    if (this.#mode.message !== undefined && !isAlive(this.#mode.message)) this.#leaveMode();
  }

  #enterMode(mode) {
    this.#mode = mode;
    const { t, names } = this.#context;
    const close = make(
      "button",
      {
        class: "icon",
        type: "button",
        title: t("chat_cancel"),
        "aria-label": t("chat_cancel"),
        onclick: () => this.#cancel(),
      },
      icon("close"),
    );
    const title =
      mode.kind === "edit"
        ? t("chat_editing")
        : t("chat_replying", { name: names.of(mode.message.sender.id).username });
    this.#bar.replaceChildren(
      icon(mode.kind),
      make("div", { class: "about" }, make("b", {}, title), make("span", { dir: "auto" }, previewOf(mode.message, t))),
      close,
    );
    this.#bar.hidden = false;
    this.#text.focus();
    this.#drawState();
  }

  #leaveMode() {
    const wasEditing = this.#mode.kind === "edit";
    this.#mode = { kind: "new" };
    this.#bar.hidden = true;
    this.#say("");
    if (wasEditing) this.#fill(this.#draft);
    this.#drawState();
  }

  #cancel() {
    this.#leaveMode();
    this.#text.focus();
  }

  #fill(value) {
    this.#text.value = value;
    this.#text.setSelectionRange(value.length, value.length);
    this.#drawState();
  }

  #onInput() {
    this.#isDue = false;
    this.#say("");
    this.#mentions.update();
    this.#drawState();
    const isTyping = this.#mode.kind !== "edit" && this.#text.value.trim() !== "";
    if (!isTyping) return this.#stopTyping();
    this.#isTyping = true;
    this.#actions.typing(true);
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => this.#stopTyping(), TYPING_PAUSE_MS);
  }

  #stopTyping() {
    if (this.#isTyping) this.#actions.typing(false);
    this.#forgetTyping();
  }

  #forgetTyping() {
    clearTimeout(this.#pause);
    this.#isTyping = false;
  }

  #onKey(event) {
    if (event.isComposing || event.keyCode === 229) return; // the key belongs to the input method
    if (this.#mentions.onKey(event)) return;
    const { key } = event;
    if (key === "Enter" && !event.shiftKey && !event.altKey) this.#submit();
    else if (key === "Escape" && this.#mode.kind !== "new") this.#cancel();
    else if (key === "ArrowUp" && this.#text.value === "" && !event.shiftKey) {
      if (!this.#actions.editLast()) this.#actions.focusHistory();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  get #left() {
    return MAX_CHARACTERS - [...this.#text.value.trim()].length;
  }

  #drawState() {
    const text = this.#text;
    const { t } = this.#context;
    this.#fit();
    const left = text.value.length < MAX_CHARACTERS - NEAR_LIMIT ? MAX_CHARACTERS : this.#left;
    this.#limit.hidden = left > NEAR_LIMIT;
    this.#limit.classList.toggle("over", left < 0);
    this.#limit.textContent =
      left > NEAR_LIMIT ? "" : left >= 0 ? t("chat_left", { count: left }) : t("chat_too_long", { count: -left });
    this.#send.disabled = text.value.trim() === "" || left < 0;
  }

  /** Make the text as high as its lines. */
  #fit() {
    const text = this.#text;
    if (!text.isConnected || this.#form.hidden) return;
    text.style.height = "auto";
    text.style.height = `${text.scrollHeight}px`;
  }

  async #submit() {
    const content = this.#text.value.trim();
    if (content === "" || this.#left < 0) return;
    this.#isDue = !this.#actions.canSend(content);
    if (this.#isDue) return; // `ready` submits it
    const mode = this.#mode;
    this.#stopTyping();
    if (mode.kind === "edit") return this.#submitEdit(mode.message, content);
    const mentions = mentionsIn(content, this.#context.people());
    const fields = {
      ...(mentions.length > 0 ? { mentions } : {}),
      ...(mode.kind === "reply" ? { reply_to: mode.message.seq } : {}),
    };
    this.#leaveMode();
    this.#fill("");
    this.#mentions.update();
    this.#actions.send(content, fields);
  }

  async #submitEdit(message, content) {
    try {
      if (content !== message.content) await this.#actions.edit(message, content);
      if (this.#mode.message === message) this.#cancel();
    } catch (problem) {
      this.#say(this.#context.t("chat_not_changed", { reason: problem.message }));
    }
  }

  #say(text) {
    this.#problem.textContent = text;
    this.#problem.hidden = text === "";
  }
}
