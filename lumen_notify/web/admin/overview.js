// Overview: what the server does now, and in the last minutes, hour or day.

import { make } from "../client/lumen-theme.js";
import { card } from "./ask.js";
import { Bars } from "./bars.js";
import { glyph } from "./drawing.js";
import { RANGES } from "./history.js";
import { Plot } from "./plot.js";

/** The figures that have a tile, with how they are written. */
const TILES = { users_online: "short", streams: "short", publishes: "rate", messages: "rate", deliveries: "rate", pushes: "rate" };

/** Return the numbers of a frame that the history keeps. */
export function figuresOf({ users_online: users, streams, rates, commit_ms: commit, push }) {
  const pushes = Object.values(push ?? {}).reduce((sum, rate) => sum + rate, 0);
  const figures = { users_online: users, streams: streams.total, ...pick(rates, ["publishes", "messages", "deliveries"]), pushes, ...pick(commit, ["p50", "p99"]) };
  return Object.fromEntries(Object.entries(figures).filter(([, value]) => Number.isFinite(value)));
}

function pick(numbers, names) {
  return Object.fromEntries(names.map((name) => [name, numbers?.[name] ?? NaN]));
}

export class Overview {
  element = make("div", { class: "view overview", "aria-busy": "true" });
  #t;
  #history;
  #numbers;
  #kept;
  #tiles = [];
  #commit;
  #bars;
  #outages = make("div", { role: "status" });
  #shownOutages = null;
  #figures = null;

