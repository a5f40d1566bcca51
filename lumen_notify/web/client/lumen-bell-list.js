// Bell list: the notifications as rows; a notification keeps its row while it is listed.

import { categoryOf, mainLink, picture, safeUrl, senderOf } from "./lumen-bell-item.js";
import { icon, make, timeAgo } from "./lumen-theme.js";

const MENU_GAP = 4; // pixels between a button and its menu

export class BellList {
  element = make("ul", { role: "list", part: "list", onkeydown: (event) => this.#press(event) });
  menu = make("div", { class: "menu", part: "menu", role: "menu", popover: "auto", onkeydown: (event) => this.#pressInMenu(event) });

  #actions;
  #t = null;
  #language = "en";
  #rows = new Map(); // id -> {item, element}
  #current = null; // the row that Tab leads to
  #menuRow = null;

  /** actions: `activate(item, event)`, `mark(action, item)`. */
  constructor(actions) {
    this.#actions = actions;
    this.element.addEventListener("focusin", (event) => this.#setCurrent(this.#rowOf(event.target)));
    this.menu.addEventListener("toggle", (event) => this.#menuToggled(event.newState === "open"));
  }

  /** Draw everything again in these words. */
  setWords(t, language) {
    this.#t = t;
    this.#language = language;
    for (const row of this.#rows.values()) this.#keepFocus(() => this.#fill(row, row.item));
  }

  /** Show these items. isFirst: they are not new, and appear without motion. */
  show(items, isFirst) {
    this.#keepFocus(() => this.#remove(new Set(items.map((item) => item.id))));
    this.#keepFocus(() => {
      let place = this.element.firstElementChild;
      for (const item of items) {
        let row = this.#rows.get(item.id);
        if (row === undefined) {
          row = { item: null, element: make("li", { class: isFirst ? "row" : "row is-new", part: "item" }) };
          this.#rows.set(item.id, row);
        }
        if (row.item !== item) this.#fill(row, item);
        if (row.element === place) place = place.nextElementSibling;
        else this.element.insertBefore(row.element, place);
      }
    });
    if (!this.#current?.element.isConnected) this.#setCurrent(this.#rowOf(this.element.firstElementChild));
  }

  /** Focus the row that was focused last, or the newest. Return whether there is one. */
  focus() {
    this.#current?.element.querySelector(".main").focus({ preventScroll: true });
    return this.#current !== null;
  }

  refreshTimes() {
    for (const { item, element } of this.#rows.values()) {
      element.querySelector("time").textContent = timeAgo(item.created_at, this.#language);
    }
  }

  #fill(row, item) {
    const t = this.#t;
    row.item = item;
    const { element } = row;
    element.toggleAttribute("data-unread", !item.is_read);
    element.toggleAttribute("data-group", item.actors_count > 1);
    element.dataset.category = item.category;
    const unread = item.is_read ? null : make("span", { class: "spoken" }, ` ${t("bell_unread_item")}`);
    const time = make("time", { dateTime: item.created_at, title: new Date(item.created_at).toLocaleString(this.#language) });
    time.textContent = timeAgo(item.created_at, this.#language);
    const links = (item.actions ?? []).map(({ label, url }) => [label, safeUrl(url)]).filter(([, href]) => href !== null);
    const category = categoryOf(item.category, t);
    const isSaid = item.title !== undefined && category.toLowerCase() === senderOf(item, t).toLowerCase(); // "system · System"
    element.replaceChildren(
      picture(item),
      make("div", { class: "body" },
        mainLink(item, t, (event) => this.#activate(row, event), unread),
        make("div", { class: "meta" },
          ...(item.title ? [make("bdi", {}, senderOf(item, t)), "·"] : []),
          time,
          ...(isSaid ? [] : ["·", make("bdi", { part: "category" }, category)])),
        links.length === 0 ? null : make("div", { class: "actions" }, ...links.map(([label, href]) =>
          make("a", { href, target: "_blank", rel: "noopener noreferrer", dir: "auto", part: "action",
            onclick: () => this.#read(row.item) }, label)))),
      make("button", { type: "button", class: "quiet more", "aria-label": t("bell_more_actions"), title: t("bell_more_actions"),
        "aria-haspopup": "menu", "aria-expanded": "false", onclick: () => this.#openMenu(row) }, icon("more")),
      item.is_read ? "" : make("span", { class: "dot", part: "unread-dot" }),
    );
    element.querySelector(".main").setAttribute("aria-keyshortcuts", "E U");
    this.#setTabIndex(row, row === this.#current);
  }

  #remove(staying) {
    for (const [id, { element }] of this.#rows) {
      if (staying.has(id)) continue;
      if (this.#current?.element === element) {
        const next = element.nextElementSibling ?? element.previousElementSibling;
        const isFocused = element.contains(element.getRootNode().activeElement);
        this.#setCurrent(next === null ? null : this.#rowOf(next));
        if (isFocused) this.focus();
      }
      element.remove();
      this.#rows.delete(id);
    }
  }

  /** Do something that may move or redraw rows, and focus again what was focused. */
  #keepFocus(run) {
    const active = this.element.getRootNode().activeElement;
    const row = this.element.contains(active) ? this.#rowOf(active) : null;
    const selector = active?.classList.contains("more") ? ".more" : ".main";
    run();
    if (row === null || !row.element.isConnected) return;
    if (this.element.getRootNode().activeElement !== active) row.element.querySelector(selector).focus({ preventScroll: true });
  }

  #rowOf(node) {
    const element = node?.closest(".row") ?? null;
    return [...this.#rows.values()].find((row) => row.element === element) ?? null;
  }

  #setCurrent(row) {
    if (this.#current !== null) this.#setTabIndex(this.#current, false);
    this.#current = row;
    if (row !== null) this.#setTabIndex(row, true);
  }

  #setTabIndex({ element }, isCurrent) {
    for (const control of element.querySelectorAll("a, button")) control.tabIndex = isCurrent ? 0 : -1;
  }

  #activate(row, event) {
    if (safeUrl(row.item.url) === null) row.element.classList.toggle("is-open");
    const { item } = row;
    this.#read(item);
    this.#actions.activate(item, event);
  }

  #read(item) {
    if (!item.is_read) this.#actions.mark("read", item);
  }

  #press(event) {
    const row = this.#rowOf(event.target);
    if (row === null || event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key.toLowerCase();
    const ends = { home: this.element.firstElementChild, end: this.element.lastElementChild };
    const steps = { arrowdown: row.element.nextElementSibling, arrowup: row.element.previousElementSibling, ...ends };
    if (key in steps) (steps[key] ?? row.element).querySelector(".main").focus();
    else if (key === "e") this.#actions.mark("archive", row.item);
    else if (key === "u") this.#actions.mark(row.item.is_read ? "unread" : "read", row.item);
    else return;
    event.preventDefault();
  }

  #openMenu(row) {
    const t = this.#t;
    const entry = (action, label, name, key) =>
      make("button", { type: "button", role: "menuitem", tabIndex: -1, title: `${label} (${key})`, "aria-keyshortcuts": key,
        onclick: () => this.#choose(action) }, icon(name), label, make("kbd", { "aria-hidden": "true" }, key));
    const { is_read: isRead } = row.item;
    this.menu.replaceChildren(
      entry(isRead ? "unread" : "read", t(isRead ? "bell_mark_unread" : "bell_mark_read"), isRead ? "bell" : "check", "U"),
      entry("archive", t("bell_archive"), "archive", "E"));
    this.menu.setAttribute("aria-label", t("bell_more_actions"));
    this.#menuRow = row;
    this.menu.showPopover();
    const button = row.element.querySelector(".more");
    const box = button.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = this.menu;
    const isRtl = getComputedStyle(this.menu).direction === "rtl";
    const left = isRtl ? box.left : box.right - width;
    const isBelow = box.bottom + MENU_GAP + height < innerHeight;
    this.menu.style.left = `${Math.max(8, Math.min(left, innerWidth - width - 8))}px`;
    this.menu.style.top = `${isBelow ? box.bottom + MENU_GAP : box.top - MENU_GAP - height}px`;
    this.menu.firstElementChild.focus();
  }

  #choose(action) {
    const { item } = this.#menuRow;
    this.menu.hidePopover();
    this.#actions.mark(action, item);
  }

  #pressInMenu(event) {
    const entries = [...this.menu.children];
    const index = entries.indexOf(event.target);
    const to = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: -1 }[event.key];
    event.stopPropagation(); // the list's keys mean a row
    if (event.key === "Tab") this.menu.hidePopover();
    else if (to !== undefined) entries.at(to % entries.length).focus();
    else return;
    event.preventDefault();
  }

  #menuToggled(isOpen) {
    const { element } = this.#menuRow;
    element.querySelector(".more")?.setAttribute("aria-expanded", String(isOpen));
    // What was in the menu is hidden: the focus went to nowhere, unless the user has clicked elsewhere.
    const active = element.getRootNode().activeElement;
    if (!isOpen && (active === null || this.menu.contains(active))) {
      if (element.isConnected) element.querySelector(".more").focus();
      else this.focus();
    }
  }
}
