// RoomList: the user's rooms with what is new in them, and the public rooms to join.

import { avatar, icon, make } from "../client/lumen-theme.js";
import { go, roomAddress } from "./place.js";

const MAX_COUNT = 99;
const DAY_MS = 86_400_000;

export class RoomList {
  element;
  #t;
  #language;
  #client;
  #rooms;
  #people;
  #rows = new Map(); // id -> element
  #public = [];
  #here = null;
  #isDrawn = true;
  #list = make("ul", { class: "rooms", role: "list" });
  #more;
  #empty;
  #problem;
  #joinable = make("ul", { class: "rooms", role: "list" });
  #joinPart;
  #joinProblem = make("p", { class: "notice", role: "alert", hidden: true });
  #explain;

  /** rooms: a store.Rooms. actions: `{newRoom(), newMessage()}`. explain: makes a sentence of a Problem. */
  constructor({ t, language, client, rooms, people, actions, explain }) {
    this.#t = t;
    this.#language = language;
    this.#client = client;
    this.#rooms = rooms;
    this.#people = people;
    this.#explain = explain;
    const button = (name, symbol, run) =>
      make("button", { type: "button", class: "icon-button", "aria-label": t(name), title: t(name), onclick: run }, icon(symbol));
    this.#more = make("button", { type: "button", class: "quiet wide", hidden: true, onclick: () => rooms.loadMore() }, t("page_more_rooms"));
    this.#empty = make("div", { class: "hint", hidden: true }, make("p", {}, t("page_no_rooms")),
      make("p", {}, make("button", { type: "button", class: "quiet", onclick: actions.newMessage }, t("page_new_message")), " ",
        make("button", { type: "button", class: "quiet", onclick: actions.newRoom }, t("page_new_room"))));
    this.#problem = make("p", { class: "notice", role: "alert", hidden: true });
    this.#joinPart = make("section", { class: "rooms-part", hidden: true, "aria-label": t("page_rooms_to_join") },
      make("div", { class: "rooms-head" }, make("h2", {}, t("page_rooms_to_join"))), this.#joinProblem, this.#joinable);
    this.element = make("nav", { class: "sidebar", "aria-label": t("page_rooms") },
      make("div", { class: "rooms-head" }, make("h2", {}, t("page_rooms")),
        button("page_new_message", "edit", actions.newMessage), button("page_new_room", "plus", actions.newRoom)),
      this.#problem, this.#list, this.#more, this.#empty, this.#joinPart);
    rooms.addEventListener("change", () => this.#change());
    people.addEventListener("change", () => this.#draw());
  }

  /** Return the room of the list; undefined if the user is not in it, or it is not loaded. */
  find(id) {
    return this.#rooms.items.find((room) => room.id === id);
  }

  /** Return what a room is called. */
  titleOf(room) {
    return room.kind === "direct" ? this.#people.get(room.peer_id).username : room.title || room.id;
  }

  /** room: the id of the room that is open, or null. */
  select(room) {
    this.#here = room;
    this.#draw();
  }

  /** Ask for the public rooms again. */
  async loadPublic() {
    try {
      this.#public = (await this.#client.rooms({ public: true, limit: 50 })).items;
    } catch {
      return; // the list of the user's own rooms says what is wrong
    }
    this.#draw();
  }

  #change() {
    this.#people.follow(this.#rooms.items);
    this.#draw();
  }

  /** Draw once for a burst of changes. */
  #draw() {
    if (!this.#isDrawn) return;
    this.#isDrawn = false;
    queueMicrotask(() => {
      this.#isDrawn = true;
      this.#drawNow();
    });
  }

  #drawNow() {
    const { items, isLoaded, hasMore, problem } = this.#rooms;
    const rows = items.map((room) => this.#row(room));
    const focused = document.activeElement;
    if (rows.length !== this.#list.children.length || rows.some((row, index) => row !== this.#list.children[index])) {
      this.#list.replaceChildren(...rows);
      if (this.#list.contains(focused)) focused.focus({ preventScroll: true });
    }
    const ids = new Set(items.map(({ id }) => id));
    for (const id of this.#rows.keys()) if (!ids.has(id)) this.#rows.delete(id);
    this.#list.setAttribute("aria-busy", String(!isLoaded));
    this.#more.hidden = !hasMore;
    this.#empty.hidden = !isLoaded || items.length > 0;
    this.#problem.hidden = !problem;
    if (problem) this.#problem.textContent = this.#explain(problem);

    const others = this.#public.filter(({ id, role }) => role === null && !ids.has(id));
    this.#joinPart.hidden = others.length === 0 || !isLoaded;
    this.#joinable.replaceChildren(...others.map((room) => this.#joinRow(room)));
  }

  /** Make or update the row of a room. */
  #row(room) {
    let row = this.#rows.get(room.id);
    if (row === undefined) {
      row = make("li", {}, make("a", { class: "room", href: roomAddress(room.id) }));
      this.#rows.set(room.id, row);
    }
    const link = row.firstElementChild;
    const title = this.titleOf(room);
    const isOnline = room.kind === "direct" && this.#people.isOnline(room.peer_id);
    const key = JSON.stringify([title, room.unread, room.last_message, isOnline, room.id === this.#here]);
    if (link.dataset.key === key) return row;
    link.dataset.key = key;
    const isUnread = room.unread > 0;
    link.classList.toggle("unread", isUnread);
    if (room.id === this.#here) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
    const last = room.last_message;
    link.replaceChildren(
      faceOf(room, this.#people, isOnline),
      make("span", { class: "room-text" },
        make("span", { class: "room-line" }, make("bdi", { class: "room-title" }, title),
          isOnline ? make("span", { class: "unseen" }, this.#t("page_online")) : null,
          last ? make("time", { dateTime: last.created_at }, this.#time(last.created_at)) : null),
        make("span", { class: "room-line" }, make("bdi", { class: "room-last" }, this.#preview(room)),
          isUnread ? make("span", { class: "count", "aria-hidden": "true" }, room.unread > MAX_COUNT ? `${MAX_COUNT}+` : String(room.unread)) : null,
          isUnread ? make("span", { class: "unseen" }, this.#t("page_unread", { count: room.unread })) : null)));
    return row;
  }

  #preview({ kind, last_message: last }) {
    if (!last) return this.#t("page_no_messages");
    const text = last.deleted_at || last.is_deleted ? this.#t("page_message_deleted") : last.content || this.#t("page_attachment");
    if (last.sender.id === this.#client.user?.id) return this.#t("page_you_said", { text });
    return kind === "direct" ? text : this.#t("page_user_said", { name: last.sender.username, text });
  }

  #time(at) {
    const date = new Date(at);
    const days = (new Date().setHours(0, 0, 0, 0) - new Date(date).setHours(0, 0, 0, 0)) / DAY_MS;
    const form = days < 1 ? { timeStyle: "short" } : days < 7 ? { weekday: "short" } : { dateStyle: "short" };
    return new Intl.DateTimeFormat(this.#language, form).format(date);
  }

  #joinRow(room) {
    const members = this.#t("page_members", { count: room.members_count });
    const button = make("button", { type: "button", class: "quiet", "aria-label": this.#t("page_join_room", { title: room.title || room.id }), onclick: async () => {
      button.disabled = true;
      this.#joinProblem.hidden = true;
      try {
        await this.#client.join(room.id);
        go(roomAddress(room.id));
      } catch (error) {
        this.#joinProblem.textContent = this.#explain(error);
        this.#joinProblem.hidden = false;
        button.disabled = false;
      }
    } }, this.#t("page_join"));
    return make("li", { class: "room" }, faceOf(room, this.#people, false),
      make("span", { class: "room-text" }, make("bdi", { class: "room-title" }, room.title || room.id), make("span", { class: "room-last" }, members)), button);
  }
}

/** The picture of a room: of the other user in a direct room, else a symbol. */
export function faceOf(room, people, isOnline) {
  if (room.kind !== "direct") return make("span", { class: "face", "aria-hidden": "true" }, room.kind === "public" ? "#" : icon("lock"));
  const face = make("span", { class: "face-user" }, avatar(people.get(room.peer_id)));
  if (isOnline) face.append(make("span", { class: "online" }));
  return face;
}
