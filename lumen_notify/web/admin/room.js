// Room: one room: its members with their roles, its bans and its last messages, and what a moderator may do about them.

import { make } from "../client/lumen-theme.js";
import { ask, card, chip, person, when } from "./ask.js";
import { List, bones, failed } from "./list.js";
import { choice } from "./categories.js";
import { addressOf, idOfAim } from "./place.js";
import { nameOfRoom } from "./rooms.js";
import { back } from "./user.js";

const ROLES = ["owner", "moderator", "member", "muted"];

export function makeRoom(tools, id) {
  const { t, api, explain, toast } = tools;
  const element = make("div", { class: "view", "aria-busy": "true" }, back(t, "rooms"), bones(t));
  let isClosed = false;
  let isDirect = false; // the members of a direct room never change
  let isRead = false; // messages are shown when they are asked for: the audit log notes it

  const members = new List({
    t, explain, label: t("admin_members"), empty: "admin_members_empty", picture: "users",
    columns: ["admin_user", "admin_role", "_admin_actions"],
    load: (options) => api.members(id, options),
    row: (member) => {
      const buttons = [act("remove", member, () => api.removeMember(id, member.user_id)), act("ban", member, () => api.ban(id, member.user_id))];
      return [person({ ...member, id: member.user_id }), isDirect ? t(`admin_role_${member.role}`) : role(member), make("span", { class: "buttons" }, ...(isDirect ? [] : buttons))];
    },
  });
  const bans = new List({
    t, explain, label: t("admin_bans"), empty: "admin_bans_empty", picture: "stop",
    columns: ["admin_user", "admin_banned_by", "admin_at", "_admin_actions"],
    load: (options) => api.bans(id, options),
    row: (one) => [person({ id: one.user_id }), make("bdi", {}, one.banned_by), when(tools, one.banned_at), act("unban", one, () => api.liftBan(id, one.user_id))],
  });
  const messages = new List({
    t, explain, label: t("admin_messages"), empty: "admin_messages_empty", picture: "rooms",
    columns: ["admin_user", "admin_message", "admin_at", "_admin_actions"],
    load: (options) => api.messages(id, options),
    row: (one) => [person(one.sender), make("bdi", { class: "said-text" }, one.deleted_at ? t("page_message_deleted") : one.content), when(tools, one.created_at),
      one.deleted_at ? "" : act("delete_message", { ...one, user_id: one.sender.id }, () => api.removeMessage(id, one.id))],
  });

  function role(member) {
    const select = choice("role", ROLES, member.role, (value) => t(`admin_role_${value}`));
    select.setAttribute("aria-label", t("admin_role_of", { name: member.username ?? member.user_id }));
    select.addEventListener("change", async () => {
      select.disabled = true;
      try {
        await api.setRole(id, member.user_id, select.value);
        member.role = select.value;
        toast.say(t("admin_role_changed", { name: member.username ?? member.user_id, role: t(`admin_role_${select.value}`) }));
      } catch (problem) {
        select.value = member.role;
        toast.say(explain(problem));
      } finally {
        select.disabled = false;
      }
    });
    return select;
  }

  /** Make a button that asks, and does what it says to a member. */
  function act(what, one, run) {
    const name = one.username ?? one.sender?.username ?? one.user_id;
    return make("button", { type: "button", class: what === "unban" ? "quiet small" : "danger small", "aria-label": t(`admin_do_${what}_of`, { name }), onclick: () => ask(tools, {
      title: `admin_do_${what}_title`, help: `admin_do_${what}_help`, button: `admin_do_${what}`, done: `admin_do_${what}_done`, values: { name },
      act: async () => {
        await run();
        await Promise.all([members, ...(isDirect ? [] : [bans]), ...(isRead ? [messages] : [])].map((list) => list.reload()));
      },
    }) }, t(`admin_do_${what}`));
  }

  async function load() {
    try {
      const room = await api.room(id);
      if (!isClosed) draw(room);
    } catch (problem) {
      if (!isClosed) element.replaceChildren(back(t, "rooms"), make("h1", {}, make("bdi", {}, id)), failed(t, explain(problem), load));
    } finally {
      element.setAttribute("aria-busy", "false");
    }
  }

  function draw(room) {
    isDirect = room.kind === "direct";
    element.replaceChildren(back(t, "rooms"),
      make("div", { class: "view-head" }, make("h1", {}, nameOfRoom(room)), chip(t(`admin_kind_${room.kind}`)), make("span", { class: "space" }),
        make("button", { type: "button", class: "danger", onclick: () => ask(tools, {
          title: "admin_delete_room_title", help: "admin_delete_room_help", button: "admin_delete_room", done: "admin_room_deleted", values: { name: room.title ?? room.id },
          act: async () => {
            await api.removeRoom(id);
            location.hash = addressOf("rooms");
          },
        }) }, t("admin_delete_room")),
        isDirect ? "" : make("a", { class: "primary", href: addressOf("send", idOfAim("room", id)) }, t("admin_notify_room"))),
      card(t("admin_members"), members.element), isDirect ? "" : card(t("admin_bans"), bans.element), card(t("admin_messages"), hidden()));
    for (const list of [members, ...(isDirect ? [] : [bans])]) list.reload();
  }

  function hidden() {
    const place = make("div", { class: "failed" }, make("p", { class: "help" }, t("admin_messages_help")), make("button", { type: "button", class: "quiet", onclick: () => {
      isRead = true;
      place.replaceWith(messages.element);
      messages.reload();
      messages.element.focus({ preventScroll: true });
    } }, t("admin_messages_show")));
    return place;
  }

  load();
  return { element, close: () => (isClosed = true) };
}
