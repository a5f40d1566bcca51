/** <lumen-chat room="...">: one conversation. */

import type { LumenNotify } from "./lumen-notify.js";

/**
 * Attributes: `room` (its id; may change), `message` (the seq of a message to show), `url`, `token-url`, `lang` and
 * `theme` as for <lumen-bell>.
 * Events: `room-left`, `message-link` (detail: `{room, seq}`; the user wants the link to a message), `user-click` (detail:
 * `{id, username}`).
 */
export class LumenChat extends HTMLElement {
  client: LumenNotify | null;
  getToken: (() => string | null | Promise<string | null>) | null;
  room: string | null;
  focusInput(): void;
}

declare global {
  interface HTMLElementTagNameMap {
    "lumen-chat": LumenChat;
  }
}
