// States: what a conversation says when it has nothing to show, cannot be written in or is not connected.

import { icon, make } from "./lumen-theme.js";

const ICONS = { loading: null, problem: "close", not_found: "people", deleted: "remove", join: "people" };

/** Return the element of a state in place of the history; null if there is none. actions: `retry()`, `join()`. */
export function emptyState(name, { t }, { name: title = "", ...actions } = {}) {
  if (name === null) return null;
  const element = make("div", { class: `empty ${name}`, "data-state": name });
  if (name === "loading") {
    element.append(
      make("span", { class: "unseen", role: "status" }, t("chat_loading")),
      ...[0, 1, 2, 3].map((number) => make("span", { class: `bone bone-${number}`, "aria-hidden": "true" })),
    );
    return element;
  }
  element.append(
    icon(ICONS[name] ?? "chat"),
    make("strong", {}, t(`chat_${name}_title`, { name: title })),
    make("p", {}, t(`chat_${name}_text`, { name: title })),
  );
  const [key, action] = { problem: ["chat_try_again", actions.retry], join: ["chat_join", actions.join] }[name] ?? [];
  if (key !== undefined) element.append(make("button", { class: "primary", type: "button", onclick: action }, t(key)));
  return element;
}

/** Return the room if it is public and the user has not joined it, else null. */
export function joinOf({ room }) {
  return room?.kind === "public" && room.role === null ? room : null;
}

/** Return why the user may not write; null if they may. */
export function noticeOf(conversation, { t, self }) {
  const { room, members, isLoaded, leftReason } = conversation;
  if (leftReason !== null) return t(`chat_you_left_${leftReason}`);
  if (joinOf(conversation) !== null) return t("chat_join_to_write", { name: room.title ?? room.id });
  if (room === null || !isLoaded) return null;
  const role = members.find(({ user_id: id }) => id === self.id)?.role ?? room.role;
  return role === "muted" ? t("chat_muted") : null;
}

/** Return who types as a line of text. */
export function typingText(typing, { t, language, names }) {
  if (typing.length === 0) return "";
  if (typing.length > 3) return t("chat_typing_many");
  const list = new Intl.ListFormat(language).format(typing.map(({ id }) => names.of(id).username));
  return t("chat_typing", { names: list, count: typing.length });
}

/** Why no new messages come, by the reason of the state `closed`. The page itself knows of the others. */
const CLOSED = {
  signed_out: "chat_signed_out",
  expired: "chat_signed_out",
  revoked: "chat_signed_out",
  unreachable: "chat_not_connected",
  replaced: "chat_not_connected",
  forbidden: "chat_not_connected",
};

/**
 * Return the bar that says that something is out of date: `{text, children}`; null if all is well. isLost: whether the
 * connection was lost and is not back; hasFailed: whether more messages could not be loaded.
 */
export function stateBar({ state, reason }, { isLost, hasFailed }, { t }, retry) {
  let key = hasFailed ? "chat_load_failed" : null;
  if (isLost) key = navigator.onLine ? "chat_reconnecting" : "chat_no_network";
  if (state === "closed") key = CLOSED[reason] ?? key;
  if (key === null) return null;
  const children = [make("span", {}, t(key))];
  if (key !== "chat_signed_out") {
    children.push(make("button", { class: "link", type: "button", onclick: retry }, t("chat_try_again")));
  }
  return { text: t(key), children, part: key === "chat_load_failed" ? "failure" : "connection" };
}
