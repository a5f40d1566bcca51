// Follower: says whether what was fetched is still followed by the frames of a client, and has it fetched again.

const OPEN_WAIT_MS = 2_000;
const READY_WAIT_MS = 1_000;
const SHORTEST_RETRY_MS = 2_000;
const LONGEST_RETRY_MS = 30_000;

/**
 * A response may be older or newer than a frame that arrives while it is fetched, so `fetch` returns those frames, to
 * be applied to it again. Frames state absolute values: applying one twice is harmless.
 */
export class Follower {
  #client;
  #on;
  #ended = new AbortController();
  #recordings = new Set();
  #isStarted = false; // whether there is something to follow
  #isBehind = false; // whether the last fetch began without a stream
  #isSkipping = false; // in a long replay, whose end fetches again
  #isPlanned = false;
  #tries = 0;
  #timer = null;
  #readyTimer = null;

  /**
   * on: `frame(detail)`, called for each frame in order, and `refresh()`, which fetches everything again and returns
   * whether that worked; it is repeated until it does. `forget()`: drop everything, as the user is another one; `refresh`
   * follows once the stream is open.
   */
  constructor(client, on) {
    this.#client = client;
    this.#on = on;
    const { signal } = this.#ended;
    client.addEventListener("frame", ({ detail }) => this.#take(detail), { signal });
    client.addEventListener("user", () => this.#forget(), { signal });
    client.addEventListener("state", () => client.state === "open" && this.#opened(), { signal });
  }

  get isClosed() {
    return this.#ended.signal.aborted;
  }

  close() {
    clearTimeout(this.#timer);
    clearTimeout(this.#readyTimer);
    this.#ended.abort();
  }

  /**
   * Wait until the stream is open, but not for long, and call `request`. Return `{answer, frames}`, or throw.
   * isWhole: whether the answer replaces everything.
   */
  async fetch(request, { isWhole = false } = {}) {
    if (isWhole) {
      this.#isStarted = true;
      clearTimeout(this.#readyTimer);
      if (this.#client.state === "connecting") await this.#settled();
      this.#isBehind = this.#client.state !== "open";
    }
    const frames = [];
    this.#recordings.add(frames);
    try {
      return { answer: await request(), frames };
    } catch (problem) {
      if (isWhole) this.#isBehind = true;
      throw problem;
    } finally {
      this.#recordings.delete(frames);
    }
  }

  /** Fetch everything again soon. */
  plan() {
    if (!this.#isStarted || this.#isPlanned || this.isClosed) return;
    this.#isPlanned = true;
    clearTimeout(this.#timer);
    queueMicrotask(() => this.#refresh());
  }

  async #refresh() {
    this.#isPlanned = false;
    if (this.isClosed) return;
    if (await this.#on.refresh()) {
      this.#tries = 0;
      return;
    }
    if (!this.#isPlanned) this.retry();
  }

  /** Fetch everything again later: the wait grows with each time, until `refresh` has worked. */
  retry() {
    if (this.isClosed) return;
    const delay = Math.min(LONGEST_RETRY_MS, SHORTEST_RETRY_MS * 2 ** this.#tries) * (0.5 + Math.random() / 2);
    this.#tries += 1;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.plan(), delay);
  }

  /** `ready` says whether frames were missed. A tab that joins the stream of another one gets none. */
  #opened() {
    if (this.#isBehind) this.plan();
    else if (this.#isStarted) {
      clearTimeout(this.#readyTimer);
      this.#readyTimer = setTimeout(() => this.plan(), READY_WAIT_MS);
    }
  }

  #forget() {
    clearTimeout(this.#timer);
    this.#isBehind = true;
    this.#isSkipping = false;
    this.#recordings.clear();
    this.#on.forget();
  }

  #take(frame) {
    if (frame.frame === "ready") {
      clearTimeout(this.#readyTimer);
      this.#isSkipping = frame.recovered && frame.replayed === null;
      if (!frame.recovered) this.plan();
    } else if (frame.frame === "reset" || frame.frame === "caught_up") {
      this.#isSkipping = false;
      this.plan();
    } else if (this.#isSkipping && frame.is_replayed) {
      return;
    }
    for (const frames of this.#recordings) frames.push(frame);
    this.#on.frame(frame);
  }

  #settled() {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, OPEN_WAIT_MS);
      const check = () => {
        if (this.#client.state === "connecting") return;
        clearTimeout(timer);
        this.#client.removeEventListener("state", check);
        resolve();
      };
      this.#client.addEventListener("state", check, { signal: this.#ended.signal });
    });
  }
}
