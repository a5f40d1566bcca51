// List: the notifications as rows; a notification keeps its row while it is listed.

import { refreshTime, setTime } from "./clock.js";
import { glyphOf, setGlyph } from "./glyph.js";
import { elementOf, linksOf } from "./links.js";
import { senderOf } from "./sender.js";

const HUES = 6;
const REFRESH_MS = 30_000;

export class List {
  #list = document.getElementById("list");
  #empty = document.getElementById("empty");
  #template = document.getElementById("row-template").content.firstElementChild;
  #rows = new Map(); // id -> {item, element}
  #actions;
  #wanted = null;
  #isFirst = true;

  /** actions: `{read(item), unread(item), archive(item)}`. */
  constructor(actions) {
    this.#actions = actions;
    setInterval(() => this.#list.querySelectorAll("time").forEach(refreshTime), REFRESH_MS);
  }

  /** Show these items at the next animation frame: a burst is drawn once. */
  show(items) {
    if (this.#wanted === null) requestAnimationFrame(() => this.#draw());
    this.#wanted = items;
  }

  clear() {
    this.#wanted = null;
    this.#list.replaceChildren();
    this.#rows.clear();
    this.#list.setAttribute("aria-busy", "true");
    this.#empty.hidden = true;
    this.#isFirst = true;
  }

  /** Focus the newest unread row, or the first row. */
  focusUnread() {
    const target = this.#list.querySelector("[data-unread] .row-main") ?? this.#list.querySelector(".row-main");
    target?.focus();
  }

  #draw() {
    const items = this.#wanted;
    this.#wanted = null;
    if (items === null) return; // cleared meanwhile
    this.#remove(items);
    let place = this.#list.firstElementChild;
    for (const item of items) {
      let row = this.#rows.get(item.id);
      if (row === undefined) {
        row = { item: null, element: this.#make(item) };
        this.#rows.set(item.id, row);
      }
      if (row.item !== item) this.#fill(row, item);
      if (row.element === place) place = place.nextElementSibling;
      else this.#list.insertBefore(row.element, place);
    }
    this.#empty.hidden = items.length > 0;
    this.#list.setAttribute("aria-busy", "false");
    this.#isFirst = false;
  }

  #remove(items) {
    const staying = new Set(items.map((item) => item.id));
    for (const [id, { element }] of this.#rows) {
      if (staying.has(id)) continue;
      if (element.contains(document.activeElement)) neighbour(element)?.querySelector(".row-main").focus();
      element.remove();
      this.#rows.delete(id);
    }
  }

  /** Make an empty row. */
  #make(item) {
    const element = this.#template.cloneNode(true);
    const part = (name) => element.querySelector(`.${name}`);
    element.classList.toggle("arriving", !this.#isFirst);
    const newest = () => this.#rows.get(item.id).item;
    part("row-main").addEventListener("click", () => {
      element.classList.toggle("open");
      if (newest().url !== undefined) part("row-links").querySelector("a")?.click();
      if (!newest().is_read) this.#actions.read(newest());
    });
    part("row-toggle").addEventListener("click", () => {
      this.#actions[newest().is_read ? "unread" : "read"](newest());
    });
    part("row-archive").addEventListener("click", () => this.#actions.archive(newest()));
    return element;
  }

  #fill(row, item) {
    row.item = item;
    const { element } = row;
    const part = (name) => element.querySelector(`.${name}`);
    const name = item.sender?.username ?? "system";
    element.dataset.category = glyphOf(item.category);
    part("avatar").dataset.hue = hueOf(item.sender?.id ?? "");
    part("avatar-initial").textContent = initialOf(name);
    setGlyph(part("avatar-glyph"), glyphOf(item.category));
    part("row-title").textContent = item.title ?? senderOf(item);
    part("row-content").textContent = item.content;
    part("row-sender").textContent = item.title === undefined ? "" : senderOf(item);
    part("row-category").textContent = item.category === name ? "" : item.category;
    part("row-links").replaceChildren(...linksOf(item).map(elementOf));
    setTime(element.querySelector("time"), item.created_at);
    element.toggleAttribute("data-unread", !item.is_read);
    part("row-unread").hidden = item.is_read;
    const toggle = part("row-toggle");
    toggle.title = item.is_read ? "Mark as unread" : "Mark as read";
    toggle.setAttribute("aria-label", toggle.title);
    setGlyph(toggle.firstElementChild, item.is_read ? "unread" : "read");
  }
}

function neighbour(element) {
  return element.nextElementSibling ?? element.previousElementSibling;
}

function initialOf(name) {
  const [first] = new Intl.Segmenter().segment(name.replace(/^[^\p{L}\p{N}]+(?=.)/u, ""));
  return first?.segment.toUpperCase() ?? "";
}

function hueOf(id) {
  let sum = 0;
  for (const character of id) sum = (sum * 31 + character.codePointAt(0)) % 9973;
  return String(sum % HUES);
}
