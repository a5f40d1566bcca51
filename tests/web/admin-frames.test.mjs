// Frames: an event stream in any pieces (HTML standard, "Parsing an event stream").

import assert from "node:assert/strict";
import { test } from "node:test";
import { FrameParser } from "../../lumen_notify/web/admin/frames.js";

const STREAM = 'retry: 2000\r\n: hello\r\n\r\nevent: figures\r\ndata: {"at":\r\ndata: 1}\n\ndata:{"b":2}\r\revent: closing\rdata: {"reason":"shutdown"}\r\n\r\n';
const FRAMES = [{ kind: "figures", body: { at: 1 } }, { kind: "message", body: { b: 2 } }, { kind: "closing", body: { reason: "shutdown" } }];

test("frames are the same however the stream is cut", () => {
  for (let size = 1; size <= STREAM.length; size += 1) {
    const parser = new FrameParser();
    const found = [];
    for (let at = 0; at < STREAM.length; at += size) found.push(...parser.take(STREAM.slice(at, at + size)));
    assert.deepEqual(found, FRAMES, `pieces of ${size}`);
  }
});

test("a frame without an end is not kept for ever", () => {
  const parser = new FrameParser();
  assert.throws(() => {
    for (let times = 0; times < 100; times += 1) parser.take(`data: ${"x".repeat(100_000)}\n`);
  }, RangeError);
});

test("many frames on one stream are no long frame", () => {
  const parser = new FrameParser();
  for (let times = 0; times < 200; times += 1) assert.equal(parser.take(`data: "${"x".repeat(100_000)}"\n\n`).length, 1);
});
