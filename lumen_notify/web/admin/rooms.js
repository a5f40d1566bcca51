// Rooms: all rooms, or those that a search finds.

import { make } from "../client/lumen-theme.js";
import { chip, when } from "./ask.js";
import { glyph } from "./drawing.js";
import { List } from "./list.js";
import { addressOf } from "./place.js";

const PAUSE_MS = 300;

export function makeRooms(tools) {
  const { t, api, explain, numbers, kept } = tools;
  let timer = null;
  const search = make("input", { type: "search", name: "query", value: kept.rooms, maxLength: 100, placeholder: t("admin_find_room_hint"), autocomplete: "off", "aria-label": t("admin_find_room"), oninput: () => {
    clearTimeout(timer);
    timer = setTimeout(load, PAUSE_MS);
  } });
  const list = new List({
    t, explain, label: t("admin_place_rooms"), empty: "admin_rooms_empty", picture: "rooms",
    columns: ["admin_room", "admin_kind", "admin_members", "admin_messages", "admin_active"],
    load: (options) => api.rooms(search.value.trim(), options),
    row: (room) => [make("a", { class: "person", href: addressOf("rooms", room.id) }, nameOfRoom(room)),
      chip(t(`admin_kind_${room.kind}`)), numbers.count(room.members_count), numbers.count(room.last_seq), when(tools, room.active_at)],
  });

  function load() {
    clearTimeout(timer);
    kept.rooms = search.value.trim();
    list.reload();
  }

  load();
  const form = make("form", { class: "search", role: "search", onsubmit: (event) => {
    event.preventDefault();
    load();
  } }, glyph("search"), search);
  const element = make("div", { class: "view" }, make("div", { class: "view-head" }, make("h1", {}, t("admin_place_rooms")), make("span", { class: "space" }), list.refresh()), form, list.element);
  return { element, close: () => clearTimeout(timer) };
}

/** Make the name of a room with its id: the title, or the two users of a direct room. */
export function nameOfRoom({ id, title, users }) {
  const names = title !== null ? [title] : (users ?? [id]);
  const name = names.flatMap((each, index) => [...(index > 0 ? [" · "] : []), make("bdi", {}, each)]);
  return make("span", { class: "person-text" }, make("span", { class: "person-name" }, ...name), names[0] === id ? null : make("bdi", { class: "id" }, id));
}
