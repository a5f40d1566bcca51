// Header: the title of a room or the other user, how many are there, and the button of the people.

import { avatar, icon, make, timeAgo } from "./lumen-theme.js";

export class Header {
  #context;
  #title = make("bdi");
  #heading = make("h2", { part: "title", hidden: true }, this.#title);
  #face = make("span", { class: "face", hidden: true });
  #about = make("span", { class: "about-room" });
  #button;
  #drawn = "";
  /** What the conversation is called: the room's title, or the name of the other user. */
  title = "";
  element;

  /** actions: `togglePeople()`. */
  constructor(context, actions) {
    this.#context = context;
    const { t } = context;
    this.#button = make(
      "button",
      {
        class: "icon",
        type: "button",
        hidden: true,
        "aria-expanded": "false",
        "aria-controls": "people",
        title: t("chat_people"),
        "aria-label": t("chat_people"),
        onclick: () => actions.togglePeople(),
      },
      icon("people"),
    );
    this.element = make(
      "header",
      { class: "header", part: "header" },
      make("slot", { name: "start" }),
      this.#face,
      make("div", { class: "titles" }, this.#heading, this.#about),
      this.#button,
      make("slot", { name: "end" }),
    );
  }

  show(conversation) {
    const { room, members, presence } = conversation;
    if (room === null) return;
    const { t, names, self, language } = this.#context;
    const isDirect = room.kind === "direct";
    const peer = isDirect ? names.of(room.peer_id) : null;
    const status = isDirect ? presence.get(room.peer_id) : undefined;
    const online = members.filter(({ user_id: id }) => id === self.id || presence.get(id)?.status === "online").length;
    this.title = peer?.username ?? room.title ?? room.id;
    const about = isDirect
      ? peerText(status, t, language)
      : [
          t("chat_members", { count: room.members_count }),
          ...(room.role === null || online === 0 ? [] : [t("chat_members_online", { count: online })]),
        ].join(" · ");
    const isOnline = status?.status === "online";
    const drawn = JSON.stringify([this.title, about, peer, isOnline, room.role]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.#title.textContent = this.title;
    this.#heading.hidden = false;
    this.#about.textContent = about;
    this.#button.hidden = isDirect || room.role === null;
    this.#face.hidden = !isDirect;
    this.#face.classList.toggle("online", isOnline);
    if (isDirect) this.#face.replaceChildren(avatar(peer), make("span", { class: "dot" }));
  }

  setOpen(isOpen) {
    this.#button.setAttribute("aria-expanded", String(isOpen));
  }

  focus() {
    this.#button.focus();
  }
}

function peerText(status, t, language) {
  if (status?.status === "online") return t("chat_online");
  return status?.last_seen_at
    ? t("chat_last_seen", { time: timeAgo(status.last_seen_at, language) })
    : t("chat_offline");
}
