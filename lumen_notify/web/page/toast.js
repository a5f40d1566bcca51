// Toasts: short messages that disappear by themselves, but not while hovered or focused.

import { setGlyph } from "./glyph.js";

const SHOWN_MS = 6_000;
const MAX_SHOWN = 3;

export class Toasts {
  #box = document.getElementById("toasts");
  #template = document.getElementById("toast-template").content.firstElementChild;

  /** Show a toast. action: `{label, run}`, an optional button. Beyond MAX_SHOWN the oldest disappears. */
  show({ glyph = "bell", title = "", content = "", action = null }) {
    const element = this.#template.cloneNode(true);
    setGlyph(element.querySelector(".toast-glyph"), glyph);
    element.dataset.category = glyph;
    element.querySelector(".toast-title").textContent = title;
    element.querySelector(".toast-content").textContent = content;
    element.querySelector(".toast-close").addEventListener("click", () => element.remove());
    if (action !== null) {
      const button = element.querySelector(".toast-action");
      button.hidden = false;
      button.textContent = action.label;
      button.addEventListener("click", () => {
        element.remove();
        action.run();
      });
    }
    this.#box.append(element);
    while (this.#box.children.length > MAX_SHOWN) this.#box.firstElementChild.remove();
    this.#expire(element);
  }

  clear() {
    this.#box.replaceChildren();
  }

  #expire(element) {
    let timer = null;
    const wait = () => (timer = setTimeout(() => element.remove(), SHOWN_MS));
    const hold = () => clearTimeout(timer);
    for (const event of ["pointerenter", "focusin"]) element.addEventListener(event, hold);
    for (const event of ["pointerleave", "focusout"]) element.addEventListener(event, () => (hold(), wait()));
    wait();
  }
}
