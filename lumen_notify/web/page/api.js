// Api: requests with the user's token; a failed request throws a Problem.

const TIMEOUT_MS = 20_000;

export class Problem extends Error {
  /**
   * status: the HTTP status, 0 without a response. message: a sentence. code: of the problem document, or null.
   */
  constructor(status, message, code = null) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export class Api {
  #base;
  #token;

  /** base: ends with a slash. Relative to this file, so that a mount under a prefix needs no setting. */
  constructor(token, base = new URL("../api/v1/", import.meta.url)) {
    this.#token = token;
    this.#base = base;
  }

  url(path) {
    return new URL(path, this.#base);
  }

  get(path) {
    return this.#ask("GET", path);
  }

  post(path, body) {
    return this.#ask("POST", path, body);
  }

  delete(path) {
    return this.#ask("DELETE", path);
  }

  async #ask(method, path, body) {
    const headers = { authorization: `Bearer ${this.#token}` };
    if (body !== undefined) headers["content-type"] = "application/json";
    let response;
    let answer;
    try {
      response = await fetch(this.url(path), {
        method,
        headers,
        body: JSON.stringify(body),
        cache: "no-store",
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      answer = await response.json().catch(() => ({}));
    } catch {
      throw new Problem(0, "The server does not answer.");
    }
    if (!response.ok) {
      const detail = answer.detail ?? `The server answered ${response.status}.`;
      throw new Problem(response.status, detail.replaceAll("`", ""), answer.code); // marks for programmers
    }
    return answer;
  }
}
