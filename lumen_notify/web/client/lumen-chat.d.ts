/** <lumen-chat room="...">: one conversation. */

import type { LumenNotify } from "./lumen-notify.js";

/**
 * Attributes: `room` (its id; may change), `message` (the seq of a message to show), `url`, `token-url`, `lang` and
 * `theme` as for <lumen-bell>. Slots: `start` and `end`, at the ends of the header.
 * Events: `room-left` (detail: `{room, reason}`), `user-click` (detail: `{id, username}`), `message-link` (detail:
 * `{room, seq}`; the user wants the link to a message. Cancel it and copy your own link; otherwise the chat copies the
 * page's URL with the fragment `#lumen-chat/ROOM/SEQ`, which it follows when the page is opened).
 * Parts: `chat`, `header`, `title`, `state` (with `connection` or `failure`), `messages`, `message`, `own-message`,
 * `other-message`, `bubble`, `name`, `time`, `avatar`, `quote`, `mention`, `day`, `new`, `readers`, `toolbar`, `jump`,
 * `earlier`, `typing`, `box`, `input`, `send`, `mode`, `notice`, `mentions`, `mention-option`, `people`, `dialog`,
 * `empty`. Colours, type and spacing are the properties `--lumen-*` of lumen-theme.js.
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