  constructor({ t, numbers, history, kept }) {
    this.#t = t;
    this.#numbers = numbers;
    this.#history = history;
    this.#kept = kept;
    this.#tiles = Object.entries(TILES).map(([name, format], index) => this.#tile(name, numbers[format], index + 1));
    this.#commit = this.#commitPlot();
    const bars = (label, format, empty, more = {}) => new Bars({ t, label, format, empty, ...more });
    this.#bars = {
      devices: bars((name) => t(`admin_device_${name}`), numbers.count, "admin_no_streams"),
      instances: bars((name) => name, numbers.count, "admin_no_streams", { isCode: true }),
      queues: bars((name) => t(`admin_queue_${name}`), (number, name) => (name.endsWith("_bytes") ? numbers.bytes(number) : numbers.count(number)), "admin_nothing_waits", { isBare: true }),
      push: bars((name) => wordOr(t, `admin_push_${name}`, name), (number) => t("admin_per_second", { number: numbers.rate(number) }), "admin_no_pushes"),
      reasons: bars((name) => wordOr(t, `admin_reason_${name}`, name), numbers.count, "admin_none_closed"),
    };
    this.element.append(
      make("div", { class: "view-head" }, make("h1", {}, t("admin_place_overview")), this.#outages, make("span", { class: "space" }), this.#ranges()),
      make("div", { class: "tiles" }, ...this.#tiles.map(({ element }) => element)),
      make("div", { class: "cards" }, this.#commit.element,
        make("section", { class: "card" }, make("h2", {}, t("admin_streams_by_device")), this.#bars.devices.element,
          make("h2", {}, t("admin_streams_by_instance")), this.#bars.instances.element),
        card(t("admin_queues"), this.#bars.queues.element),
        card(t("admin_push_outcomes"), this.#bars.push.element),
        card(t("admin_close_reasons"), make("p", { class: "help" }, t("admin_close_reasons_help")), this.#bars.reasons.element)));
  }

  /** Draw the newest figures. */
  show(figures) {
    this.element.removeAttribute("aria-busy");
    this.#figures = figures;
    const numbers = figuresOf(figures);
    for (const { name, plot, number } of this.#tiles) {
      plot.show(this.#history, this.#kept.range);
      number(numbers[name]);
    }
    this.#commit.plot.show(this.#history, this.#kept.range);
    this.#commit.number(numbers);
    this.#bars.devices.show(figures.streams.by_device ?? {});
    this.#bars.instances.show(figures.streams.by_instance ?? {});
    this.#bars.queues.show(figures.queues ?? {});
    this.#bars.push.show(figures.push ?? {});
    this.#bars.reasons.show(figures.close_reasons ?? {});
    this.#showOutages(figures.outages ?? []);
  }

  #ranges() {
    const t = this.#t;
    const choices = Object.keys(RANGES).map((range) => {
      const input = make("input", { type: "radio", name: "range", value: range, checked: range === this.#kept.range, onchange: () => {
        this.#kept.range = range;
        if (this.#figures !== null) this.show(this.#figures);
      } });
      return make("label", {}, input, make("span", {}, t(`admin_range_${range}`)));
    });
    return make("fieldset", { class: "segments" }, make("legend", { class: "unseen" }, t("admin_range")), ...choices);
  }

  #tile(name, format, hue) {
    const t = this.#t;
    const value = make("strong", { class: "tile-number" }, "–");
    const at = make("span", { class: "tile-at", "aria-hidden": "true" });
    const isRate = TILES[name] === "rate";
    const title = t(`admin_figure_${name}`);
    const label = isRate ? t("admin_per_second_label", { label: title }) : title;
    let newest;
    let isPointed = false;
    const plot = new Plot({ t, numbers: this.#numbers, label, series: [{ name, label, hue }], format, readout: (read) => {
      isPointed = read !== null;
      value.textContent = read === null ? format(newest ?? 0) : read.values[0];
      at.textContent = read?.time ?? "";
    } });
    const number = (found) => {
      newest = found;
      if (!isPointed) value.textContent = found === undefined ? "–" : format(found);
    };
    const element = make("section", { class: "card tile" }, make("div", { class: "tile-head" }, make("h2", {}, title), at),
      make("p", { class: "tile-value" }, value, isRate ? make("span", { class: "tile-unit" }, t("admin_per_second_unit")) : ""), plot.element);
    return { name, element, plot, number };
  }

  #commitPlot() {
    const t = this.#t;
    const names = ["p50", "p99"];
    const values = names.map(() => make("strong", {}, "–"));
    const at = make("span", { class: "tile-at", "aria-hidden": "true" });
    let isPointed = false;
    const set = (texts) => values.forEach((value, index) => (value.textContent = texts[index]));
    let newest = ["–", "–"];
    const plot = new Plot({ t, numbers: this.#numbers, isTall: true, label: t("admin_commit_time"), format: this.#numbers.ms,
      series: names.map((name, index) => ({ name, label: t(`admin_commit_${name}`), hue: index + 1 })), readout: (read) => {
        isPointed = read !== null;
        set(read?.values ?? newest);
        at.textContent = read?.time ?? "";
      } });
    const number = (found) => {
      newest = names.map((name) => (found[name] === undefined ? "–" : this.#numbers.ms(found[name])));
      if (!isPointed) set(newest);
    };
    const legend = make("p", { class: "legend" }, ...names.map((name, index) =>
      make("span", {}, make("span", { class: "legend-mark", "data-hue": index + 1 }), t(`admin_commit_${name}`), " ", values[index])));
    const element = make("section", { class: "card wide" }, make("div", { class: "tile-head" }, make("h2", {}, t("admin_commit_time")), at), legend, plot.element);
    return { element, plot, number };
  }

  /** Outages that began are announced; that the seconds pass is not. */
  #showOutages(outages) {
    const t = this.#t;
    const key = JSON.stringify(outages.map(({ what, since }) => [what, since]));
    if (key === this.#shownOutages) {
      for (const [index, { since }] of outages.entries()) this.#outages.querySelectorAll("[data-since]")[index].textContent = this.#numbers.since(since);
      return;
    }
    this.#shownOutages = key;
    this.#outages.className = outages.length > 0 ? "outages" : "calm";
    this.#outages.replaceChildren(...(outages.length === 0 ? [make("span", { class: "dot" }), t("admin_no_outages")] : outages.map(({ what, since }) =>
      make("p", { class: "outage" }, glyph("warning"), make("bdi", {}, outageOf(t, what)),
        make("span", { class: "outage-since", "data-since": since, "aria-hidden": "true" }, this.#numbers.since(since))))));
  }
}

/** Return what fails: a part of the server, a push provider or a task. */
function outageOf(t, what) {
  const [, kind, name] = /^(push by|task) (.*)$/u.exec(what) ?? [];
  if (kind !== undefined) return t(kind === "task" ? "admin_outage_of_task" : "admin_outage_of_provider", { name });
  return wordOr(t, `admin_outage_${what.replaceAll(" ", "_")}`, what);
}

/** The words of a key, or the server's own where this version has none. */
export function wordOr(t, key, text) {
  const words = t(key);
  return words === key ? text : words;
}
