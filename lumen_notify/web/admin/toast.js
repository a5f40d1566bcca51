// Toast: says for some seconds what has been done, to screen readers too.

import { make } from "../client/lumen-theme.js";

const SHOWN_MS = 8_000;

export class Toast {
  element = make("div", { class: "toast-place", role: "status" });
  #timer = null;

  say(text) {
    clearTimeout(this.#timer);
    this.element.replaceChildren(make("p", { class: "toast" }, text));
    this.#timer = setTimeout(() => this.element.replaceChildren(), SHOWN_MS);
  }
}
