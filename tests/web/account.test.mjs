// Account: what the server answers, what is cut off, and what is not of this server.

import assert from "node:assert/strict";
import { test } from "node:test";
import { logIn, logOut } from "../../lumen_notify/web/page/account.js";

function answering(status, body) {
  globalThis.fetch = async () => new Response(body, { status });
}

test("a session is what the server answers", async () => {
  answering(200, '{"user_id":"1"}');
  assert.deepEqual(await logIn("bob", "secret"), { user_id: "1" });
});

test("a response that is cut off is none", async () => {
  answering(200, '{"user_id":');
  await assert.rejects(logIn("bob", "secret"), { status: 0 });
});

test("a refusal without a problem document has its status", async () => {
  answering(502, "<html>");
  await assert.rejects(logIn("bob", "secret"), { status: 502, code: null });
});

test("a log-out needs no body", () => {
  answering(204, null);
  assert.equal(logOut("token"), undefined);
});
