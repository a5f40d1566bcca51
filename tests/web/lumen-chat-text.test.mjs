// What becomes a link or a mention in the text of a message.

import assert from "node:assert/strict";
import test from "node:test";

import { MAX_MENTIONS, mentionAt, mentionsIn, piecesOf, safeUrl } from "../../lumen_notify/web/client/lumen-chat-text.js";

const ANN = { id: "u1", username: "Ann" };
const ANN_LEE = { id: "u2", username: "Ann Lee" };
const LI = { id: "u3", username: "李明" };
const PEOPLE = [ANN, ANN_LEE, LI];

const links = (text) => piecesOf(text).filter(({ href }) => href !== undefined).map(({ text }) => text);
const joined = (text) => piecesOf(text, PEOPLE).map(({ text }) => text).join("");

test("http and https URLs are links, nothing else", () => {
  assert.deepEqual(links("see https://a.example/b?c=d#e and HTTP://B.example"), ["https://a.example/b?c=d#e", "HTTP://B.example"]);
  for (const text of ["javascript:alert(1)", "data:text/html,x", "ftp://a.example", "www.a.example", "https://", "http://%"]) {
    assert.deepEqual(links(text), [], text);
  }
});

test("a URL with credentials is no link", () => {
  assert.deepEqual(links("https://bank.example@evil.example/"), []);
  assert.equal(safeUrl("https://a:b@c.example"), null);
});

test("a link ends before the punctuation of the sentence", () => {
  assert.deepEqual(links("Look (https://a.example/b)."), ["https://a.example/b"]);
  assert.deepEqual(links("https://a.example/wiki/Tea_(drink)?"), ["https://a.example/wiki/Tea_(drink)"]);
  assert.deepEqual(links("请看https://a.example/b。谢谢"), ["https://a.example/b"]);
  assert.deepEqual(links('"https://a.example/b"'), ["https://a.example/b"]);
});

test("no character of a text is lost", () => {
  const texts = ["", "@", "@@Ann", "a@Ann @Ann Lee, @李明你好", "<b>https://a.example</b>", "x https://a.example/(b)) @u1\n@nobody"];
  for (const text of texts) assert.equal(joined(text), text);
});

test("the longest name is mentioned, and a name ends where the word ends", () => {
  assert.deepEqual(mentionsIn("@Ann Lee", PEOPLE), ["u2"]);
  assert.deepEqual(mentionsIn("@ann, hello", PEOPLE), ["u1"]);
  assert.deepEqual(mentionsIn("@Anna", PEOPLE), []);
  assert.deepEqual(mentionsIn("mail a@Ann", PEOPLE), []);
  assert.deepEqual(mentionsIn("@李明你好", PEOPLE), ["u3"]);
  assert.deepEqual(mentionsIn("@u1 https://a.example/@u2", PEOPLE), ["u1"]);
});

test("each is mentioned once, and at most as many as the server takes", () => {
  const people = Array.from({ length: 60 }, (_, index) => ({ id: `m${index}x`, username: `m${index}x` }));
  const ids = mentionsIn(people.map(({ id }) => `@${id} @${id}`).join(" "), people);
  assert.deepEqual(ids, people.slice(0, MAX_MENTIONS).map(({ id }) => id));
});

test("an @ at the beginning of a word opens the list, up to two words later", () => {
  assert.deepEqual(mentionAt("hi @", 4), { start: 3, query: "" });
  assert.deepEqual(mentionAt("hi @an and", 6), { start: 3, query: "an" });
  assert.deepEqual(mentionAt("@ann l", 6), { start: 0, query: "ann l" });
  for (const [text, caret] of [["", 0], ["mail@an", 7], ["@ann lee is", 11], ["@ ", 2], ["@an\n", 4]]) {
    assert.equal(mentionAt(text, caret), null, text);
  }
});
