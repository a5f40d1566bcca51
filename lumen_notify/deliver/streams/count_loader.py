"""Count loader: one query for all streams that need their user's counts at the same moment.

While a query runs, new calls wait for the next one, which serves them all. A storm of reconnects costs a
handful of queries, and there is no delay at rest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from lumen_notify.model import CountsSnapshot

MAX_USERS = 1000
"""Users in one query."""

FetchCounts = Callable[[Sequence[str]], Awaitable[Mapping[str, CountsSnapshot]]]


class CountLoader:
    """Loads counts by user. fetch: must return counts for every user that it is asked about."""

    def __init__(self, fetch: FetchCounts) -> None:
        self._fetch = fetch
        self._waiting: dict[str, asyncio.Future[CountsSnapshot]] = {}
        self._task: asyncio.Task[None] | None = None

    async def load(self, user_id: str) -> CountsSnapshot:
        """Return counts that were read after this call started. Raises what `fetch` raises."""
        loop = asyncio.get_running_loop()
        result = self._waiting.get(user_id)
        if result is None:
            result = self._waiting[user_id] = loop.create_future()
        if self._task is None:
            self._task = loop.create_task(self._run(), name="count-loader")
        return await asyncio.shield(result)

    async def _run(self) -> None:
        while self._waiting:
            # All requests that have arrived by now join this query: each query costs more than each user.
            await asyncio.sleep(0)
            users = list(self._waiting)[:MAX_USERS]
            results = {user_id: self._waiting.pop(user_id) for user_id in users}
            try:
                by_user = await self._fetch(users)
                fetched = [by_user[user_id] for user_id in users]
            except Exception as error:  # noqa: BLE001 - callers wait for it, whatever it is
                for result in results.values():
                    result.set_exception(error)
                    result.exception()  # marks it as retrieved, in case its caller was cancelled
            else:
                for result, counts in zip(results.values(), fetched, strict=True):
                    result.set_result(counts)
        self._task = None
