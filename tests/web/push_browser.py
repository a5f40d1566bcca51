"""Push browser: a Chromium that can be pushed to, without the push service of Google.

Chromium's own service cannot be reached in a test, and its private windows refuse to subscribe. So
`PushManager` is replaced: a subscription has keys of the browser's WebCrypto, and an endpoint of the test's
service. What comes there is decrypted by WebCrypto (RFC 8291) and handed to the service worker by the
devtools protocol, where Chromium hands over what its service sends. All behind that is the browser's own.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Sequence
from typing import Any, Self
from urllib.parse import urlsplit

from playwright.async_api import BrowserContext, CDPSession, Page, Worker

from clients import eventually_true
from push.services.push_service import Message, PushService

MANAGER = """
(() => {
  const STORED = "subscription of the test";
  const base64 = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const bytes = (text) =>
    Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
  const stored = () => JSON.parse(localStorage.getItem(STORED));
  const subscription = ({ endpoint, keys, serverKey }) => ({
    endpoint,
    options: { userVisibleOnly: true, applicationServerKey: bytes(serverKey).buffer },
    toJSON: () => ({ endpoint, expirationTime: null, keys }),
    unsubscribe: async () => (localStorage.removeItem(STORED), true),
  });
  PushManager.prototype.getSubscription = async () => (stored() ? subscription(stored()) : null);
  PushManager.prototype.subscribe = async ({ applicationServerKey }) => {
    const curve = { name: "ECDH", namedCurve: "P-256" };
    const pair = await crypto.subtle.generateKey(curve, true, ["deriveBits"]);
    const p256dh = base64(await crypto.subtle.exportKey("raw", pair.publicKey));
    const auth = base64(crypto.getRandomValues(new Uint8Array(16)));
    const serverKey = base64(applicationServerKey);
    const endpoint = await subscribeAtService(serverKey);
    const key = await crypto.subtle.exportKey("jwk", pair.privateKey);
    localStorage.setItem(STORED, JSON.stringify({ endpoint, keys: { p256dh, auth }, serverKey, key }));
    return subscription(stored());
  };
  // RFC 8291, section 3.4, of one record as in RFC 8188, section 2.
  window.decryptPush = async (text) => {
    const message = bytes(text);
    const { keys, key } = stored();
    const [salt, sender] = [message.slice(0, 16), message.slice(21, 21 + message[20])];
    const hkdf = async (salt, secret, info, length) => {
      const base = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"]);
      return crypto.subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt, info }, base, 8 * length);
    };
    const curve = { name: "ECDH", namedCurve: "P-256" };
    const own = await crypto.subtle.importKey("jwk", key, curve, false, ["deriveBits"]);
    const theirs = await crypto.subtle.importKey("raw", sender, curve, false, []);
    const shared = await crypto.subtle.deriveBits({ name: "ECDH", public: theirs }, own, 256);
    const info = (words, ...more) => new Blob([words + String.fromCharCode(0), ...more]).arrayBuffer();
    const both = await info("WebPush: info", bytes(keys.p256dh), sender);
    const secret = await hkdf(bytes(keys.auth), shared, both, 32);
    const aes = await hkdf(salt, secret, await info("Content-Encoding: aes128gcm"), 16);
    const iv = await hkdf(salt, secret, await info("Content-Encoding: nonce"), 12);
    const content = await crypto.subtle.importKey("raw", aes, "AES-GCM", false, ["decrypt"]);
    const record = message.slice(21 + sender.length);
    const plain = new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv }, content, record));
    return new TextDecoder().decode(plain.slice(0, plain.lastIndexOf(2))); // then padding
  };
})();
"""

RECORD = """
() => {
  self.badges = [];
  navigator.setAppBadge = async (count) => void badges.push(count);
  navigator.clearAppBadge = async () => void badges.push(0);
  self.opened = [];
  Clients.prototype.openWindow = async (url) => void opened.push(url);
  WindowClient.prototype.focus = async function () {
    opened.push("the tab at " + new URL(this.url).pathname);
  };
}
"""
"""What Chromium does only if a person has clicked, and what a test cannot see, is recorded in the worker."""

SHOWN = """
async () => (await registration.getNotifications())
  .map(({ title, body, tag, requireInteraction: stays }) => ({ title, body, tag, stays }))
