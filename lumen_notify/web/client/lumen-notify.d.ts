/** The client of lumen-notify for browsers: one event stream, shared by all tabs of a user. */

import type { Device, PushOptions, PushState } from "./lumen-push.js";

export type State = "connecting" | "open" | "waiting" | "closed";

/** Why the state is `closed`: `stopped` by `stop()`, `inactive` on a page without features, or an end by the server. */
export type ClosedReason =
  | "stopped"
  | "inactive"
  | "signed_out"
  | "unreachable"
  | "expired"
  | "revoked"
  | "replaced"
  | "forbidden";

export type Feature = "messaging" | "typing" | "presence" | "notifications" | "admin" | "files" | "voice";

/** The features of the pages whose path matches. The first match counts; without one the client does not connect. */
export interface PageRule {
  /** A path of the page, relative to its origin. `*` stands for one segment, `**` for any number. */
  path: string;
  features: Feature[];
}

export interface Options {
  /**
   * The root of the server, or where it is mounted. The default is the folder that has `client/`, from which this
   * module comes, with or without a hash in its URL.
   */
  url?: string | URL;
  /** Return a token; null if nobody is signed in. Called at the start, before the token expires and after a 401. */
  getToken: () => string | null | Promise<string | null>;
  device?: "mobile" | "desktop" | "tablet";
  /** Whether the tabs of a user share a stream. True by default. */
  share?: boolean;
  /** Rules for pages. Without any, all features are on everywhere. */
  pages?: PageRule[];
  /** Whether requests to another origin for the stream carry cookies. Set it to false where LUMEN_CORS_ORIGINS is `*`. */
  credentials?: boolean;
  /** Put the token into the stream's URL, where the server is older or tickets cannot be had. False by default. */
  tokenInUrl?: boolean;
}

export interface Sender {
  id: string;
  username: string;
  avatar: string | null;
}

export interface Notification {
  id: string;
  category: string;
  sender: Sender | null;
  content: string;
  title?: string;
  url?: string;
  actions?: { label: string; url: string }[];
  data?: Record<string, unknown>;
  priority: "low" | "normal" | "high" | "urgent";
  created_at: string;
  /** In lists. */
  is_read?: boolean;
  position?: number;
  /** Of a group: how many notifications it stands for, and who sent them. As in the API. */
  [field: string]: unknown;
}

export interface Unread {
  categories: Record<string, number>;
  rooms: Record<string, number>;
}

/** The detail of the event of a frame: what the frame's data has, and where it stands in the log. */
export interface FrameDetail {
  /** The frame's event name; `message` for one without a name on the wire. */
  frame: string;
  /** The position of the event in the log; null if the frame is not one of the log. */
  position: number | null;
  /** Whether it was missed, and is sent now. Show no toast for it. */
  is_replayed: boolean;
  /**
   * Whether this tab is the one that shows a toast and plays a sound: the tab that was used last, one of those that are
   * visible if there are any. False in a replay. True in every tab if the tabs do not share a stream.
   */
  is_first: boolean;
  [field: string]: any;
}

export interface UnreadDetail {
  unread_count: number;
  /** Null as long as only the sum is known. */
  unread: Unread | null;
}

export interface StateDetail {
  state: State;
  /** With `closed`. */
  reason: ClosedReason | null;
  /** With `waiting`: when the next attempt begins, in milliseconds since 1970. */
  next_attempt_at: number | null;
}

/** A request that failed. */
export class Problem extends Error {
  /** The HTTP status; 0 without a response. */
  readonly status: number;
  /** The code of the problem document, such as `not_a_member`; null without one. */
  readonly code: string | null;
  /** Seconds from the Retry-After header; null without one. */
  readonly retryAfter: number | null;
}

export interface Page<Item> {
  items: Item[];
  next_cursor: string | null;
}

/**
 * One client. Events: `frame` (a FrameDetail of every frame but pings, in order), `notification` (a FrameDetail whose
 * `data` is the Notification; one each for those of a bundle, the oldest first), `message` (of a room), `unread`
 * (UnreadDetail; of the frame `unread`, which marks notifications as unread, also its FrameDetail), `state` (StateDetail),
 * `read`, `typing`, `presence` and each other frame by its name (FrameDetail). Every instance fires `state` and `unread`
 * within a second of `start()`, whichever tab has the stream.
 *
 * `user` (`{user}`) says that the token is another user's, or nobody's after `signOut()`: show nothing of the one before.
 * A request that was made for them and not sent yet is refused with the status 401.
 *
 * `push` (`{state}`) says that push notifications are now on or off in this browser: see `pushState()`.
 * `notification-click` says that the user has clicked a push notification: the detail has what was pushed, and `url`. It
 * is marked as read, and the page goes to `url` unless `preventDefault()` is called.
 *
 * `unread` comes before the event of the frame that has changed the count. `notification`, `message`, `typing` and
 * `presence` come on pages with that feature (`messaging` for `message`). A `reset` with the reason `missed` is the
 * client's own: the browser had frozen this tab while another one had the stream; fetch lists again.
 */
