// Account: requests about accounts that need no token, and what the server offers to sign in with.

import { Problem } from "../client/lumen-notify.js";

const root = new URL("../", import.meta.url);
const TIMEOUT_MS = 20_000;

/** How to sign in: `{accounts, registration, demo_users: [{username, name, password}], token_command}`. */
export async function config() {
  return ask("GET", "page/config.json");
}

/** Return a session: `{user_id, access_token, expires_in, refresh_token}`. Throws a Problem, as all here. */
export function logIn(username, password) {
  return ask("POST", "api/v1/auth/login", { username, password });
}

/** displayName: null for the username. */
export function register(username, password, displayName) {
  return ask("POST", "api/v1/auth/register", { username, password, ...(displayName && { display_name: displayName }) });
}

/** Exchange a refresh token, which works once, for a new session. */
export function refresh(refreshToken) {
  return ask("POST", "api/v1/auth/refresh", { refresh_token: refreshToken });
}

/** End a session on the server. If the server does not answer, it ends when its refresh token expires. */
export function logOut(refreshToken) {
  ask("POST", "api/v1/auth/logout", { refresh_token: refreshToken }, { keepalive: true }).catch(() => {});
}

async function ask(method, path, body, options = {}) {
  let response;
  let answer;
  try {
    response = await fetch(new URL(path, root), {
      method,
      headers: body === undefined ? {} : { "content-type": "application/json" },
      body: JSON.stringify(body),
      cache: "no-store",
      credentials: "omit",
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...options,
    });
    // Without a body, or not of this server. A response that is cut off is none.
    const isOptional = !response.ok || response.status === 204;
    answer = await response.json().catch((error) => (isOptional ? {} : Promise.reject(error)));
  } catch {
    throw new Problem(0, "");
  }
  if (!response.ok) throw new Problem(response.status, answer.detail ?? "", { code: answer.code ?? null });
  return answer;
}
