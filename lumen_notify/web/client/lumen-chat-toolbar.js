// Toolbar: what can be done with the message under the pointer or the focus.

import { icon, make } from "./lumen-theme.js";

export class Toolbar {
  #element;
  #buttons;
  #actions;
  #context;
  #row = null;

  /** actions: `reply`, `edit`, `remove` and `link`, each called with a message. `context.permissions(message)` allows them. */
  constructor(context, actions) {
    this.#context = context;
    this.#actions = actions;
    const button = (action, drawing, key) => {
      const label = context.t(key);
      return make(
        "button",
        {
          class: "icon",
          type: "button",
          title: label,
          "aria-label": label,
          tabIndex: -1,
          "data-action": action,
          onclick: () => this.#actions[action](this.#row.message),
        },
        icon(drawing),
      );
    };
    this.#buttons = [
      button("reply", "reply", "chat_reply"),
      button("link", "link", "chat_copy_link"),
      button("edit", "edit", "chat_edit"),
      button("remove", "remove", "chat_delete"),
    ];
    this.#element = make("div", { class: "toolbar", part: "toolbar", role: "toolbar" }, ...this.#buttons);
    this.#element.setAttribute("aria-label", context.t("chat_actions"));
  }

  get hasFocus() {
    return this.#element.contains(this.#element.getRootNode().activeElement);
  }

  /** Show it at a row; null hides it. */
  show(row) {
    if (row === null) {
      this.#element.remove();
      this.#row = null;
      return;
    }
    if (row !== this.#row || !row.element.contains(this.#element)) row.attach(this.#element);
    this.#row = row;
    this.refresh();
  }

  /** Offer what is allowed now. */
  refresh() {
    if (this.#row === null) return;
    const allowed = this.#context.permissions(this.#row.message);
    for (const button of this.#buttons) button.hidden = !allowed.has(button.dataset.action);
    this.#element.hidden = allowed.size === 0;
    const visible = this.#visible;
    for (const button of visible) button.tabIndex = button === visible[0] ? 0 : -1;
  }

  focus(options) {
    (this.#visible[0] ?? this.#row?.element)?.focus(options);
  }

  get #visible() {
    return this.#buttons.filter((button) => !button.hidden);
  }

  /** Handle a key in a row: Enter goes into the toolbar, arrows move in it, Escape leaves it. Return whether it did. */
  onKey(event, row) {
    const visible = this.#visible;
    const at = visible.indexOf(event.target);
    const isRtl = getComputedStyle(this.#element).direction === "rtl";
    const step = { ArrowRight: isRtl ? -1 : 1, ArrowLeft: isRtl ? 1 : -1 }[event.key];
    if (event.target === row.element && event.key === "Enter") this.focus();
    else if (
      event.target === row.element &&
      event.key === "Delete" &&
      this.#context.permissions(row.message).has("remove")
    ) {
      this.#actions.remove(row.message);
    } else if (at >= 0 && step !== undefined) visible[(at + step + visible.length) % visible.length].focus();
    else if (at >= 0 && event.key === "Escape") row.element.focus();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }
}
