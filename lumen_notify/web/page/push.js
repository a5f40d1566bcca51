// PushSettings: push notifications on this device, and the devices of the user.

import { enablePush, disablePush, needsHomeScreen, pushDevice, pushState } from "../client/lumen-push.js";
import { icon, make, timeAgo } from "../client/lumen-theme.js";

const HOME = new URL("../", import.meta.url).pathname;

export class PushSettings {
  element = make("section", { class: "settings-part" });
  #t;
  #language;
  #client;
  #explain;
  #box;
  #isBusy = false; // with what the user has just chosen here
  #note = make("span", { class: "help", role: "status" });
  #list = make("ul", { class: "setting-list", role: "list" });

  constructor({ t, language, client, explain }) {
    this.#t = t;
    this.#language = language;
    this.#client = client;
    this.#explain = explain;
    this.#box = make("input", { type: "checkbox", disabled: true, onchange: () => this.#switch() });
    this.element.append(
      make("h2", {}, t("page_push")),
      make("p", { class: "help" }, t("page_push_help")),
      make("label", { class: "check" }, this.#box, make("span", {}, t("page_push_here"), this.#note)),
      this.#list);
    client.addEventListener("push", () => this.#isBusy || this.load());
  }

  async load() {
    await Promise.all([this.#showState(), this.#showDevices()]);
  }

  /** note: what has gone wrong; by default what the state asks of the user. */
  async #showState(note = null) {
    const state = await pushState(this.#client);
    this.#box.checked = state === "on";
    this.#box.disabled = state === "unsupported" || state === "denied";
    const why = { denied: "push_denied", unsupported: needsHomeScreen() ? "push_home_screen" : "push_unsupported" }[state];
    this.#note.textContent = note ?? (why ? this.#t(`page_problem_${why}`) : "");
  }

  /** Called within the click, which the browser wants in order to ask the user. */
  #switch() {
    const isWanted = this.#box.checked;
    this.#box.disabled = true;
    this.#do(() => (isWanted ? enablePush(this.#client, { page: HOME }) : disablePush(this.#client)));
  }

  async #do(change) {
    let note = null;
    this.#isBusy = true;
    try {
      await change();
    } catch (problem) {
      note = this.#explain(problem);
    } finally {
      this.#isBusy = false;
    }
    await this.#showState(note);
    await this.#showDevices();
  }

  async #showDevices() {
    const { items } = await this.#client.devices().catch(() => ({ items: [] }));
    const here = pushDevice(this.#client);
    this.#list.replaceChildren(...items.map((device) => this.#row(device, device.id === here)));
    this.#list.hidden = items.length === 0;
  }

  #row(device, isHere) {
    const t = this.#t;
    const name = device.name ?? t(`page_device_${device.kind ?? "browser"}`);
    const remove = make("button", { type: "button", class: "quiet", "aria-label": t("page_push_remove_device", { name }), onclick: () => this.#remove(device, isHere) }, t("page_push_remove"));
    return make("li", { class: "setting" }, make("span", { class: "face", "aria-hidden": "true" }, icon("bell")),
      make("span", { class: "setting-text" },
        make("bdi", { class: "setting-name" }, name),
        make("span", { class: "help" }, [isHere ? t("page_push_this") : null, this.#use(device)].filter(Boolean).join(" · "))), remove);
  }

  #use({ dropped_at: droppedAt, failure, last_used_at: usedAt, created_at: at }) {
    const t = this.#t;
    if (droppedAt) return t("page_push_dropped", { why: failure ?? "" });
    return usedAt ? t("page_push_used", { ago: timeAgo(usedAt, this.#language) }) : t("page_push_added", { ago: timeAgo(at, this.#language) });
  }

  #remove(device, isHere) {
    this.#do(() => (isHere ? disablePush(this.#client) : this.#client.removeDevice(device.id)));
  }
}
