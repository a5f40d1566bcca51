/** Push notifications of this browser: what is shown while no page of the application is open. */

import type { LumenNotify } from "./lumen-notify.js";

/**
 * `unsupported`: the browser has none, the page is not secure, or it is an iPhone that `needsHomeScreen`. `denied`: the
 * user has blocked notifications, and only the browser's settings can allow them. `default`: the user was not asked yet.
 * `off`, `on`: allowed, and not registered or registered for this user.
 */
export type PushState = "unsupported" | "denied" | "default" | "off" | "on";

export interface PushOptions {
  /** How the user knows this device in a list. By default the names of the browser and of the system. */
  name?: string;
  /** By default that of the client. */
  kind?: "mobile" | "desktop" | "tablet";
  /**
   * The service worker: an URL of this page's origin, or a registration of the application's own, whose worker imports
   * `lumen-push-worker.js`. By default that file of the server, if it has this origin.
   */
  serviceWorker?: string | URL | ServiceWorkerRegistration;
  /** The scope of a worker that is named by its URL. By default its folder. */
  scope?: string | URL;
  /** The page that a notification without `url` opens. By default `/`. */
  page?: string;
}

/** A device of the user, as in the API. */
export interface Device {
  id: string;
  provider: string;
  kind: "mobile" | "desktop" | "tablet" | null;
  name: string | null;
  last_used_at: string | null;
  /** Since then nothing is pushed to it: see `failure`. */
  dropped_at: string | null;
  failure: string | null;
  [field: string]: unknown;
}

export function pushState(notify: LumenNotify): Promise<PushState>;

/** Return the id of this browser's device; null if the client's user has none here. */
export function pushDevice(notify: LumenNotify): string | null;

/**
 * Ask the user, subscribe, and register this browser as their device. Call it when the user clicks. Throw a Problem, with
 * the code `push_unsupported`, `push_home_screen`, `push_denied`, `push_dismissed`, `push_no_gesture`, `push_off` (the
 * server has no Web Push), `push_service` (the browser's push service fails), `push_worker`, or one of the API.
 */
export function enablePush(notify: LumenNotify, options?: PushOptions): Promise<Device>;

/** End the subscription, and remove the device. */
export function disablePush(notify: LumenNotify): Promise<void>;

/** Whether this is an iPhone or iPad whose user has to add the page to the home screen, and open it from there. */
export function needsHomeScreen(): boolean;

/** The client calls it at its start. */
export function keepPush(notify: LumenNotify): Promise<void>;

/** The client calls it when the user signs out. */
export function leavePush(notify: LumenNotify, user: string, token: string | null): Promise<void>;
