// Plot: lines of figures over time, as SVG with a text alternative. It is drawn anew at each figure, in place.

import { make } from "../client/lumen-theme.js";
import { draw } from "./drawing.js";
import { ceiling } from "./numbers.js";

const WIDTH = 1000; // in units of the view box, which is stretched
const HEIGHT = 100;

/** How long the text for screen readers stays as it is: one that changes each second cannot be read. */
const LABEL_MS = 10_000;

/** Return the path of values from 0 to `top`: lines, interrupted where a value is NaN. */
export function pathOf(values, top) {
  let path = "";
  let isDown = false;
  const step = WIDTH / Math.max(1, values.length - 1);
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index];
    if (Number.isNaN(value)) {
      isDown = false;
      continue;
    }
    const [x, y] = [(index * step).toFixed(1), (HEIGHT - (value / top) * HEIGHT).toFixed(2)];
    const isAlone = !isDown && Number.isNaN(values[index + 1] ?? NaN);
    path += isAlone ? `M${x} ${y}h0.01` : `${isDown ? "L" : "M"}${x} ${y}`;
    isDown = true;
  }
  return path;
}

/** Return the path below those lines. */
export function areaOf(values, top) {
  return pathOf(values, top).split("M").slice(1).map((part) => {
    const first = part.split(" ")[0];
    const last = part.includes("L") ? part.slice(part.lastIndexOf("L") + 1).split(" ")[0] : first;
    return `M${part}L${last} ${HEIGHT}L${first} ${HEIGHT}Z`;
  }).join("");
}

/** Return the least, the greatest and the newest of the values that are known; null if none is. */
export function spread(values) {
  const known = values.filter((value) => !Number.isNaN(value));
  if (known.length === 0) return null;
  return { least: Math.min(...known), most: Math.max(...known), newest: known.at(-1) };
}

export class Plot {
  element;
  #t;
  #numbers;
  #label;
  #series;
  #format;
  #svg;
  #lines = new Map();
  #mark = make("div", { class: "plot-mark", hidden: true });
  #top = make("span", { class: "plot-top", "aria-hidden": "true" });
  #start = make("span");
  #readout;
  #shown = null; // what is drawn: {columns, at, ms}
  #labelled = { at: -Infinity, range: null };
  #pointer = null; // 0 to 1, where the pointer is

  /**
   * label: what is drawn, for screen readers. series: `[{name, label, hue}]`. format: of a value.
   * readout: called with the text of the values below the pointer, or with null. isTall: has an axis.
   */
  constructor({ t, numbers, label, series, format, readout, isTall = false }) {
    this.#t = t;
    this.#numbers = numbers;
    this.#label = label;
    this.#series = series;
    this.#format = format;
    this.#readout = readout;
    this.#svg = draw("svg", { class: "plot-lines", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": label });
    if (isTall) for (const y of [0, HEIGHT / 2]) this.#svg.append(draw("path", { class: "plot-grid", d: `M0 ${y}H${WIDTH}` }));
    for (const { name, hue } of series) {
      const area = series.length === 1 ? draw("path", { class: "plot-area", "data-hue": hue }) : null;
      const line = draw("path", { class: "plot-line", "data-hue": hue });
      if (area) this.#svg.append(area);
      this.#svg.append(line);
      this.#lines.set(name, { line, area });
    }
    const field = make("div", { class: "plot-field", onpointermove: (event) => this.#point(event), onpointerleave: () => this.#leave() },
      this.#svg, this.#mark, isTall ? this.#top : null);
    const axis = isTall ? make("div", { class: "plot-axis", "aria-hidden": "true" }, this.#start, make("span", {}, t("admin_now"))) : null;
    this.element = make("div", { class: isTall ? "plot tall" : "plot" }, field, axis);
  }

  /** Draw a range of the history. */
  show(history, range) {
    const columns = this.#series.map((one) => ({ ...one, values: history.values(one.name, range) })).filter(({ values }) => values !== null);
    const { at, ms } = history.newest(range);
    this.#shown = { columns, at, ms };
    const most = Math.max(0, ...columns.map(({ values }) => spread(values)?.most ?? 0));
    const top = ceiling(most);
    for (const { name, values } of columns) {
      const { line, area } = this.#lines.get(name);
      line.setAttribute("d", pathOf(values, top));
      area?.setAttribute("d", areaOf(values, top));
    }
    this.#top.textContent = this.#format(top);
    const size = columns[0]?.values.length ?? 0;
    this.#start.textContent = this.#t(`admin_range_${range}_ago`);
    const isOld = Date.now() - this.#labelled.at >= LABEL_MS || this.#labelled.range !== range;
    if (isOld && size > 0) this.#describe(range);
    this.#read();
  }

  #describe(range) {
    this.#labelled = { at: Date.now(), range };
    const parts = this.#shown.columns.map(({ label, values }) => {
      const found = spread(values);
      if (found === null) return this.#t("admin_plot_nothing", { label });
      const { least, most, newest } = found;
      return this.#t("admin_plot_values", { label, newest: this.#format(newest), least: this.#format(least), most: this.#format(most) });
    });
    this.#svg.setAttribute("aria-label", `${this.#label}, ${this.#t(`admin_range_${range}`)}. ${parts.join(" ")}`);
  }

  #point(event) {
    const box = event.currentTarget.getBoundingClientRect();
    this.#pointer = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    this.#read();
  }

  #leave() {
    this.#pointer = null;
    this.#mark.hidden = true;
    this.#readout(null);
  }

  #read() {
    const size = this.#shown?.columns[0]?.values.length ?? 0;
    if (this.#pointer === null || size === 0) return;
    const { columns, at, ms } = this.#shown;
    const index = Math.round(this.#pointer * (size - 1));
    this.#mark.hidden = false;
    this.#mark.style.insetInlineStart = `${(index / (size - 1)) * 100}%`;
    const values = columns.map(({ values: each }) => (Number.isNaN(each[index]) ? "–" : this.#format(each[index])));
    this.#readout({ time: this.#numbers.clock(at - (size - 1 - index) * ms), values });
  }
}
