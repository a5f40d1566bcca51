// Bars: numbers by name as horizontal bars, the largest first, changed in place.

import { make } from "../client/lumen-theme.js";

/** Further names are counted, not shown. */
const MAX_BARS = 10;

export class Bars {
  element = make("div", { class: "bars" });
  #t;
  #list = make("ul", { role: "list" });
  #more = make("p", { class: "help" });
  #rows = new Map();
  #options;

  /** label: `(name) -> text`. format: of a number. empty: the text without any. isBare: of different units: as they are given, without bars. */
  constructor({ t, label, format, empty, isCode = false, isBare = false }) {
    this.#t = t;
    this.#options = { label, format, empty, isCode, isBare };
  }

  /** numbers: `{name: number}`. */
  show(numbers) {
    const { format, isBare } = this.#options;
    const all = Object.entries(numbers);
    if (!isBare) all.sort(([one, a], [other, b]) => b - a || (one < other ? -1 : 1));
    const shown = all.slice(0, MAX_BARS);
    if (shown.length === 0) return this.element.replaceChildren(make("p", { class: "help" }, this.#t(this.#options.empty)));
    const most = Math.max(...all.map(([, number]) => number), 0);
    for (const name of this.#rows.keys()) if (!shown.some(([each]) => each === name)) this.#rows.delete(name);
    const rows = shown.map(([name, number]) => {
      const row = this.#row(name);
      row.number.textContent = format(number, name);
      row.bar.style.inlineSize = most > 0 ? `${(number / most) * 100}%` : "0";
      return row.element;
    });
    if (rows.length !== this.#list.childElementCount || rows.some((row, index) => row !== this.#list.children[index])) this.#list.replaceChildren(...rows);
    this.#more.textContent = all.length > shown.length ? this.#t("admin_more", { count: all.length - shown.length }) : "";
    this.#more.hidden = all.length <= shown.length;
    if (!this.#list.isConnected || this.#list.parentNode !== this.element) this.element.replaceChildren(this.#list, this.#more);
    return undefined;
  }

  #row(name) {
    if (!this.#rows.has(name)) {
      const { label, isCode, isBare } = this.#options;
      const number = make("span", { class: "bar-number" });
      const bar = make("span", { class: "bar" });
      const text = make("bdi", { class: isCode ? "bar-label id" : "bar-label" }, label(name));
      const element = make("li", {}, make("span", { class: "bar-line" }, text, number), isBare ? null : make("span", { class: "bar-track", "aria-hidden": "true" }, bar));
      this.#rows.set(name, { element, number, bar });
    }
    return this.#rows.get(name);
  }
}
