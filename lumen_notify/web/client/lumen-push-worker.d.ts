/** The service worker of push notifications: a classic script, for `importScripts` or to be served as it is. */

export {};
