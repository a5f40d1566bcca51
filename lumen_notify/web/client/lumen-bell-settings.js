// Bell settings: how the user wants each category, digests, and alerts in this browser.

import { categoryOf } from "./lumen-bell-item.js";
import { make } from "./lumen-theme.js";

/** What a user can choose for a category. */
const LEVELS = {
  notify: { in_app: true, muted: false },
  list: { in_app: true, muted: true },
  off: { in_app: false, muted: false },
};
const DIGEST_MINUTES = [0, 30, 60, 240, 1440];

export class BellSettings {
  element = make("div", { class: "scroll" });

  #client;
  #choices;
  #t;
  #report;

  /** choices: of alerts. report: gets the key of the words for what went wrong, or null. */
  constructor(client, choices, t, report) {
    this.#client = client;
    this.#choices = choices;
    this.#t = t;
    this.#report = report;
  }

  /** Fetch the preferences and show them. more: categories besides those. Throws a Problem. */
  async load(more) {
    const [preferences, { items: defined }] = await Promise.all([this.#client.preferences(), this.#client.categories()]);
    const fixed = new Set(defined.filter((category) => !category.may_mute).map((category) => category.name));
    const names = new Set([...Object.keys(preferences.categories), ...more]);
    const t = this.#t;
    const sorted = [...names].map((name) => [name, categoryOf(name, t)]).sort(([, a], [, b]) => a.localeCompare(b));
    this.element.replaceChildren(
      ...this.#browserPart(),
      ...(sorted.length === 0 ? [] : [make("h3", {}, t("bell_settings_categories"))]),
      ...sorted.map(([name, label]) => this.#categoryRow(name, label, preferences.categories[name], fixed.has(name))),
      make("h3", {}, t("bell_settings_delivery")),
      this.#digestRow(preferences.digest?.minutes ?? 0),
    );
  }

  #browserPart() {
    const names = ["toasts", "sound", "system"].filter((name) => this.#choices.isOffered(name));
    if (names.length === 0) return [];
    return [make("h3", {}, this.#t("bell_settings_browser")), ...names.map((name) => this.#choiceRow(name))];
  }

  #choiceRow(name) {
    const note = make("small", { hidden: true }, this.#t("bell_system_blocked"));
    const box = make("input", { type: "checkbox", checked: this.#choices.isOn(name), onchange: async () => {
      const isWanted = box.checked;
      box.checked = await this.#choices.set(name, isWanted);
      note.hidden = box.checked || !isWanted;
    } });
    return make("label", { class: "choice" }, make("span", {}, this.#t(`bell_setting_${name}`), note), box);
  }

  #categoryRow(name, label, preference, isFixed) {
    const { in_app: isListed = true, muted: isMuted = false } = preference ?? {};
    const level = !isListed ? "off" : isMuted ? "list" : "notify";
    const select = this.#select(Object.keys(LEVELS).map((key) => [key, this.#t(`bell_level_${key}`)]), level,
      (chosen) => ({ categories: { [name]: LEVELS[chosen] } }));
    select.disabled = isFixed;
    const note = isFixed ? make("small", {}, this.#t("bell_level_fixed")) : null;
    return make("label", { class: "choice" }, make("span", { dir: "auto" }, label, note), select);
  }

  #digestRow(minutes) {
    const options = [...new Set([...DIGEST_MINUTES, minutes])].sort((a, b) => a - b).map((count) => [String(count), this.#every(count)]);
    const select = this.#select(options, String(minutes), (chosen) => ({ digest: { minutes: Number(chosen) } }));
    const note = make("small", {}, this.#t("bell_digest_note"));
    return make("label", { class: "choice" }, make("span", {}, this.#t("bell_digest"), note), select);
  }

  #every(minutes) {
    if (minutes === 0) return this.#t("bell_digest_none");
    if (minutes === 1440) return this.#t("bell_digest_day");
    if (minutes % 60 === 0) return this.#t("bell_digest_hours", { count: minutes / 60 });
    return this.#t("bell_digest_minutes", { count: minutes });
  }

  /** Make a select that saves what is chosen. changes: returns the body of the request. */
  #select(options, value, changes) {
    let saved = value;
    const select = make("select", { onchange: async () => {
      const chosen = select.value;
      try {
        await this.#client.updatePreferences(changes(chosen));
        saved = chosen;
        this.#report(null);
      } catch {
        select.value = saved;
        this.#report("bell_not_saved");
      }
    } }, ...options.map(([key, label]) => make("option", { value: key }, label)));
    select.value = value;
    return select;
  }
}
