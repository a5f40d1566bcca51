// People: the names that a tab keeps are bounded, survive a reload, and go with the user.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

const storage = new Map();
globalThis.sessionStorage = {
  getItem: (key) => storage.get(key) ?? null,
  setItem: (key, value) => storage.set(key, value),
  removeItem: (key) => storage.delete(key),
};
const { People } = await import("../../lumen_notify/web/page/people.js");

beforeEach(() => storage.clear());

function person(number) {
  return { id: `u${number}`, username: `User ${number}`, avatar: null };
}

test("names survive a reload, and the user that is not known is shown by the id", () => {
  new People(new EventTarget()).learn(person(1));
  const people = new People(new EventTarget());
  assert.deepEqual(people.get("u1"), person(1));
  assert.deepEqual(people.get("__proto__"), { id: "__proto__", username: "__proto__", avatar: null });
});

test("no more than 1,000 are kept: the first ones go", () => {
  const people = new People(new EventTarget());
  for (let number = 0; number <= 1_000; number += 1) people.learn(person(number));
  assert.equal(people.get("u0").username, "u0");
  assert.equal(people.get("u1").username, "User 1");
  assert.equal(JSON.parse([...storage.values()][0]).length, 1_000);
});

test("what another version has stored, or nonsense, counts as nothing", () => {
  new People(new EventTarget()).learn(person(1));
  for (const stored of ["{}", "nonsense", '{"u1":{"id":"u1"}}', "null"]) {
    storage.set([...storage.keys()][0], stored);
    assert.equal(new People(new EventTarget()).get("u1").username, "u1");
  }
});

test("the next user of the tab knows nobody", () => {
  const people = new People(new EventTarget());
  people.learn(person(1));
  people.forget();
  assert.equal(storage.size, 0);
  assert.equal(people.get("u1").username, "u1");
});
