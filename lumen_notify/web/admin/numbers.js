// Numbers: counts, rates, times and sizes as people read them.

const STEPS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** Numbers in a language. */
export class Numbers {
  #language;
  #whole;
  #compact;

  constructor(language) {
    this.#language = language;
    this.#whole = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
    this.#compact = new Intl.NumberFormat(language, { notation: "compact", maximumSignificantDigits: 4 });
  }

  /** Of things that are counted: exact. */
  count = (number) => this.#whole.format(number);

  /** Of things that are counted, where there is little room: at most four digits. */
  short = (number) => (Math.abs(number) < 100_000 ? this.#whole : this.#compact).format(number);

  /** Per second: `0.25`, `3.4`, `120`, `127K`. */
  rate = (number) => {
    if (number >= 100_000) return this.#compact.format(number);
    const digits = number === 0 || number >= 100 ? 0 : number >= 1 ? 1 : 2;
    return this.#fixed(number, digits);
  };

  /** Milliseconds, with the unit. */
  ms = (number) => (number >= 1000 ? `${this.#fixed(number / 1000, 2)} s` : `${this.#fixed(number, number >= 100 ? 0 : 1)} ms`);

  bytes = (number) => {
    let step = 0;
    for (; number >= 1024 && step < STEPS.length - 1; step += 1) number /= 1024;
    return `${this.#fixed(number, step === 0 || number >= 100 ? 0 : 1)} ${STEPS[step]}`;
  };

  /** The length of time since `at`, such as `3 min`. */
  since(at) {
    const seconds = Math.max(0, Math.round((Date.now() - new Date(at)) / 1000));
    const [unit, size] = [["day", 86_400], ["hour", 3_600], ["minute", 60]].find(([, each]) => seconds >= each) ?? ["second", 1];
    return new Intl.NumberFormat(this.#language, { style: "unit", unit, unitDisplay: "short" }).format(Math.floor(seconds / size));
  }

  /** A time on the axis of a plot. */
  clock = (at) => new Intl.DateTimeFormat(this.#language, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }).format(at);

  /** A date and a time, in full. */
  moment = (at) => new Intl.DateTimeFormat(this.#language, { dateStyle: "medium", timeStyle: "medium" }).format(new Date(at));

  #fixed(number, digits) {
    return new Intl.NumberFormat(this.#language, { minimumFractionDigits: 0, maximumFractionDigits: digits }).format(number);
  }
}

/** Return the least of 1, 2, 5, 10, 20, .. that is not below the number. */
export function ceiling(number) {
  if (!(number > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(number));
  return [1, 2, 5, 10].find((step) => step * power >= number * (1 - 1e-9)) * power;
}
