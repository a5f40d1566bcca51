// Plot: the paths of lines and areas, the top of the axis, and numbers as people read them.

import assert from "node:assert/strict";
import { test } from "node:test";

globalThis.CSSStyleSheet = class {
  replaceSync() {}
};
const { areaOf, pathOf, spread } = await import("../../lumen_notify/web/admin/plot.js");
const { Numbers, ceiling } = await import("../../lumen_notify/web/admin/numbers.js");

test("a line goes from the left to the right, and up to the top", () => {
  assert.equal(pathOf([0, 5, 10], 10), "M0.0 100.00L500.0 50.00L1000.0 0.00");
});

test("a gap interrupts the line, and a value alone is a dot", () => {
  assert.equal(pathOf([0, NaN, 10, NaN], 10), "M0.0 100.00h0.01M666.7 0.00h0.01");
  assert.equal(pathOf([NaN, 0, 10], 10), "M500.0 100.00L1000.0 0.00");
  assert.equal(pathOf([NaN, NaN], 1), "");
});

test("an area ends at the axis", () => {
  assert.equal(areaOf([0, 10], 10), "M0.0 100.00L1000.0 0.00L1000.0 100L0.0 100Z");
  assert.equal(areaOf([NaN, 10], 10), "M1000.0 0.00h0.01L1000.0 100L1000.0 100Z");
});

test("the spread is of what is known", () => {
  assert.deepEqual(spread([NaN, 3, 1, 2, NaN]), { least: 1, most: 3, newest: 2 });
  assert.equal(spread([NaN]), null);
});

test("the top of the axis is round, and never zero", () => {
  const found = [0, NaN, 0.3, 1, 1.1, 4, 5, 6, 99, 100, 101, 12_345].map(ceiling);
  assert.deepEqual(found, [1, 1, 0.5, 1, 2, 5, 5, 10, 100, 100, 200, 20_000]);
});

test("numbers are short where they are large", () => {
  const numbers = new Numbers("en");
  assert.deepEqual([0, 0.254, 3.44, 120.4, 127_432].map(numbers.rate), ["0", "0.25", "3.4", "120", "127.4K"]);
  assert.deepEqual([0, 12_345, 1_234_567].map(numbers.short), ["0", "12,345", "1.235M"]);
  assert.deepEqual([0.84, 120.4, 1234].map(numbers.ms), ["0.8 ms", "120 ms", "1.23 s"]);
  assert.deepEqual([0, 1023, 1536, 300 * 1024 * 1024].map(numbers.bytes), ["0 B", "1,023 B", "1.5 KiB", "300 MiB"]);
  assert.equal(numbers.since(new Date(Date.now() - 185_000).toISOString()), "3 min");
});
