// Mentions: the list of members that opens at an `@` in the input.

import { mentionAt } from "./lumen-chat-text.js";
import { avatar, make } from "./lumen-theme.js";

const MAX_SHOWN = 8;

export class Mentions {
  #context;
  #text;
  #changed;
  #people = [];
  #at = 0;
  #start = 0;
  #closedAt = -1; // the place of the `@` at which the user closed the list
  element = make("div", { class: "mentions", id: "mentions", role: "listbox", part: "mentions", hidden: true });

  /** context.people(): `{id, username, avatar}` of those who may be mentioned. changed: called after one is put in. */
  constructor(context, text, changed) {
    this.#context = context;
    this.#text = text;
    this.#changed = changed;
    this.element.setAttribute("aria-label", context.t("chat_mention"));
    text.addEventListener("blur", () => this.#show([]));
  }

  /** Open, narrow or close the list, by what is before the caret. */
  update() {
    const { value, selectionStart, selectionEnd } = this.#text;
    const typed = selectionStart === selectionEnd ? mentionAt(value, selectionStart) : null;
    if (typed === null || typed.start === this.#closedAt) {
      if (typed === null) this.#closedAt = -1;
      this.#show([]);
      return;
    }
    this.#start = typed.start;
    this.#show(matching(this.#context.people(), typed.query).slice(0, MAX_SHOWN));
  }

  /** Handle a key in the input. Return whether it was for the list. */
  onKey(event) {
    if (this.element.hidden || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return false;
    const count = this.#people.length;
    if (event.key === "ArrowDown") this.#select((this.#at + 1) % count);
    else if (event.key === "ArrowUp") this.#select((this.#at + count - 1) % count);
    else if (event.key === "Enter" || event.key === "Tab") this.#choose(this.#people[this.#at]);
    else if (event.key === "Escape") {
      this.#closedAt = this.#start;
      this.#show([]);
    } else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  #show(people) {
    const wasHidden = this.element.hidden;
    this.#people = people;
    this.element.hidden = people.length === 0;
    if (people.length === 0) {
      if (!wasHidden) this.#text.removeAttribute("aria-activedescendant");
      this.#text.removeAttribute("aria-controls");
      return;
    }
    this.#text.setAttribute("aria-controls", "mentions");
    this.element.replaceChildren(
      ...people.map((person, index) => {
        const { id, username } = person;
        const option = make(
          "div",
          {
            class: "option",
            id: `mention-${index}`,
            role: "option",
            part: "mention-option",
            onpointerdown: (event) => event.preventDefault(),
            onclick: () => this.#choose(person),
          },
          avatar(person),
          make("span", { dir: "auto" }, username),
          ...(id === username ? [] : [make("small", { dir: "auto" }, id)]),
        );
        return option;
      }),
    );
    this.#select(0);
  }

  #select(index) {
    this.#at = index;
    for (const [number, option] of [...this.element.children].entries())
      option.setAttribute("aria-selected", String(number === index));
    this.element.children[index].scrollIntoView({ block: "nearest" });
    this.#text.setAttribute("aria-activedescendant", `mention-${index}`);
  }

  #choose({ username }) {
    const text = this.#text;
    text.setRangeText(`@${username} `, this.#start, text.selectionStart, "end");
    this.#show([]);
    this.#changed();
    text.focus();
  }
}

/** Return the people whose name or id begins with a query, then those with a later word that does. */
function matching(people, query) {
  const wanted = query.toLowerCase();
  const rank = ({ id, username }) => {
    const name = username.toLowerCase();
    if (name.startsWith(wanted) || id.toLowerCase().startsWith(wanted)) return 0;
    return name.split(/[\s._-]/u).some((word) => word.startsWith(wanted)) ? 1 : 2;
  };
  return people
    .map((person) => [rank(person), person])
    .filter(([rank]) => rank < 2)
    .sort(([a, one], [b, other]) => a - b || one.username.localeCompare(other.username))
    .map(([, person]) => person);
}
