/** <lumen-bell>: a bell with a badge, a panel with the notifications, and toasts. */

import type { LumenNotify, Notification, PageRule } from "./lumen-notify.js";

/**
 * Attributes: `url` (the server's root; the folder above this module by default), `token-url` (answers GET with
 * `{"token": ...}` or the token as text; 401 if nobody is signed in), `lang` (by default that of the page), `theme`
 * (`light` or `dark`; by default that of the system), `toasts` (`off`: none), `sound` (two short tones for a new
 * notification), `system` (system notifications while no tab of the page is visible, once the user allows them in the
 * settings of the panel). The user can switch off what the page offers.
 *
 * Bells with the same `url` and `token-url` or `getToken` share one client. Priority `low` makes no toast and no
 * sound; a toast of priority `urgent` stays until it is closed.
 *
 * Parts: `button`, `badge`, `panel`, `header`, `settings-button`, `read-all`, `connection`, `rooms`, `scroll`, `list`,
 * `item`, `avatar`, `category`, `action`, `unread-dot`, `menu`, `blank`, `notice`, `settings`, `toasts`, `toast`.
 * Custom properties: `--lumen-bell` and `--lumen-badge`, `--lumen-on-badge` (colours of button and badge),
 * `--lumen-panel-width`, and those of lumen-theme.js.
 *
 * Events: `notification-click` (detail: the Notification; cancel it to handle the click yourself).
 */
export class LumenBell extends HTMLElement {
  /** A client to use in place of `url` and `token-url`. The element neither starts nor stops it. */
  client: LumenNotify | null;
  getToken: (() => string | null | Promise<string | null>) | null;
  pages: PageRule[] | null;
  /** Open the panel. */
  open(): void;
  close(): void;
}

declare global {
  interface HTMLElementEventMap {
    "notification-click": CustomEvent<Notification>;
  }
  interface HTMLElementTagNameMap {
    "lumen-bell": LumenBell;
  }
}
