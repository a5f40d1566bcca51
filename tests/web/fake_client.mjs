// Fake client: answers the calls of the stores by a function, and fires frames as LumenNotify does.

export class FakeClient extends EventTarget {
  state = "open";
  user = { id: "alice", name: "Alice", avatar: null, scopes: [] };
  features = new Set(["messaging", "presence", "notifications", "typing"]);
  calls = [];

  /** answers: by name of the call, a function of its arguments, or a value. A function may return a promise or throw. */
  constructor(answers = {}) {
    super();
    this.answers = answers;
    const names = [
      "list", "mark", "markRoomsRead", "rooms", "room", "members", "presence", "messages", "send", "edit", "remove",
      "markRoomRead", "typing",
    ];
    for (const name of names) this[name] = (...given) => this.#answer(name, given);
  }

  async #answer(name, given) {
    this.calls.push([name, ...given]);
    const answer = this.answers[name];
    return typeof answer === "function" ? answer(...given) : structuredClone(answer);
  }

  called(name) {
    return this.calls.filter(([other]) => other === name).length;
  }

  fire(frame, fields = {}) {
    const detail = { frame, position: null, is_replayed: false, ...fields };
    this.dispatchEvent(Object.assign(new Event("frame"), { detail }));
  }

  enter(state) {
    this.state = state;
    this.dispatchEvent(Object.assign(new Event("state"), { detail: { state } }));
  }
}

/** Return a promise with its `resolve` and `reject`. */
export function deferred() {
  let resolve, reject;
  const promise = new Promise((...both) => ([resolve, reject] = both));
  return { promise, resolve, reject };
}

/** Let everything happen that waits for no timer. */
export async function settle() {
  for (let turns = 0; turns < 50; turns += 1) await Promise.resolve();
}

export class Refusal extends Error {
  constructor(status) {
    super(`status ${status}`);
    this.status = status;
  }
}
