// History: what a page that is open for days keeps of the figures.

import assert from "node:assert/strict";
import { test } from "node:test";
import { History, MAX_SERIES, RANGES } from "../../lumen_notify/web/admin/history.js";

const START = 1_700_000_000_000 - (1_700_000_000_000 % 240_000);

function tail(values, count) {
  return [...values.slice(-count)];
}

test("values are in the order of time, and nothing is known of the time before", () => {
  const history = new History();
  for (let second = 0; second < 3; second += 1) history.add(START + second * 1000, { streams: second });
  const values = history.values("streams", "minutes");
  assert.equal(values.length, RANGES.minutes.size);
  assert.deepEqual(tail(values, 4), [NaN, 0, 1, 2]);
  assert.deepEqual(history.newest("minutes"), { at: START + 2000, ms: 1000 });
});

test("several figures of one slot are their mean", () => {
  const history = new History();
  for (let second = 0; second < 10; second += 1) history.add(START + second * 1000, { streams: second });
  assert.deepEqual(tail(history.values("streams", "hour"), 1), [4.5]);
  history.add(START + 10_000, { streams: 100 });
  assert.deepEqual(tail(history.values("streams", "hour"), 2), [4.5, 100]);
});

test("a break leaves a gap, also one that is longer than the ring", () => {
  const history = new History();
  history.add(START, { streams: 1 });
  history.add(START + 3000, { streams: 2 });
  assert.deepEqual(tail(history.values("streams", "minutes"), 4), [1, NaN, NaN, 2]);
  history.add(START + 3000 + 10 * 24 * 3_600_000, { streams: 3 });
  for (const range of Object.keys(RANGES)) {
    const values = history.values("streams", range);
    assert.deepEqual(tail(values, 1), [3]);
    assert.equal(values.filter((value) => !Number.isNaN(value)).length, 1, range);
  }
});

test("a figure that comes a little late leaves no gap", () => {
  const history = new History();
  history.add(START + 900, { streams: 1 });
  history.add(START + 2100, { streams: 3 });
  assert.deepEqual(tail(history.values("streams", "minutes"), 4), [NaN, 1, 1, 3]);
});

test("a clock that goes back writes to the newest slot", () => {
  const history = new History();
  history.add(START, { streams: 1 });
  history.add(START - 60_000, { streams: 3 });
  assert.deepEqual(tail(history.values("streams", "minutes"), 2), [NaN, 2]);
});

test("a series that begins later has nothing before, and one that is missing leaves a gap", () => {
  const history = new History();
  history.add(START, { streams: 1 });
  history.add(START + 1000, { p99: 5 });
  history.add(START + 2000, { streams: 2, p99: 6 });
  assert.deepEqual(tail(history.values("streams", "minutes"), 3), [1, NaN, 2]);
  assert.deepEqual(tail(history.values("p99", "minutes"), 3), [NaN, 5, 6]);
  assert.equal(history.values("nothing", "minutes"), null);
});

test("three days and any number of names take a fixed size", () => {
  const history = new History();
  for (let second = 0; second < 3 * 86_400; second += 1) history.add(START + second * 1000, { streams: second });
  for (let name = 0; name < 1000; name += 1) history.add(START + 3 * 86_400_000, { [`name ${name}`]: 1 });
  for (const [range, { size }] of Object.entries(RANGES)) assert.equal(history.values("streams", range).length, size);
  const kept = Array.from({ length: 1000 }, (_, name) => history.values(`name ${name}`, "day")).filter((values) => values !== null);
  assert.equal(kept.length, MAX_SERIES - 1);
});
