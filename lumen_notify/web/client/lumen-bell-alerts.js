// Bell alerts: toasts, a sound and system notifications for new notifications, in one tab.

import { mainLink, picture, senderOf } from "./lumen-bell-item.js";
import { icon, make } from "./lumen-theme.js";

const SHOWN_MS = 6_000;
const MAX_SHOWN = 3;

/** Of those that arrive within this time, the last MAX_SHOWN are shown. */
const GATHER_MS = 60;

const SOUND_PAUSE_MS = 2_000;
const STORED = "lumen-bell";

/** What the page offers, by the attributes of the bell, and what the user has chosen, kept in this browser. */
export class Choices {
  #host;

  constructor(host) {
    this.#host = host;
  }

  /** name: `toasts`, `sound` or `system`. */
  isOffered(name) {
    if (name === "toasts") return this.#host.getAttribute("toasts") !== "off";
    return this.#host.hasAttribute(name) && (name !== "system" || ("Notification" in window && isSecureContext));
  }

  isOn(name) {
    if (!this.isOffered(name) || stored()[name] === false) return false;
    return name !== "system" || Notification.permission === "granted";
  }

  /** Asks the browser for its permission if needed. Return whether it is on now. */
  async set(name, isOn) {
    if (isOn && name === "system" && Notification.permission === "default") await Notification.requestPermission();
    try {
      localStorage.setItem(STORED, JSON.stringify({ ...stored(), [name]: isOn }));
    } catch {
      // A page without storage forgets it.
    }
    return this.isOn(name);
  }
}

function stored() {
  try {
    return JSON.parse(localStorage.getItem(STORED)) ?? {};
  } catch {
    return {};
  }
}

export class Alerts {
  element = make("div", { class: "toasts", part: "toasts", role: "region", popover: "manual" });

  #choices;
  #actions;
  #t = null;
  #queue = [];
  #timer = null;
  #shown = new Map(); // id -> toast
  #audio = null;
  #soundedAt = -Infinity;

  /** actions: `activate(item, event, isLink)`, `isPanelOpen()`. */
  constructor(choices, actions) {
    this.#choices = choices;
    this.#actions = actions;
  }

  setWords(t) {
    this.#t = t;
    this.element.setAttribute("aria-label", t("bell_toasts"));
  }

  /** Alert to a notification that has just arrived. isUpdate: it has merged with others. */
  add(item, isUpdate) {
    if (item.priority === "low") return;
    this.#queue.push({ item, isUpdate });
    this.#timer ??= setTimeout(() => this.#flush(), GATHER_MS);
  }

  clear() {
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#queue = [];
    for (const id of [...this.#shown.keys()]) this.#dismiss(id);
    this.#audio?.close();
    this.#audio = null;
  }

  /** Take away the toasts of notifications that are read or gone. */
  dismissRead(items) {
    for (const { id, is_read: isRead } of items) if (isRead) this.#dismiss(id);
  }

  #flush() {
    this.#timer = null;
    for (const { item, isUpdate } of this.#queue.splice(0).slice(-MAX_SHOWN)) {
      if (this.#choices.isOn("sound") && !isUpdate) this.#sound();
      if (document.hidden && this.#choices.isOn("system") && this.#showInSystem(item)) continue;
      if (this.#choices.isOn("toasts") && !this.#actions.isPanelOpen()) this.#show(item);
    }
  }

  #show(item) {
    this.#dismiss(item.id);
    while (this.#shown.size >= MAX_SHOWN) this.#dismiss(this.#shown.keys().next().value);
    const t = this.#t;
    const close = make("button", { type: "button", class: "quiet dismiss", "aria-label": t("bell_dismiss"), title: t("bell_dismiss"),
      onclick: () => this.#dismiss(item.id) }, icon("close"));
    const activate = (event) => {
      this.#dismiss(item.id);
      this.#actions.activate(item, event, true);
    };
    const element = make("div", { class: "toast", part: "toast", "data-id": item.id },
      picture(item), make("div", { class: "body" }, mainLink(item, t, activate)), close);
    const toast = { element, timer: null };
    this.#shown.set(item.id, toast);
    this.element.append(element);
    if (!this.element.matches(":popover-open")) this.element.showPopover();
    if (item.priority === "urgent") return; // it stays until it is closed
    const hold = () => clearTimeout(toast.timer);
    const wait = () => {
      hold();
      toast.timer = setTimeout(() => (document.hidden ? wait() : this.#dismiss(item.id)), SHOWN_MS);
    };
    for (const event of ["pointerenter", "focusin"]) element.addEventListener(event, hold);
    for (const event of ["pointerleave", "focusout"]) element.addEventListener(event, wait);
    wait();
  }

  #dismiss(id) {
    const toast = this.#shown.get(id);
    if (toast === undefined) return;
    clearTimeout(toast.timer);
    this.#shown.delete(id);
    toast.element.remove();
    if (this.#shown.size === 0 && this.element.matches(":popover-open")) this.element.hidePopover();
  }

  /** Return whether the system took it: some browsers only allow it from a service worker. */
  #showInSystem(item) {
    try {
      const title = item.title ?? senderOf(item, this.#t);
      const shown = new Notification(title, { body: item.content, tag: item.id, silent: true });
      shown.onclick = (event) => {
        window.focus();
        shown.close();
        this.#actions.activate(item, event, false);
      };
      return true;
    } catch {
      return false;
    }
  }

  /** Play two short tones. Browsers allow it once the user has touched the page. */
  #sound() {
    const now = performance.now();
    if (now - this.#soundedAt < SOUND_PAUSE_MS || navigator.userActivation?.hasBeenActive === false) return;
    this.#soundedAt = now;
    this.#audio ??= new AudioContext();
    if (this.#audio.state === "suspended") this.#audio.resume().catch(() => {});
    const start = this.#audio.currentTime;
    for (const [index, frequency] of [880, 1174.66].entries()) {
      const tone = this.#audio.createOscillator();
      const volume = this.#audio.createGain();
      tone.frequency.value = frequency;
      volume.gain.setValueAtTime(0.0001, start + index * 0.11);
      volume.gain.exponentialRampToValueAtTime(0.12, start + index * 0.11 + 0.015);
      volume.gain.exponentialRampToValueAtTime(0.0001, start + index * 0.11 + 0.35);
      tone.connect(volume).connect(this.#audio.destination);
      tone.start(start + index * 0.11);
      tone.stop(start + index * 0.11 + 0.4);
    }
  }
}
