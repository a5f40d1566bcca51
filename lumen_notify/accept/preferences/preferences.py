"""Preferences: `GET` and `PUT /preferences`, the caller's own.

Promise: what a request does not name stays as it is; what may not be is refused by name, and nothing done.
"""

from __future__ import annotations

from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from lumen_notify.accept.preferences.preference_bodies import PreferencesBody
from lumen_notify.auth import Verifier
from lumen_notify.commit.committer import Committer
from lumen_notify.commit.preferences.preferences import ChangePreferences, UserPreferences
from lumen_notify.commit.preferences.quiet_hours import QuietHours
from lumen_notify.http.requests import Query, caller, parse, read_body
from lumen_notify.http.responses import answer
from lumen_notify.model import value

_PREFERENCES: TypeAdapter[PreferencesBody] = TypeAdapter(PreferencesBody)


@value
class PreferenceEndpoints:
    """What a user does with his preferences."""

    verifier: Verifier
    committer: Committer
    preferences: UserPreferences
    max_body_bytes: int

    async def get(self, request: Request) -> Response:
        """Answer `GET /preferences`."""
        principal = await caller(request, self.verifier)
        Query(request).done()
        return answer(await self.preferences.fetch(principal.user_id))

    async def put(self, request: Request) -> Response:
        """Answer `PUT /preferences`: change what is named, answer all."""
        principal = await caller(request, self.verifier)
        body = parse(_PREFERENCES, await read_body(request, self.max_body_bytes))
        return answer(await self.committer.submit(_command(principal.user_id, body)))


def _command(user_id: str, body: PreferencesBody) -> ChangePreferences:
    given = body.model_fields_set
    quiet = body.quiet_hours
    hours = None if quiet is None else QuietHours(begin=quiet.begin, end=quiet.to, time_zone=quiet.time_zone)
    minutes = 0 if body.digest is None else body.digest.minutes
    return ChangePreferences(
        user_id=user_id,
        choices={
            name: None if choice is None else choice.model_dump(exclude_unset=True)
            for name, choice in body.categories.items()
        },
        quiet_hours=hours if "quiet_hours" in given else "as_it_is",
        digest_minutes=minutes if "digest" in given else None,
    )
