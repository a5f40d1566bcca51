// Feed: the admin's stream: reads it by fetch, which can send a token, and connects again after every break.

import { backoff } from "../client/lumen-notify.js";
import { FrameParser } from "./frames.js";

/** The server sends figures each second: after this silence the connection is half open. */
const SILENT_MS = 15_000;

/** Events: `figures` with `detail`, and `state`. A state is `connecting`, `open`, `waiting` or `closed`. */
export class Feed extends EventTarget {
  state = "closed";
  reason = "stopped"; // while closed: `stopped`, `expired`, `forbidden`, or the server's own
  nextAttemptAt = null; // while waiting, in ms
  #url;
  #token;
  #abort = null;
  #timer = null;
  #tries = 0;
  #listening = null;

  /** token: `(isNew) -> Promise` of a token, or of null; isNew: the last one was refused. */
  constructor(url, token) {
    super();
    this.#url = url;
    this.#token = token;
  }

  start() {
    this.#listening = new AbortController();
    const nudge = () => this.state === "waiting" && this.reconnect();
    for (const name of ["online", "focus"]) addEventListener(name, nudge, this.#listening);
    this.reconnect();
  }

  stop() {
    this.#listening?.abort();
    this.#close("stopped");
  }

  /** Connect now. */
  reconnect() {
    this.#tries = 0;
    this.#connect(false);
  }

  async #connect(isRefused) {
    this.#drop();
    const abort = (this.#abort = new AbortController());
    const { signal } = abort;
    this.#enter("connecting");
    try {
      this.#expect(abort);
      const token = await this.#token(isRefused);
      if (signal.aborted) return;
      if (token === null) return void this.#close("expired");
      const response = await fetch(this.#url, {
        headers: { authorization: `Bearer ${token}`, accept: "text/event-stream" }, cache: "no-store", credentials: "omit", signal,
      });
      if (signal.aborted) return;
      if (response.status === 401) return void (isRefused ? this.#close("expired") : this.#connect(true));
      if (response.status === 403) return void this.#close("forbidden");
      if (!response.ok) return void this.#wait(Number(response.headers.get("retry-after")));
      await this.#read(response.body, abort);
    } catch {
      // Cut off, or not answered in time.
    }
    if (this.#abort === abort) this.#wait();
  }

  async #read(body, abort) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    const parser = new FrameParser();
    for (;;) {
      const { done, value } = await reader.read();
      if (done || abort.signal.aborted) return;
      this.#expect(abort);
      for (const { kind, body: frame } of parser.take(value)) {
        if (kind === "figures") this.#show(frame);
        else if (kind === "closing") return void this.#closing(frame);
      }
    }
  }

  #show(figures) {
    this.#tries = 0;
    if (this.state !== "open") this.#enter("open");
    this.dispatchEvent(new CustomEvent("figures", { detail: figures }));
  }

  #closing({ reason, reconnect }) {
    if (reason === "expired" && this.state === "open") this.#connect(true); // with another token, if there is one
    else if (reconnect) this.#wait();
    else this.#close(reason);
  }

  /** Wait for the next bytes, and give up on this connection without them. */
  #expect(abort) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#abort === abort && this.#wait(), SILENT_MS);
  }

  /** There is always a next attempt: the page may be open for days. */
  #wait(leastSeconds = 0) {
    this.#drop();
    this.#tries += 1;
    const delay = Math.max(backoff(Math.min(this.#tries, 10)), (leastSeconds || 0) * 1000);
    this.nextAttemptAt = Date.now() + delay;
    this.#timer = setTimeout(() => this.#connect(false), delay);
    this.#enter("waiting");
  }

  #close(reason) {
    this.#drop();
    this.reason = reason;
    this.#enter("closed");
  }

  #drop() {
    clearTimeout(this.#timer);
    this.#abort?.abort();
    this.#abort = null;
    this.nextAttemptAt = null;
  }

  #enter(state) {
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }
}
