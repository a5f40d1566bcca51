// Row: one message of the history. Everything of others is set as text.

import { piecesOf, safeUrl } from "./lumen-chat-text.js";
import { avatar, icon, make } from "./lumen-theme.js";

const PREVIEW_CHARACTERS = 140;
const LABEL_CHARACTERS = 300;

/** Return what identifies a message from before it is sent until it is deleted. */
export function keyOf({ sender, client_id, id }) {
  return client_id ? `${sender.id} ${client_id}` : id;
}

/** Return the seq of the message that a message replies to; null if it replies to none. */
export function repliedSeq({ reply_to }) {
  if (reply_to === null || reply_to === undefined) return null;
  return typeof reply_to === "object" ? reply_to.seq : reply_to;
}

/** Return a line that stands for a message, such as in a quote. */
export function previewOf(message, t) {
  if (message.deleted_at) return t("chat_deleted");
  const text = message.content || fileName(message) || t("chat_attachment");
  return text.replace(/\s+/gu, " ").slice(0, PREVIEW_CHARACTERS);
}

export class Row {
  element = make("div", { class: "row", role: "article", tabIndex: -1, part: "message" });
  message = null;
  #context;
  #actions;
  #drawn = "";

  /**
   * context: `{t, language, names, self}`. actions: `jump(seq)`, `resend(message)`, `discard(message)`, `openUser(user)`.
   */
  constructor(context, actions) {
    this.#context = context;
    this.#actions = actions;
  }

  /** original: the message that this one replies to; null as long as it is not known. */
  show(message, { isFirst, original }) {
    this.message = message;
    const { names, self } = this.#context;
    const sender = names.of(message.sender.id);
    const mentioned = (message.mentions ?? []).map((id) => names.of(id));
    const drawn = JSON.stringify([
      message.content,
      message.seq,
      message.status,
      message.edited_at,
      message.deleted_at,
      message.problem?.message,
      message.mentions,
      isFirst,
      sender,
      mentioned,
      original?.content,
      original?.deleted_at,
      original?.sender,
    ]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const isOwn = message.sender.id === self.id;
    const { element } = this;
    element.classList.toggle("own", isOwn);
    element.classList.toggle("first", isFirst);
    element.classList.toggle("failed", message.status === "failed");
    element.classList.toggle("system", message.kind === "system");
    element.classList.toggle("mentions-self", !isOwn && (message.mentions ?? []).includes(self.id));
    element.part = ["message", isOwn ? "own-message" : "other-message"].join(" ");
    if (message.seq !== null) element.dataset.seq = message.seq;
    const toolbar = element.querySelector(".toolbar");
    const bubble = make("div", { class: "bubble", part: "bubble" }, ...this.#content(message, mentioned));
    const line = make("div", { class: "line" }, bubble);
    if (toolbar !== null) line.append(toolbar);
    element.replaceChildren(
      ...(isOwn ? [] : [isFirst ? avatar(sender) : make("span", { class: "gap" })]),
      make(
        "div",
        { class: "body" },
        this.#head(sender, isFirst, isOwn),
        this.#quote(message, original),
        line,
        this.#foot(message),
      ),
    );
    element.setAttribute("aria-label", this.#label(sender, message));
  }

  #label(sender, message) {
    const { t, language } = this.#context;
    const time = timeOf(message.created_at, language);
    const text = message.deleted_at ? t("chat_deleted") : message.content || previewOf(message, t);
    return `${sender.username}, ${time}: ${text.slice(0, LABEL_CHARACTERS)}`;
  }

  #head(sender, isFirst, isOwn) {
    const { t, language } = this.#context;
    const name = isOwn
      ? make("span", { class: "name unseen", dir: "auto" }, t("chat_you"))
      : make(
          "button",
          {
            class: "name",
            part: "name",
            type: "button",
            tabIndex: -1,
            dir: "auto",
            onclick: () => this.#actions.openUser(sender),
          },
          sender.username,
        );
    const at = this.message.created_at;
    const time = make("time", { dateTime: at, title: fullTime(at, language), part: "time" }, timeOf(at, language));
    return make("div", { class: isFirst ? "head" : "head unseen" }, name, time);
  }

  #quote(message, original) {
    const seq = repliedSeq(message);
    if (seq === null || message.deleted_at) return null;
    const { t, names } = this.#context;
    const parts = original
      ? [
          make("b", { dir: "auto" }, names.of(original.sender.id).username),
          make("span", { dir: "auto" }, previewOf(original, t)),
        ]
      : [make("span", {}, t("chat_reply_unknown"))];
    return make(
      "button",
      {
        class: "quote",
        part: "quote",
        type: "button",
        tabIndex: -1,
        title: t("chat_go_to_original"),
        onclick: () => this.#actions.jump(seq),
      },
      ...parts,
    );
  }

  #content(message, mentioned) {
    const { t, self } = this.#context;
    if (message.deleted_at) return [make("em", { class: "deleted" }, icon("remove"), t("chat_deleted"))];
    const text = make("div", { class: "text", dir: "auto" });
    for (const piece of piecesOf(message.content ?? "", mentioned)) {
      if (piece.href !== undefined) {
        text.append(
          make(
            "a",
            { href: piece.href, target: "_blank", rel: "noopener noreferrer nofollow", tabIndex: -1 },
            piece.text,
          ),
        );
      } else if (piece.id !== undefined) {
        text.append(
          make("span", { class: piece.id === self.id ? "mention self" : "mention", part: "mention" }, piece.text),
        );
      } else {
        text.append(piece.text);
      }
    }
    return [...this.#file(message), ...(message.content ? [text] : [])];
  }

  /** A message of kind `image`, `file` or `voice` has its URL in `data`. */
  #file(message) {
    if (message.kind === "text" || message.kind === "system") return [];
    const name = fileName(message) || this.#context.t("chat_attachment");
    const href = safeUrl(message.data?.url);
    const link =
      href === null
        ? make("span", {})
        : make("a", { href, target: "_blank", rel: "noopener noreferrer nofollow", tabIndex: -1 });
    link.append(name);
    link.className = "file";
    link.dir = "auto";
    return message.data || !message.content ? [link] : [];
  }

  #foot(message) {
    const { t } = this.#context;
    if (message.status === "sending") return make("div", { class: "foot" }, t("chat_sending"));
    if (message.status === "failed") {
      const button = (key, action) =>
        make("button", { class: "link", type: "button", onclick: () => action(this.message) }, t(key));
      const why = message.problem?.status ? ` ${message.problem.message}` : "";
      return make(
        "div",
        { class: "foot", role: "alert" },
        make("span", {}, `${t("chat_not_sent")}${why}`),
        button("chat_try_again", this.#actions.resend),
        button("chat_discard", this.#actions.discard),
      );
    }
    return message.edited_at && !message.deleted_at ? make("div", { class: "foot" }, t("chat_edited")) : null;
  }

  /** Let Tab reach what is in this row, and the row itself. */
  setActive(isActive) {
    const index = isActive ? 0 : -1;
    this.element.tabIndex = index;
    for (const inside of this.element.querySelectorAll("a, .quote, .name:not(span)")) inside.tabIndex = index;
  }

  /** Put the toolbar beside the text. */
  attach(toolbar) {
    this.element.querySelector(".line").append(toolbar);
  }
}

function fileName(message) {
  return typeof message.data?.name === "string" ? message.data.name : "";
}

function timeOf(at, language) {
  return new Intl.DateTimeFormat(language, { timeStyle: "short" }).format(new Date(at));
}

function fullTime(at, language) {
  return new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "short" }).format(new Date(at));
}
