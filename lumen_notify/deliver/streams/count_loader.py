"""Loader: answers all who need counts at one moment with one query.

While a query runs, those who come wait for the next one, which takes them all: a storm of
reconnects costs a handful of queries, and there is no delay at rest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from lumen_notify.model import CountsSnapshot

MAX_USERS = 1000
"""Users in one query."""

Fetch = Callable[[Sequence[str]], Awaitable[Mapping[str, CountsSnapshot]]]


class Loader:
    """Loads counts by user. fetch: answers every user that it is asked for."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._waiting: dict[str, asyncio.Future[CountsSnapshot]] = {}
        self._task: asyncio.Task[None] | None = None

    async def load(self, user_id: str) -> CountsSnapshot:
        """Return counts that were read after this call began. Raises what `fetch` raises."""
        loop = asyncio.get_running_loop()
        answer = self._waiting.get(user_id)
        if answer is None:
            answer = self._waiting[user_id] = loop.create_future()
        if self._task is None:
            self._task = loop.create_task(self._run(), name="loader")
        return await asyncio.shield(answer)

    async def _run(self) -> None:
        while self._waiting:
            users = list(self._waiting)[:MAX_USERS]
            answers = {user_id: self._waiting.pop(user_id) for user_id in users}
            try:
                found = await self._fetch(users)
                counts = [found[user_id] for user_id in users]
            except Exception as error:  # noqa: BLE001 - whatever it is, callers wait for it
                for answer in answers.values():
                    answer.set_exception(error)
                    answer.exception()  # seen, even if its caller has left
            else:
                for answer, mine in zip(answers.values(), counts, strict=True):
                    answer.set_result(mine)
        self._task = None
