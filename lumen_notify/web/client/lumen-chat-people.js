// People: the members of a room at the side, with their presence and roles.

import { avatar, icon, make } from "./lumen-theme.js";

const MAX_SHOWN = 200;

export class People {
  #context;
  #actions;
  #lists = make("div", { class: "lists" });
  #foot = make("div", { class: "people-foot" });
  #drawn = "";
  element;

  /** actions: `openUser(user)`, `leave()`, `close()`. */
  constructor(context, actions) {
    this.#context = context;
    this.#actions = actions;
    const { t } = context;
    const close = make(
      "button",
      {
        class: "icon",
        type: "button",
        title: t("chat_close"),
        "aria-label": t("chat_close"),
        onclick: () => actions.close(),
      },
      icon("close"),
    );
    const heading = make("h3", { id: "people-title" }, t("chat_people"));
    this.element = make(
      "aside",
      {
        class: "people",
        part: "people",
        id: "people",
        "aria-labelledby": "people-title",
        onkeydown: (event) => {
          if (event.key !== "Escape") return;
          event.stopPropagation();
          actions.close();
        },
      },
      make("div", { class: "people-head" }, heading, close),
      this.#lists,
      this.#foot,
    );
  }

  focus() {
    this.element.querySelector("button").focus();
  }

  show(conversation) {
    const { t, names, self } = this.#context;
    const { members, presence, room } = conversation;
    const everyone = members
      .map(({ user_id: id, role }) => ({
        ...names.of(id),
        role,
        isOnline: id === self.id || presence.get(id)?.status === "online",
      }))
      .sort(
        (one, other) =>
          other.isOnline - one.isOnline || one.username.localeCompare(other.username, this.#context.language),
      );
    const drawn = JSON.stringify([everyone, room?.members_count, room?.kind]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const focused = this.element.getRootNode().activeElement;
    const id = this.element.contains(focused) ? focused.dataset.user : undefined;
    const shown = everyone.slice(0, MAX_SHOWN);
    const more = (room?.members_count ?? everyone.length) - shown.length;
    this.#lists.replaceChildren(
      ...this.#section(
        t("chat_online"),
        shown.filter(({ isOnline }) => isOnline),
      ),
      ...this.#section(
        t("chat_offline"),
        shown.filter(({ isOnline }) => !isOnline),
      ),
      ...(more > 0 ? [make("p", { class: "more" }, t("chat_more_members", { count: more }))] : []),
    );
    this.#foot.replaceChildren(
      ...(room?.kind === "direct" || room?.role == null
        ? []
        : [
            make(
              "button",
              { class: "quiet danger", type: "button", onclick: () => this.#actions.leave() },
              t("chat_leave"),
            ),
          ]),
    );
    if (id !== undefined)
      [...this.#lists.querySelectorAll("button")].find(({ dataset }) => dataset.user === id)?.focus();
  }

  #section(title, people) {
    if (people.length === 0) return [];
    return [
      make("h4", {}, `${title} · ${people.length}`),
      make("ul", { role: "list" }, ...people.map((person) => make("li", {}, this.#person(person)))),
    ];
  }

  #person(person) {
    const { t, self } = this.#context;
    const role = person.role === "member" ? "" : t(`chat_role_${person.role}`);
    return make(
      "button",
      {
        class: person.isOnline ? "person online" : "person",
        type: "button",
        "data-user": person.id,
        onclick: () => this.#actions.openUser(person),
      },
      make("span", { class: "face" }, avatar(person), make("span", { class: "dot" })),
      make("span", { class: "person-name", dir: "auto" }, person.username),
      ...(person.id === self.id ? [make("small", {}, t("chat_you"))] : []),
      ...(role ? [make("small", { class: `role ${person.role}` }, role)] : []),
    );
  }
}
