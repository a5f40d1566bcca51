/** One client for all elements of a page that name the same server and token. */

import type { LumenNotify, Options, PageRule } from "./lumen-notify.js";

export interface SharedOptions {
  /** The root of the server; null: the server that this module comes from. */
  url?: string | null;
  /** Answers GET with `{"token": ...}` or the token as text; 401 if nobody is signed in. */
  tokenUrl?: string | null;
  getToken?: Options["getToken"] | null;
  pages?: PageRule[] | null;
}

/** Return the started client of an element; the same one for elements with the same options. */
export function acquireClient(options: SharedOptions): LumenNotify;

/** Give a client back. The last element that does so stops it. */
export function releaseClient(client: LumenNotify): void;
