// List: a table that is loaded page by page, with a text for each state: loading, empty, failed.

import { make } from "../client/lumen-theme.js";
import { glyph } from "./drawing.js";

/** Further rows are not shown: a search finds them. */
export const MAX_ROWS = 500;

const BONES = 3;

export class List {
  element = make("div", { class: "list", tabIndex: -1 });
  #t;
  #explain;
  #options;
  #rows = make("tbody");
  #table;
  #foot = make("div", { class: "list-foot" });
  #cursor = null;
  #turn = 0; // a later load invalidates those under way

  /**
   * label: of the table. columns: keys of their heads; one that begins with `_` is for screen readers alone.
   * load: `({cursor}) -> Promise<{items, next_cursor}>`. row: `(item) -> cells`, each a node or a text.
   * empty: the text if there is nothing; glyph: its picture.
   */
  constructor({ t, explain, label, columns, load, row, empty, picture }) {
    this.#t = t;
    this.#explain = explain;
    this.#options = { columns, load, row, empty, picture };
    const heads = columns.map((key) => make("th", { scope: "col" }, key.startsWith("_") ? make("span", { class: "unseen" }, t(key.slice(1))) : t(key)));
    this.#table = make("table", { class: "rows", "aria-label": label }, make("thead", {}, make("tr", {}, ...heads)), this.#rows);
  }

  /** Make a button that loads it again. */
  refresh() {
    return make("button", { type: "button", class: "quiet", onclick: () => this.reload() }, this.#t("page_refresh"));
  }

  /** Load the first page. */
  async reload() {
    this.#cursor = null;
    const turn = (this.#turn += 1);
    const hadFocus = this.element.contains(document.activeElement);
    if (this.#rows.childElementCount === 0) this.element.replaceChildren(bones(this.#t));
    this.element.setAttribute("aria-busy", "true");
    try {
      const page = await this.#options.load({});
      if (turn !== this.#turn) return;
      this.#rows.replaceChildren();
      this.#add(page);
      const isEmpty = page.items.length === 0 && page.next_cursor === null;
      this.element.replaceChildren(...(isEmpty ? [this.#nothing()] : [make("div", { class: "table-place" }, this.#table), this.#foot]));
    } catch (problem) {
      if (turn === this.#turn) this.element.replaceChildren(this.#failed(problem, () => this.reload()));
    } finally {
      if (turn === this.#turn) this.element.setAttribute("aria-busy", "false");
      if (hadFocus && document.activeElement === document.body) this.element.focus({ preventScroll: true });
    }
  }

  async #more(button) {
    const turn = this.#turn;
    button.disabled = true;
    try {
      const page = await this.#options.load({ cursor: this.#cursor });
      if (turn !== this.#turn) return;
      const first = this.#rows.childElementCount;
      this.#add(page);
      this.#rows.children[first]?.querySelector("a, button, select")?.focus({ preventScroll: true });
    } catch (problem) {
      if (turn === this.#turn) this.#foot.replaceChildren(this.#failed(problem, () => this.#more(button)));
    }
  }

  #add({ items, next_cursor: cursor }) {
    const { columns, row } = this.#options;
    this.#cursor = cursor;
    for (const item of items) {
      const cells = row(item).map((cell, index) => {
        const key = columns[index];
        return make("td", key.startsWith("_") ? { class: "row-actions" } : { "data-label": this.#t(key) }, cell);
      });
      this.#rows.append(make("tr", {}, ...cells));
    }
    const isFull = this.#rows.childElementCount >= MAX_ROWS;
    const more = make("button", { type: "button", class: "quiet", onclick: () => this.#more(more) }, this.#t("admin_load_more"));
    this.#foot.replaceChildren(...(cursor === null ? [] : isFull ? [make("p", { class: "help" }, this.#t("admin_list_full", { count: MAX_ROWS }))] : [more]));
  }

  #nothing() {
    const { empty, picture } = this.#options;
    return make("div", { class: "nothing" }, glyph(picture), make("p", {}, this.#t(empty)));
  }

  #failed(problem, again) {
    return failed(this.#t, this.#explain(problem), again);
  }
}

/** Make the sign of something that could not be loaded. */
export function failed(t, text, again) {
  return make("div", { class: "failed" }, make("p", { class: "notice", role: "alert" }, text),
    make("button", { type: "button", class: "quiet", onclick: again }, t("page_try_again")));
}

/** Make the sign of something that is loading. */
export function bones(t) {
  return make("div", { class: "bones", role: "status" }, make("span", { class: "unseen" }, t("admin_loading")),
    ...Array.from({ length: BONES }, () => make("span", { class: "bone" })));
}
