// Shared client: one LumenNotify for all elements of a page that name the same server and token.

import { LumenNotify } from "./lumen-notify.js";

const TIMEOUT_MS = 20_000;

/** Of this page: `{key, client, users}`. */
const entries = [];

/**
 * Return the client of an element, started; the same one for elements with the same options. Give it back by
 * `releaseClient`.
 *
 * options: url (null: the server that this module comes from), tokenUrl and getToken (one of them), pages.
 */
export function acquireClient({ url = null, tokenUrl = null, getToken = null, pages = null }) {
  const key = [url, getToken ?? new URL(tokenUrl, document.baseURI).href, pages];
  let entry = entries.find((other) => other.key.every((part, index) => part === key[index]));
  if (entry === undefined) {
    const options = { getToken: getToken ?? (() => fetchToken(tokenUrl)) };
    if (url !== null) options.url = new URL(url, document.baseURI);
    if (pages !== null) options.pages = pages;
    entry = { key, client: new LumenNotify(options), users: 0 };
    entries.push(entry);
    entry.client.start();
  }
  entry.users += 1;
  return entry.client;
}

/** Give a client back. The last element that does so stops it. */
export function releaseClient(client) {
  const index = entries.findIndex((entry) => entry.client === client);
  if (index < 0 || (entries[index].users -= 1) > 0) return;
  entries.splice(index, 1);
  client.stop();
}

/** Return the token that the URL answers with, as `{"token": ...}` or as text; null if nobody is signed in. */
async function fetchToken(url) {
  const response = await fetch(url, {
    credentials: "include",
    headers: { Accept: "application/json, text/plain" },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (response.status === 401 || response.status === 403) return null;
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  const text = (await response.text()).trim();
  return text.startsWith("{") ? JSON.parse(text).token : text || null;
}
