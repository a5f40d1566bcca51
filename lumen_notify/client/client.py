"""Client: the blocking client, for threads, scripts, Django and Flask."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Self, TypeVar

import httpx

from lumen_notify.client import calls
from lumen_notify.client.calls import Call
from lumen_notify.client.problems import unexpected
from lumen_notify.client.results import Counts, Marked, Notification, Presence, Published, SentMessage
from lumen_notify.client.retries import RETRIES, Attempts
from lumen_notify.client.server import Server, Token, timeout
from lumen_notify.client.stream import OnInterruption, Stream
from lumen_notify.client.stream_state import SILENCE_SECONDS, StreamState

RESPONSE_SECONDS = 30.0
PAGE_LIMIT = 100

Result = TypeVar("Result")


class Client:
    """Calls a lumen-notify server. Threads may share it. Close it, or use it in a `with` block.

    url: of the server, or of the path where an application mounts it. token: the caller's token, or a
    function that returns one, which is called for each request. response_seconds: how long a response may
    take. retries: how often a request is sent again, if that is safe; see `retries`. http: sends the
    requests, for proxies or certificates of your own, and is not closed.

    Each call returns once the server has committed it. Raises the errors of `lumen_notify`: Invalid,
    Unauthenticated, Forbidden, NotFound, Conflict, TooLarge and RateLimited if the server refuses a request,
    Unavailable if it cannot be reached or cannot serve it now, ServerError if it fails.
    """

    def __init__(
        self,
        url: str,
        *,
        token: Token,
        response_seconds: float = RESPONSE_SECONDS,
        retries: int = RETRIES,
        http: httpx.Client | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._server = Server(url, token)
        self._http = http or httpx.Client(trust_env=self._server.uses_proxies)
        self._owns_http = http is None
        self._timeout = timeout(response_seconds)
        self._retries = retries
        self._sleep = sleep

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        if self._owns_http:
            self._http.close()

    def publish(
        self,
        user_id: str | None = None,
        *,
        category: str,
        content: str,
        to: Mapping[str, Any] | None = None,
        sender: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
        **fields: Any,
    ) -> Published:
        """Publish one notification. Needs the scope `notify:publish`.

        user_id: the recipient. to: other recipients: `{"users": [...]}`, `{"room": id}` or `{"all": True}`.
        sender: `{"id", "username"?, "avatar"?}`; by default the caller. idempotency_key: repeats of a call
        with the same key publish nothing and return the first result; by default a random one, which makes
        the retries of this call safe. fields: title, data, url, actions, icon, priority, push, devices,
        deliver_at, expires_at, group_key.
        """
        return self._run(
            calls.publish(
                user_id,
                category=category,
                content=content,
                to=to,
                sender=sender,
                idempotency_key=idempotency_key,
                fields=fields,
            )
        )

    def publish_many(
        self, notifications: Iterable[Mapping[str, Any]], *, idempotency_key: str | None = None
    ) -> list[Published]:
        """Publish several notifications, all or none; the results have the same order.

        notifications: each as in the HTTP body: `{"to": {"user": "alice"}, "category": ..., "content": ...}`.
        """
        return self._run(calls.publish_many(notifications, idempotency_key=idempotency_key))

    def send(self, room_id: str, content: str, *, client_id: str | None = None, **fields: Any) -> SentMessage:
        """Send a message to a room of the caller.

        client_id: repeats with the same one send nothing and return the first message; by default a random
        one, which makes the retries of this call safe. fields: kind, data, reply_to, mentions.
        """
        return self._run(calls.send(room_id, content, client_id=client_id, fields=fields))

    def counts(self) -> Counts:
        """Return the caller's unread counts."""
        return self._run(calls.counts())

    def notifications(
        self,
        *,
        unread: bool | None = None,
        category: str | None = None,
        archived: bool | None = None,
        page_limit: int = PAGE_LIMIT,
    ) -> Iterator[Notification]:
        """Yield the caller's notifications, newest first. Fetches a page when the one before it is used up.

        unread, category, archived: None does not filter by it, but leaves archived ones out. page_limit: at
        most 100.
        """
        cursor = None
        while True:
            page = self._run(
                calls.notifications(
                    cursor=cursor, limit=page_limit, unread=unread, category=category, archived=archived
                )
            )
            yield from page.items
            cursor = page.next_cursor
            if cursor is None:
                return

    def presence(self, room_id: str, *, page_limit: int = PAGE_LIMIT) -> Iterator[Presence]:
        """Yield the members of a room of the caller, and whether they are online. Fetches a page when the one
        before it is used up. page_limit: at most 100."""
        cursor = None
        while True:
            page = self._run(calls.presence(room_id, cursor=cursor, limit=page_limit))
            yield from page.items
            cursor = page.next_cursor
            if cursor is None:
                return

    def mark_read(
        self,
        ids: Sequence[str] | None = None,
        *,
        category: str | None = None,
        up_to: int | None = None,
        everything: bool = False,
    ) -> Marked:
        """Mark notifications of the caller as read: some ids (at most 1,000), a category, all up to a
        position, both of these, or everything."""
        return self._run(calls.mark_read(ids, category=category, up_to=up_to, everything=everything))

    def stream(
        self,
        *,
        cursor: str | None = None,
        device: str | None = None,
        silence_seconds: float = SILENCE_SECONDS,
        on_interruption: OnInterruption = lambda _: None,
    ) -> Stream:
        """Open the caller's stream; see `Stream`.

        cursor: of an earlier stream, to resume it; None starts with the next event. device: `mobile`,
        `desktop` or `tablet`. silence_seconds: silence after which the connection counts as lost; the server
        sends a ping after `LUMEN_PING_SECONDS`. on_interruption: called before each reconnect.
        """
        state = StreamState(cursor, can_renew=self._server.can_renew)
        return Stream(
            self._server,
            self._http,
            state,
            device=device,
            silence_seconds=silence_seconds,
            on_interruption=on_interruption,
            sleep=self._sleep,
        )

    def request(self, method: str, path: str, body: Any = None, *, is_repeatable: bool | None = None) -> Any:
        """Call any other route of the API and return its JSON; None without a body.

        path: below `/api/v1`, with its query. is_repeatable: whether the request may be sent again if it is
        unknown what became of it; None means as its method says: GET, PUT and DELETE may.
        """
        return self._run(
            calls.request(
                method, path, read=lambda document: document, body=body, is_repeatable=is_repeatable
            )
        )

    def _run(self, call: Call[Result]) -> Result:
        attempts = Attempts(is_repeatable=call.is_repeatable, retries=self._retries)
        url = self._server.url_of(call.path)
        while True:
            try:
                response = self._http.request(
                    call.method,
                    url,
                    content=call.content,
                    params=call.params or None,
                    headers={**call.headers, **self._server.authorization()},
                    timeout=self._timeout,
                )
            except httpx.TransportError as error:
                self._sleep(attempts.after_error(error, url))
                continue
            if response.is_success:
                return read(call, response)
            self._sleep(attempts.after_response(response))


def read(call: Call[Result], response: httpx.Response) -> Result:
    """Return the result of a response. Raises ServerError if it is none of lumen-notify."""
    try:
        return call.read(response.json() if response.content else None)
    except (ValueError, KeyError, TypeError):
        raise unexpected(f"{response.url} answers with something else. Check the URL.") from None