export class LumenNotify extends EventTarget {
  constructor(options: Options);
  /** Resolve once the stream is open here or in another tab, or `state` is `closed`. Never rejects. */
  start(): Promise<void>;
  stop(): void;
  /** Connect now, after `closed` or while waiting. */
  reconnect(): void;
  /**
   * End this user's stream cookies and their push notifications in this browser, then stop: call it when the user signs
   * out, and await it before the page is left.
   */
  signOut(): Promise<void>;

  /** The root of the server. */
  readonly url: string;
  /** Of the options, or what the browser seems to be. */
  readonly device: "mobile" | "desktop" | "tablet";
  readonly state: State;
  readonly reason: ClosedReason | null;
  readonly nextAttemptAt: number | null;
  /** Null until it is known. */
  readonly unreadCount: number | null;
  readonly unread: Unread | null;
  /** The token's user; null before `start()` and when signed out. */
  readonly user: { id: string; name: string; avatar: string | null; scopes: string[] } | null;
  /** Whether this tab has the stream. */
  readonly isLeader: boolean;
  /** The features that are on for this page. */
  readonly features: ReadonlySet<Feature>;

  /**
   * Send a request with the user's token to a path below `/api/v1/`. Ask for a new token once after a 401.
   * Return the response's JSON; null without a body. Throw a Problem.
   */
  request(method: string, path: string, body?: unknown, options?: { headers?: Record<string, string> }): Promise<any>;

  // Notifications
  list(options?: { unread?: boolean; category?: string; archived?: boolean; cursor?: string; limit?: number }): Promise<Page<Notification>>;
  counts(): Promise<{ unread_count: number; unread: Unread; position: number }>;
  /** selection: `{ids}`, `{category}`, `{up_to}` or `{all: true}`. */
  mark(action: "read" | "unread" | "seen" | "archive" | "unarchive" | "delete", selection: object): Promise<any>;
  publish(notification: object): Promise<any>;
  preferences(): Promise<any>;
  updatePreferences(changes: object): Promise<any>;
  categories(): Promise<any>;

  // Rooms
  rooms(options?: { public?: boolean; cursor?: string; limit?: number }): Promise<Page<any>>;
  room(id: string): Promise<any>;
  createRoom(room: object): Promise<any>;
  join(id: string): Promise<any>;
  leave(id: string): Promise<any>;
  members(id: string, options?: { cursor?: string; limit?: number }): Promise<Page<any>>;
  presence(id: string): Promise<any>;
  /** Newest first without `after`. */
  messages(id: string, options?: { before?: number | string; after?: number | string; cursor?: string; limit?: number }): Promise<Page<any>>;
  readMarks(id: string): Promise<any>;
  /** A missing client_id is made; repeat a failed send with the same one, and there is one message. */
  send(id: string, message: { content: string; client_id?: string; [field: string]: unknown }): Promise<any>;
  sendDirect(user: string, message: { content: string; client_id?: string; [field: string]: unknown }): Promise<any>;
  edit(id: string, messageId: string, content: string): Promise<any>;
  remove(id: string, messageId: string): Promise<any>;
  markRoomRead(id: string, upTo: number): Promise<any>;
  markRoomsRead(): Promise<any>;
  /** Report that the user types: at most one request in 3 s, and one at the end. */
  typing(id: string, isTyping: boolean): Promise<void>;

  // Connections
  connections(): Promise<any>;

  // Push: `lumen-push.d.ts` describes it. The module is loaded at the first call
  enablePush(options?: PushOptions): Promise<Device>;
  disablePush(): Promise<void>;
  pushState(): Promise<PushState>;
  /** The user's devices for push notifications. */
  devices(): Promise<Page<Device>>;
  removeDevice(id: string): Promise<void>;
}

/** The event names of all frames that the server sends. */
export const FRAMES: readonly string[];

/** Return the wait before an attempt, in milliseconds. tries: how many have failed so far, at least 1. */
export function backoff(tries: number, random?: number): number;

/** Return the position of a cursor, `<epoch>-<position>-<check>`. */
export function positionOf(cursor: string): number;

/** Return what a token states, unverified; null if it is no token. expiresAt: in seconds since 1970. */
export function userOf(
  token: string,
): { id: string; name: string; avatar: string | null; scopes: string[]; expiresAt: number } | null;

/** Return the features that are on for a path. */
export function featuresOf(rules: PageRule[] | null | undefined, path: string): Set<Feature>;