"""

CLICK = """
async (tag) => {
  const [notification] = await registration.getNotifications({ tag });
  self.dispatchEvent(new NotificationEvent("notificationclick", { notification, action: "" }));
}
"""

WITHIN_SECONDS = 30.0
"""How long a busy machine may take."""


class PushBrowser:
    """A browser context that pushes come to. service: where it subscribes. payloads: what came, decrypted."""

    def __init__(self, context: BrowserContext, service: PushService) -> None:
        self.context = context
        self.service = service
        self.payloads: list[Any] = []
        self._worker: Worker | None = None
        self._devtools: CDPSession | None = None
        self._registration = ""
        self._handed: list[Message] = []

    @classmethod
    async def prepare(cls, context: BrowserContext, service: PushService) -> Self:
        await context.grant_permissions(["notifications"])
        await context.expose_function("subscribeAtService", lambda key: service.subscribe(key).endpoint)
        await context.add_init_script(MANAGER)
        return cls(context, service)

    async def receives(self, page: Page, tags: Sequence[str]) -> None:
        """Hand over what comes, until the system shows notifications with these tags, and no others.

        page: one of the worker's origin.
        """

        async def is_so() -> bool:
            await self._hand_over(page)
            return [one["tag"] for one in await self.shown()] == sorted(tags)

        await eventually_true(is_so, what=f"notifications {tags}", within_seconds=WITHIN_SECONDS)

    async def _hand_over(self, page: Page) -> None:
        for message in [one for all_ in self.service.subscriptions.values() for one in list(all_.messages)]:
            if message in self._handed:
                continue
            self._handed.append(message)
            body = base64.urlsafe_b64encode(message.body).decode().rstrip("=")
            text = await page.evaluate("(body) => decryptPush(body)", body)
            self.payloads.append(json.loads(text))
            await self.push(page, text)

    async def push(self, page: Page, text: str) -> None:
        """Give the worker what was pushed, decrypted."""
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(page.url))
        await self.worker()
        if self._devtools is None:
            found: asyncio.Future[str] = asyncio.get_running_loop().create_future()

            def note(event: dict[str, Any]) -> None:
                if event["registrations"] and not found.done():
                    found.set_result(event["registrations"][0]["registrationId"])

            self._devtools = await self.context.new_cdp_session(page)
            self._devtools.on("ServiceWorker.workerRegistrationUpdated", note)
            await self._devtools.send("ServiceWorker.enable")
            async with asyncio.timeout(30):
                self._registration = await found
        await self._devtools.send(
            "ServiceWorker.deliverPushMessage",
            {"origin": origin, "registrationId": self._registration, "data": text},
        )

    async def worker(self) -> Worker:
        """Return the service worker."""
        if self._worker is None:
            workers = self.context.service_workers
            self._worker = workers[0] if workers else await self.context.wait_for_event("serviceworker")
            await self._worker.evaluate(RECORD)
        return self._worker

    async def shown(self) -> list[dict[str, Any]]:
        """Return what the system shows, in the order of the tags."""
        shown: list[dict[str, Any]] = await (await self.worker()).evaluate(SHOWN)
        return sorted(shown, key=lambda one: str(one["tag"]))

    async def click(self, tag: str) -> None:
        """Click a notification."""
        await (await self.worker()).evaluate(CLICK, tag)

    async def opened(self) -> str:
        """Wait until a click has opened an URL or focused a tab; return which."""
        worker = await self.worker()
        await eventually_true(
            lambda: worker.evaluate("opened.length"), what="an open page", within_seconds=WITHIN_SECONDS
        )
        return str(await worker.evaluate("opened.pop()"))

    async def badges(self) -> list[int]:
        """Return each count that the worker has put on the application's icon."""
        badges: list[int] = await (await self.worker()).evaluate("badges")
        return badges
