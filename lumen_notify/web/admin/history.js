// History: the figures of the last minutes, hours and the last day, in rings of a fixed size: a page may be open for days.

/** How far back each range goes: `size` slots of `seconds` each. */
export const RANGES = {
  minutes: { seconds: 1, size: 300 },
  hour: { seconds: 10, size: 360 },
  day: { seconds: 240, size: 360 },
};

/** Series beyond it are not kept. */
export const MAX_SERIES = 40;

/** The slots of one range of one series. A slot without figures is NaN; one with several is their mean. */
class Ring {
  #values;
  #count = 0;

  constructor(size) {
    this.#values = new Float64Array(size).fill(NaN);
  }

  /** isNew: whether this is the first value of the slot. */
  put(slot, value, isNew) {
    const at = slot % this.#values.length;
    this.#count = isNew || Number.isNaN(this.#values[at]) ? 1 : this.#count + 1;
    const before = this.#count === 1 ? 0 : this.#values[at];
    this.#values[at] = before + (value - before) / this.#count;
  }

  clear(slot) {
    this.#values[slot % this.#values.length] = NaN;
  }

  /** Repeat the value of the slot before. */
  repeat(slot) {
    const { length } = this.#values;
    this.#values[slot % length] = this.#values[(slot - 1 + length) % length];
  }

  /** Return the values, oldest first. last: the newest slot. */
  until(last) {
    const { length } = this.#values;
    return Float64Array.from({ length }, (_, index) => this.#values[(last + 1 + index) % length]);
  }
}

export class History {
  #series = new Map(); // name -> range -> Ring
  #slots = new Map(Object.keys(RANGES).map((range) => [range, null]));

  /** at: in ms. figures: numbers by name. */
  add(at, figures) {
    for (const [range, { seconds, size }] of Object.entries(RANGES)) {
      const last = this.#slots.get(range);
      const slot = Math.max(Math.floor(at / 1000 / seconds), last ?? 0); // a clock that goes back writes to the newest slot
      this.#slots.set(range, slot);
      const isNew = slot !== last;
      if (isNew && last !== null) this.#skip(range, Math.max(last + 1, slot - size + 1), slot);
      for (const [name, value] of Object.entries(figures)) this.#ring(name, range)?.put(slot, value, isNew);
    }
  }

  /** Return the values of a series, oldest first, NaN where nothing is known; null if there is none. */
  values(name, range) {
    return this.#series.get(name)?.[range].until(this.#slots.get(range)) ?? null;
  }

  /** Return the time of the newest slot in ms, and its length. */
  newest(range) {
    const { seconds } = RANGES[range];
    return { at: (this.#slots.get(range) ?? 0) * seconds * 1000, ms: seconds * 1000 };
  }

  #skip(range, from, to) {
    const isLate = to - from === 1; // a frame that came a little late has missed one slot, and there was no break
    for (const rings of this.#series.values()) {
      for (let slot = from; slot <= to; slot += 1) rings[range].clear(slot);
      if (isLate) rings[range].repeat(from);
    }
  }

  #ring(name, range) {
    if (!this.#series.has(name)) {
      if (this.#series.size >= MAX_SERIES) return null;
      this.#series.set(name, Object.fromEntries(Object.entries(RANGES).map(([each, { size }]) => [each, new Ring(size)])));
    }
    return this.#series.get(name)[range];
  }
}
