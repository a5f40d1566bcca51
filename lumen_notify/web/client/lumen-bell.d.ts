/** <lumen-bell>: a bell with a badge, a panel with the notifications, and toasts. */

import type { LumenNotify, PageRule } from "./lumen-notify.js";

/**
 * Attributes: `url` (the server's root; the folder above this module by default), `token-url` (answers GET with
 * `{"token": ...}` or the token as text; 401 if nobody is signed in), `lang`, `theme` (`light` or `dark`), `toasts`
 * (`off`), `sound`, `system` (show system notifications, once the user allows them).
 * Events: `notification-click` (detail: the Notification; cancel it to handle the click yourself).
 */
export class LumenBell extends HTMLElement {
  /** A client to use in place of `url` and `token-url`. The element neither starts nor stops it. */
  client: LumenNotify | null;
  getToken: (() => string | null | Promise<string | null>) | null;
  pages: PageRule[] | null;
  open(): void;
  close(): void;
}

declare global {
  interface HTMLElementTagNameMap {
    "lumen-bell": LumenBell;
  }
}
