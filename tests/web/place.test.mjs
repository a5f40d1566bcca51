// Place: the fragment of the page's address, both ways.

import assert from "node:assert/strict";
import { test } from "node:test";

const { HOME, SETTINGS, directAddress, placeOf, roomAddress } = await import("../../lumen_notify/web/page/place.js");

test("each address names its place", () => {
  assert.deepEqual(placeOf(HOME), { name: "home" });
  assert.deepEqual(placeOf(SETTINGS), { name: "settings" });
  for (const id of ["tea", "a/b", "ü #%?", "01a20185-0647-7000-a5ee-000000000001"]) {
    assert.deepEqual(placeOf(roomAddress(id)), { name: "room", room: id, message: null });
    assert.deepEqual(placeOf(roomAddress(id, 17)), { name: "room", room: id, message: 17 });
    assert.deepEqual(placeOf(directAddress(id)), { name: "direct", user: id });
  }
});

test("what is no address is home, and what is no seq is none", () => {
  for (const fragment of ["", "#", "#/nowhere", "#/rooms", "#/rooms/", "#/direct/", "#/rooms/%E0%A4%A", "#content"]) {
    assert.deepEqual(placeOf(fragment), { name: "home" }, fragment);
  }
  for (const seq of ["0", "-1", "1e9", "x", "1".repeat(20), ""]) {
    assert.deepEqual(placeOf(`#/rooms/tea/${seq}`), { name: "room", room: "tea", message: null }, seq);
  }
});
