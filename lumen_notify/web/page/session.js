// Session: the token of this tab, from the URL or the form, and the user that it names.

const base = new URL("../", import.meta.url).pathname; // two mounts on one host have separate sessions
const KEY = `lumen-notify.token ${base}`;

export class Session {
  #token = null;

  constructor() {
    this.#token = takeFromAddress() ?? kept();
    this.#keep();
  }

  /** The token, or null. */
  get token() {
    return this.#token;
  }

  /** `{id, name}` from the token, or null. Not verified: only for display. */
  get user() {
    return this.#token === null ? null : userOf(this.#token);
  }

  /** Accept a token that the user pasted: alone, or within the URL of this page. */
  begin(text) {
    const token = text.trim().replace(/^.*#token=/, "");
    this.#token = userOf(token) === null ? null : token;
    this.#keep();
    return this.#token !== null;
  }

  /** Accept a token from the URL, after a link to this page was opened in this tab. */
  beginFromAddress() {
    const token = takeFromAddress();
    return token !== null && this.begin(token);
  }

  end() {
    this.#token = null;
    this.#keep();
  }

  #keep() {
    try {
      if (this.#token === null) sessionStorage.removeItem(KEY);
      else sessionStorage.setItem(KEY, this.#token);
    } catch {
      // Storage is disabled: the session lasts until the page is closed.
    }
  }
}

function takeFromAddress() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  if (token === null) return null;
  history.replaceState(history.state, "", location.pathname + location.search);
  return userOf(token) === null ? null : token;
}

function kept() {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}

/** Return the claims of a JWT (RFC 7519, section 3), unverified. Null if it is not a JWT. */
function userOf(token) {
  try {
    const base64 = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const claims = JSON.parse(new TextDecoder().decode(bytes));
    const id = claims.sub;
    return typeof id === "string" && id !== "" ? { id, name: String(claims.name || claims.preferred_username || id) } : null;
  } catch {
    return null;
  }
}
