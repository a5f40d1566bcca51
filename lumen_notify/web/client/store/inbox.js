// Inbox: a list of the user's notifications: the pages fetched plus every frame since.

import { Follower } from "./follower.js";
import { applied, bringsBack, joined, marked } from "./notifications.js";

const LIMIT = 20;

/** New items after which the list is fetched again, so that a page left open stays small. */
const MAX_LIVE = 500;

/** Pages of one `loadMore`: a page may be empty where a filter leaves out many. */
const MAX_EMPTY_PAGES = 5;

/**
 * What the server has said is in `#stated`; marks on their way are applied on top of it, so that one that fails is
 * undone whatever has happened since. An item that was read stays in a list of unread ones until the next `load`.
 */
export class Inbox extends EventTarget {
  items = [];
  isLoaded = false;
  isLoading = false;
  problem = null;

  #client;
  #options;
  #follower;
  #stated = [];
  #marks = []; // those on their way
  #cursor = null;
  #since = 0; // older items than this position are on further pages
  #position = 0; // the newest position that was seen
  #live = 0;
  #turn = 0; // a load invalidates earlier fetches

  constructor(client, options = {}) {
    super();
    this.#client = client;
    this.#options = options;
    this.#follower = new Follower(client, {
      frame: (frame) => this.#take(frame),
      refresh: () => this.#load(),
      forget: () => this.#forget(),
    });
  }

  get hasMore() {
    return this.#cursor !== null;
  }

  async load(options = null) {
    if (options !== null && !isEqual(options, this.#options)) {
      this.#options = options;
      this.#stated = [];
      this.#cursor = null;
      this.isLoaded = false;
    }
    await this.#load();
  }

  async loadMore() {
    if (this.#cursor === null || this.isLoading) return;
    const turn = this.#turn;
    this.#show({ isLoading: true });
    const fetched = await this.#fetch(() => this.#page(this.#cursor));
    if (turn !== this.#turn) return;
    if (fetched !== null) {
      this.#cursor = fetched.page.next_cursor;
      this.#since = sinceOf(fetched.page, this.#since);
      this.#stated = joined(this.#stated, this.#applied(fetched.page.items, fetched.frames));
    }
    this.#show({ isLoading: false });
  }

  async mark(action, selection) {
    await this.#mark(action, selection, () => this.#client.mark(action, selection));
  }

  async readAll() {
    await this.#mark("read", { all: true }, async () => {
      const answer = await this.#client.mark("read", { all: true });
      await this.#client.markRoomsRead();
      return answer;
    });
  }

  close() {
    this.#turn += 1;
    this.#follower.close();
  }

  #forget() {
    this.#turn += 1;
    this.#stated = this.#marks = [];
    this.#cursor = null;
    this.#position = 0;
    this.#show({ isLoaded: false, isLoading: false, problem: null });
  }

  /** Fetch the newest page; return whether that worked. */
  async #load() {
    const turn = (this.#turn += 1);
    this.#show({ isLoading: true });
    const fetched = await this.#fetch(() => this.#page(null), { isWhole: true });
    if (turn !== this.#turn) return true;
    if (fetched !== null) {
      this.#live = 0;
      this.#cursor = fetched.page.next_cursor;
      this.#since = sinceOf(fetched.page, 0);
      this.#stated = this.#applied(fetched.page.items, fetched.frames);
      this.#position = Math.max(this.#position, this.#stated[0]?.position ?? 0);
      this.isLoaded = true;
    }
    this.#show({ isLoading: false });
    return fetched !== null;
  }

  async #page(cursor) {
    const { limit = LIMIT, ...filter } = this.#options;
    let page = await this.#client.list({ ...filter, limit, ...(cursor !== null && { cursor }) });
    for (let pages = 1; pages < MAX_EMPTY_PAGES && page.items.length === 0 && page.next_cursor !== null; pages += 1) {
      page = await this.#client.list({ ...filter, limit, cursor: page.next_cursor });
    }
    return page;
  }

  async #fetch(request, options) {
    const turn = this.#turn;
    try {
      const { answer: page, frames } = await this.#follower.fetch(request, options);
      if (turn === this.#turn) this.problem = null;
      return { page, frames };
    } catch (problem) {
      if (turn === this.#turn) this.problem = problem;
      return null;
    }
  }

  #applied(items, frames) {
    return frames.reduce((list, frame) => applied(list, frame, this.#options, this.#since), items);
  }

  #take(frame) {
    if (frame.position !== null) this.#position = Math.max(this.#position, frame.position);
    if (!this.isLoaded && !this.isLoading) return;
    if (bringsBack(frame, this.#options, this.#stated)) this.#follower.plan();
    const before = this.#stated;
    this.#stated = this.#applied(before, [frame]);
    if (this.#stated === before) return;
    if (frame.frame === "message" && (this.#live += 1) > MAX_LIVE) this.#follower.plan();
    this.#show();
  }

  async #mark(action, selection, request) {
    const mark = { action, selection, position: this.#position };
    this.#marks = [...this.#marks, mark];
    this.#show();
    try {
      const { position } = await request();
      this.#stated = marked(this.#stated, action, selection, position, this.#options);
      const frame = { frame: action, data: selection };
      // The stream says so too, if it is open.
      if (this.#client.state !== "open" && bringsBack(frame, this.#options, this.#stated)) this.#follower.plan();
    } finally {
      this.#marks = this.#marks.filter((other) => other !== mark);
      this.#show();
    }
  }

  #show(changes = {}) {
    if (this.#follower.isClosed) return;
    Object.assign(this, changes);
    this.items = this.#marks.reduce(
      (items, { action, selection, position }) => marked(items, action, selection, position, this.#options),
      this.#stated,
    );
    this.dispatchEvent(new CustomEvent("change"));
  }
}

function sinceOf({ items, next_cursor: cursor }, before) {
  if (cursor === null) return 0;
  return items.at(-1)?.position ?? before;
}

function isEqual(one, other) {
  return ["unread", "category", "archived", "limit"].every((name) => one[name] === other[name]);
}
