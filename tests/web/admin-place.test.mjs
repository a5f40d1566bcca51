// Place: what the fragment of the address names.

import assert from "node:assert/strict";
import { test } from "node:test";
import { addressOf, aimOf, idOfAim, placeOf } from "../../lumen_notify/web/admin/place.js";

test("a user whose id looks like that of a room is written to, and not the room", () => {
  for (const [aim, who] of [["user", "room:lobby"], ["user", "user:ann"], ["user", "a/b%#\u2028c"], ["room", "lobby"]]) {
    const { name, id } = placeOf(addressOf("send", idOfAim(aim, who)));
    assert.deepEqual([name, ...aimOf(id)], ["send", aim, who]);
  }
});

test("without an id a notification is to all, and with one that says nothing more to that user", () => {
  for (const id of [null, ""]) assert.deepEqual(aimOf(id), ["all", ""]);
  for (const id of ["ann", "room:", "users:ann"]) assert.deepEqual(aimOf(id), ["user", id]);
});
