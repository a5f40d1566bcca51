// Menu: a button that opens a list of actions, by mouse, touch or keyboard (WAI-ARIA menu button).

import { make } from "../client/lumen-theme.js";

const STEPS = { ArrowDown: 1, ArrowUp: -1 };

export class Menu {
  element;
  #button;
  #list;
  #opening = null; // while open: an AbortController

  /** label: of the button, for screen readers. face: the nodes that the button shows. */
  constructor(label, face, className = "icon-button") {
    this.#button = make("button", { type: "button", class: className, "aria-haspopup": "menu", "aria-expanded": "false", "aria-label": label, title: label, onclick: () => this.#toggle() }, ...face);
    this.#list = make("div", { class: "menu-list", role: "menu", "aria-label": label, hidden: true, onkeydown: (event) => this.#move(event) });
    this.element = make("div", { class: "menu", onfocusout: (event) => this.#leave(event), onkeydown: (event) => this.#escape(event) }, this.#button, this.#list);
  }

  /** items: nodes to show as they are, or `{label, run}`, or `{label, isChecked, run}` for one choice of several. */
  show(items) {
    this.#list.replaceChildren(...items.map((item) => (item instanceof Node ? item : this.#item(item))));
  }

  #item({ label, run, isChecked }) {
    const role = isChecked === undefined ? "menuitem" : "menuitemradio";
    const item = make("button", { type: "button", class: "menu-item", role, tabIndex: -1, onclick: () => {
      this.#close();
      this.#button.focus();
      run();
    } }, label);
    if (isChecked !== undefined) item.setAttribute("aria-checked", String(isChecked));
    return item;
  }

  #toggle() {
    if (!this.#list.hidden) return this.#close();
    this.#list.hidden = false;
    this.#opening = new AbortController();
    document.addEventListener("pointerdown", (event) => !this.element.contains(event.target) && this.#close(), this.#opening);
    this.#button.setAttribute("aria-expanded", "true");
    this.#items[0]?.focus();
  }

  #close() {
    this.#opening?.abort();
    this.#list.hidden = true;
    this.#button.setAttribute("aria-expanded", "false");
  }

  #leave({ relatedTarget }) {
    if (relatedTarget !== null && !this.element.contains(relatedTarget)) this.#close();
  }

  #escape(event) {
    if (event.key !== "Escape" || this.#list.hidden) return;
    event.stopPropagation();
    this.#close();
    this.#button.focus();
  }

  #move(event) {
    const items = this.#items;
    const here = items.indexOf(document.activeElement);
    let to = { Home: 0, End: items.length - 1 }[event.key];
    if (event.key in STEPS) to = (here + STEPS[event.key] + items.length) % items.length;
    if (to === undefined) return;
    event.preventDefault();
    items[to]?.focus();
  }

  get #items() {
    return [...this.#list.querySelectorAll(".menu-item")];
  }
}
