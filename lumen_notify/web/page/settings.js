// Settings: what the user is notified of, when, on which devices, and what others see; and the open connections.

import { icon, make, timeAgo } from "../client/lumen-theme.js";
import { field } from "./dialog.js";
import { PushSettings } from "./push.js";

const DIGEST_MINUTES = [0, 5, 15, 30, 60, 240, 1440];
/** What each choice for a category means. The others keep whether it is pushed. */
const CHOICES = {
  on: { in_app: true, muted: false, push: true },
  no_push: { in_app: true, muted: false, push: false },
  muted: { in_app: true, muted: true },
  hidden: { in_app: false, muted: false },
};
const NIGHT = { from: "22:00", to: "07:00" };

export class Settings {
  element = make("section", { class: "settings" });
  #t;
  #language;
  #client;
  #explain;
  #status = make("p", { class: "saved", role: "status" });
  #problem = make("p", { class: "notice", role: "alert", hidden: true });
  #preferences = null;
  #categories = new Map(); // name -> definition, or null
  #isChanging = false;
  #push;

  constructor({ t, language, client, explain }) {
    this.#t = t;
    this.#language = language;
    this.#client = client;
    this.#explain = explain;
    this.#push = new PushSettings({ t, language, client, explain });
    client.addEventListener("preferences", ({ detail }) => {
      if (this.#preferences === null || this.#isChanging) return;
      this.#preferences = detail.data;
      this.#draw();
    });
  }

  async load() {
    this.element.setAttribute("aria-busy", "true");
    try {
      const [preferences, defined, newest] = await Promise.all([this.#client.preferences(), this.#client.categories(), this.#client.list({ limit: 100 })]);
      this.#preferences = preferences;
      this.#categories = new Map([
        ...newest.items.map(({ category }) => [category, null]),
        ...Object.keys(preferences.categories).map((name) => [name, null]),
        ...Object.keys(this.#client.unread?.categories ?? {}).map((name) => [name, null]),
        ...defined.items.map((definition) => [definition.name, definition]),
      ]);
      this.#draw();
      await this.#push.load();
    } catch (problem) {
      const again = make("button", { type: "button", class: "primary", onclick: () => this.load() }, this.#t("page_try_again"));
      this.element.replaceChildren(make("h1", {}, this.#t("page_settings")), make("p", { class: "notice", role: "alert" }, this.#explain(problem)), again);
    } finally {
      this.element.setAttribute("aria-busy", "false");
    }
  }

  #draw() {
    const t = this.#t;
    const focused = document.activeElement?.getAttribute("data-choice");
    this.element.replaceChildren(make("div", { class: "settings-head" }, make("h1", {}, t("page_settings")), this.#status), this.#problem,
      this.#notifications(), this.#push.element, this.#delivery(), this.#privacy(), this.#connections());
    if (focused) this.element.querySelector(`[data-choice="${CSS.escape(focused)}"]`)?.focus();
  }

  #part(title, help, ...children) {
    return make("section", { class: "settings-part" }, make("h2", {}, title), help && make("p", { class: "help" }, help), ...children);
  }

  #notifications() {
    const t = this.#t;
    const names = [...this.#categories.keys()].sort((a, b) => a.localeCompare(b, this.#language));
    if (names.length === 0) return this.#part(t("page_notifications"), t("page_no_categories"));
    const rows = names.map((name) => {
      const key = `bell_category_${name}`;
      const label = t(key) === key ? name : t(key);
      const { in_app: isShown = true, muted = false, push: isPushed = true } = this.#preferences.categories[name] ?? {};
      const isFixed = this.#categories.get(name)?.may_mute === false;
      const choice = !isShown ? "hidden" : muted ? "muted" : isPushed ? "on" : "no_push";
      const options = Object.keys(CHOICES).map((value) => make("option", { value, selected: value === choice }, t(`page_category_${value}`)));
      const select = make("select", { disabled: isFixed, "data-choice": `category ${name}`, "aria-label": label, onchange: () => this.#change({
        categories: { [name]: CHOICES[select.value] },
      }) }, ...options);
      return make("li", { class: "setting" }, make("span", { class: "setting-text" },
        make("bdi", { class: "setting-name" }, label),
        isFixed ? make("span", { class: "help" }, t("page_category_fixed")) : null), select);
    });
    return this.#part(t("page_notifications"), t("page_notifications_help"), make("ul", { class: "setting-list", role: "list" }, ...rows));
  }

  #delivery() {
    const t = this.#t;
    const { quiet_hours: quiet, digest } = this.#preferences;
    const minutes = digest?.minutes ?? 0;
    const choices = [...new Set([...DIGEST_MINUTES, minutes])].sort((a, b) => a - b);
    const select = make("select", { "data-choice": "digest", onchange: () => this.#change({ digest: { minutes: Number(select.value) } }) },
      ...choices.map((value) => make("option", { value: String(value), selected: value === minutes }, this.#minutes(value))));

    const zone = quiet?.time_zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
    const time = (name) => make("input", { type: "time", required: true, value: quiet?.[name] ?? NIGHT[name], "data-choice": `quiet ${name}`, onchange: () => save() });
    const from = time("from");
    const to = time("to");
    const isOn = make("input", { type: "checkbox", checked: quiet !== null, "data-choice": "quiet", onchange: () => save() });
    const save = () => {
      if (isOn.checked && from.value && to.value) this.#change({ quiet_hours: { from: from.value, to: to.value, time_zone: zone } });
      else if (!isOn.checked) this.#change({ quiet_hours: null });
    };
    return this.#part(t("page_delivery"), null,
      field(t("page_digest"), select, t("page_digest_help")),
      make("label", { class: "check" }, isOn, make("span", {}, t("page_quiet_hours"), make("span", { class: "help" }, t("page_quiet_hours_help")))),
      quiet === null ? null : make("div", { class: "field-row" }, field(t("page_from"), from), field(t("page_to_time"), to)),
      quiet === null ? null : make("p", { class: "help" }, t("page_time_zone", { zone })));
  }

  #privacy() {
    const t = this.#t;
    const box = make("input", { type: "checkbox", checked: this.#preferences.presence === "hidden", "data-choice": "presence",
      onchange: () => this.#change({ presence: box.checked ? "hidden" : "shown" }) });
    return this.#part(t("page_privacy"), null,
      make("label", { class: "check" }, box, make("span", {}, t("page_hide_presence"), make("span", { class: "help" }, t("page_hide_presence_help")))));
  }

  #connections() {
    const t = this.#t;
    const list = make("ul", { class: "setting-list", role: "list" });
    const load = async () => {
      const { items } = await this.#client.connections().catch(() => ({ items: [] }));
      list.replaceChildren(...items.map(({ device, connected_at: at }) =>
        make("li", { class: "setting" }, make("span", { class: "face", "aria-hidden": "true" }, icon("link")),
          make("span", { class: "setting-text" }, make("span", { class: "setting-name" }, t(`page_device_${device ?? "browser"}`)),
            make("span", { class: "help" }, t("page_connected", { ago: timeAgo(at, this.#language) }))))));
    };
    load();
    return this.#part(t("page_connections"), t("page_connections_help"), list,
      make("p", {}, make("button", { type: "button", class: "quiet", "data-choice": "connections", onclick: load }, t("page_refresh"))));
  }

  async #change(changes) {
    this.#status.textContent = "";
    this.#problem.hidden = true;
    this.#isChanging = true;
    try {
      this.#preferences = await this.#client.updatePreferences(changes);
      this.#status.textContent = this.#t("page_saved");
    } catch (problem) {
      this.#problem.textContent = this.#t("page_not_saved", { why: this.#explain(problem) });
      this.#problem.hidden = false;
    } finally {
      this.#isChanging = false;
    }
    this.#draw();
  }

  #minutes(minutes) {
    if (minutes === 0) return this.#t("page_digest_off");
    if (minutes % 60) return this.#t("page_digest_minutes", { count: minutes });
    return this.#t("page_digest_hours", { count: minutes / 60 });
  }
}
