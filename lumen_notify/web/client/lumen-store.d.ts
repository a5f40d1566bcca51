/** What a page shows, kept up to date by the frames of a client: the inbox, the rooms, a conversation. */

import type { LumenNotify, Notification, Problem } from "./lumen-notify.js";

export interface InboxOptions {
  unread?: boolean;
  category?: string;
  archived?: boolean;
  limit?: number;
}

/**
 * Events: `change` (items, hasMore, isLoaded, isLoading or problem). Each change of `items` is a new array. In a list
 * with `unread: true`, a notification that was read stays until the next `load`, with `is_read: true`.
 */
export class Inbox extends EventTarget {
  constructor(client: LumenNotify, options?: InboxOptions);
  /** Newest first. */
  readonly items: readonly Notification[];
  readonly isLoaded: boolean;
  readonly isLoading: boolean;
  readonly hasMore: boolean;
  /** The last failure of a request; null after one that succeeded. */
  readonly problem: Problem | null;
  /** Fetch the newest page. It is fetched again by itself after `reset` and a replay that it cannot follow. */
  load(options?: InboxOptions): Promise<void>;
  loadMore(): Promise<void>;
  /** Show the effect at once; undo it and throw a Problem if the request fails. */
  mark(action: "read" | "unread" | "seen" | "archive" | "unarchive" | "delete", selection: object): Promise<void>;
  /** Mark all notifications as read, and all messages of all rooms. */
  readAll(): Promise<void>;
  close(): void;
}

export interface RoomItem {
  id: string;
  kind: "public" | "private" | "direct";
  title: string | null;
  unread: number;
  last_message: any | null;
  /** Of a direct room: the other user. The name is the id as long as no other is known. */
  peer?: { id: string; username: string; avatar: string | null };
  [field: string]: any;
}

/** Events: `change`. The rooms of the user, the one with the newest message first. */
export class Rooms extends EventTarget {
  constructor(client: LumenNotify);
  readonly items: readonly RoomItem[];
  readonly isLoaded: boolean;
  readonly isLoading: boolean;
  readonly hasMore: boolean;
  readonly problem: Problem | null;
  load(): Promise<void>;
  loadMore(): Promise<void>;
  close(): void;
}

export interface MessageItem {
  /** Null until the server has it. */
  id: string | null;
  client_id: string | null;
  /** Null until the server has it. */
  seq: number | null;
  sender: { id: string; username: string; avatar: string | null };
  content: string;
  created_at: string;
  status: "sending" | "failed" | "sent";
  /** Why it failed. */
  problem?: Problem;
  [field: string]: any;
}

/**
 * Events: `change` (room, messages, hasOlder, hasNewer, isLoaded or problem), `typing`, `presence`, `members` (also:
 * readMarks) and `left` (detail: `{reason}`). `messages` has no hole, also after the stream was away. At most 600 are
 * kept: of more, those at the other end are dropped, and `loadOlder` or `loadNewer` brings them back.
 */
export class Conversation extends EventTarget {
  constructor(client: LumenNotify, roomId: string, options?: { limit?: number });
  /** The room, as `GET /rooms/{id}`; null until it is loaded. */
  readonly room: any | null;
  /** Oldest first; those being sent are last. */
  readonly messages: readonly MessageItem[];
  readonly members: readonly any[];
  /** Of members, by id. `status` is `online` or `offline`; `last_seen_at` is null while online, and if not known. */
  readonly presence: ReadonlyMap<
    string,
    { status: "online" | "offline"; devices: readonly string[]; last_seen_at: string | null }
  >;
  /** Users who type now, without the user of this client. */
  readonly typing: readonly { id: string; username: string }[];
  /** How far each member has read, by user id. */
  readonly readMarks: ReadonlyMap<string, number>;
  readonly hasOlder: boolean;
  readonly hasNewer: boolean;
  readonly isLoaded: boolean;
  readonly problem: Problem | null;
  /** Why the user is no longer a member; null while they are, and in a public room that they never joined. */
  readonly leftReason: "left" | "removed" | "banned" | "deleted" | null;
  /** Load the newest messages, or those around one (its seq). */
  load(options?: { around?: number }): Promise<void>;
  loadOlder(): Promise<void>;
  loadNewer(): Promise<void>;
  /** Show it at once as `sending`; it becomes `failed` if the request fails. Never throws. */
  send(content: string, fields?: object): Promise<MessageItem>;
  /** Send a failed message again, with the same client_id. */
  resend(message: MessageItem): Promise<MessageItem>;
  discard(message: MessageItem): void;
  edit(message: MessageItem, content: string): Promise<void>;
  remove(message: MessageItem): Promise<void>;
  /** Report that everything up to the newest message is read; only if that changes anything. */
  markRead(): Promise<void>;
  setTyping(isTyping: boolean): void;
  close(): void;
}
