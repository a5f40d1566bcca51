// RoomView: the middle of the page at the address of a room or of a user: the conversation, or why there is none yet.

import { Problem } from "../client/lumen-notify.js";
import { avatar, icon, make } from "../client/lumen-theme.js";
import { HOME, go, replace, roomAddress } from "./place.js";
import { faceOf } from "./room-list.js";
import { setTheme } from "./themes.js";

export class RoomView {
  element = make("section", { class: "room-view" });
  #t;
  #client;
  #people;
  #list;
  #explain;
  #chat = null;
  #place = null;
  #theme = null;

  /** list: the RoomList. explain: makes a sentence of a Problem. */
  constructor({ t, client, people, list, explain }) {
    this.#t = t;
    this.#client = client;
    this.#people = people;
    this.#list = list;
    this.#explain = explain;
  }

  /** place: of a room or of a user (`placeOf`), or null to close the conversation. */
  async show(place) {
    this.#place = place;
    if (place === null) return this.#close();
    const isCurrent = () => this.#place === place;
    try {
      if (place.name === "room" && (this.#chat?.room === place.room || this.#list.find(place.room))) return await this.#converse(place);
      this.#say({ isBusy: true });
      if (place.name === "room") {
        const room = await this.#client.room(place.room);
        if (isCurrent()) room.role === null ? this.#offerToJoin(room) : await this.#converse(place);
      } else {
        const room = await this.#direct(place.user);
        if (isCurrent()) room ? replace(roomAddress(room.id)) : this.#offerToWrite(place.user);
      }
    } catch (problem) {
      if (!isCurrent()) return;
      if (problem.status === 404 || problem.status === 403) this.#say({ title: this.#t("page_no_such_room"), text: this.#t("page_no_such_room_help"), action: this.#home() });
      else this.#say({ title: this.#t("page_not_loaded"), text: this.#explain(problem), action: this.#button("page_try_again", () => this.show(place)) });
    }
  }

  /** The theme that the user has chosen: `light`, `dark`, or null for the system's. */
  setTheme(theme) {
    this.#theme = theme;
    if (this.#chat !== null) setTheme(this.#chat, theme);
  }

  async #converse({ room, message }) {
    const place = this.#place;
    await import("../client/lumen-chat.js").catch(() => Promise.reject(new Problem(0, "")));
    if (this.#place !== place) return; // somewhere else by now
    if (this.#chat === null) {
      this.#chat = make("lumen-chat", { lang: document.documentElement.lang });
      this.#chat.client = this.#client;
      setTheme(this.#chat, this.#theme);
      this.#chat.addEventListener("room-left", () => go(HOME));
      this.#chat.addEventListener("message-link", ({ detail }) => replace(roomAddress(detail.room, detail.seq)));
      this.#chat.addEventListener("user-click", ({ detail }) => {
        this.#people.learn(detail);
        if (detail.id !== this.#client.user?.id) go(`#/direct/${encodeURIComponent(detail.id)}`);
      });
    }
    if (message === null) this.#chat.removeAttribute("message");
    else this.#chat.setAttribute("message", String(message));
    this.#chat.setAttribute("room", room);
    if (this.element.contains(this.#chat)) return;
    this.element.replaceChildren(make("h1", { class: "unseen" }, this.#t("page_rooms")), this.#chat);
  }

  /** Return the direct room with a user, if there is one; look through all rooms. */
  async #direct(user) {
    let cursor;
    do {
      const page = await this.#client.rooms({ limit: 100, cursor });
      const room = page.items.find(({ peer_id: peer }) => peer === user);
      if (room) return room;
      cursor = page.next_cursor ?? undefined;
    } while (cursor !== undefined);
    return null;
  }

  #offerToJoin(room) {
    const join = this.#button("page_join", async () => {
      await this.#client.join(room.id);
      await this.#converse({ room: room.id, message: this.#place.message });
    });
    this.#say({ face: faceOf(room, this.#people, false), title: this.#list.titleOf(room), text: this.#t("page_join_to_read", { count: room.members_count }), action: join });
  }

  #offerToWrite(user) {
    const start = this.#button("page_start_conversation", async () => {
      const room = await this.#client.createRoom({ kind: "direct", members: [user] });
      replace(roomAddress(room.id));
    });
    const known = this.#people.get(user);
    if (user === this.#client.user?.id) return this.#say({ title: this.#t("page_that_is_you"), text: this.#t("page_that_is_you_help"), action: this.#home() });
    this.#say({ face: avatar(known), title: known.username, text: this.#t("page_no_conversation", { name: known.username }), action: start });
  }

  #button(key, run) {
    const button = make("button", { type: "button", class: "primary", onclick: async () => {
      button.disabled = true;
      try {
        await run();
      } catch (problem) {
        this.element.querySelector(".notice").textContent = this.#explain(problem);
        this.element.querySelector(".notice").hidden = false;
        button.disabled = false;
      }
    } }, this.#t(key));
    return button;
  }

  #home() {
    return make("a", { class: "primary", href: HOME }, this.#t("page_to_rooms"));
  }

  #say({ face = icon("people"), title = "", text = "", action = null, isBusy = false }) {
    this.#close();
    this.element.setAttribute("aria-busy", String(isBusy));
    if (isBusy) return;
    this.element.replaceChildren(make("div", { class: "card-center" }, face, make("h1", { dir: "auto" }, title), make("p", {}, text),
      make("p", { class: "notice", role: "alert", hidden: true }), action));
  }

  #close() {
    this.#chat?.remove();
    this.#chat = null;
    this.element.replaceChildren();
  }
}

