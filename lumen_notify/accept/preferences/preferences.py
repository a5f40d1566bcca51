"""Preferences: `GET` and `PATCH /preferences`, the caller's own.

Promise: fields that are left out stay as they are. If a field is invalid, nothing changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

from lumen_notify.accept.preferences import responses
from lumen_notify.accept.preferences.preference_bodies import PreferencesBody
from lumen_notify.commit.preferences.preferences import ChangePreferences, UserPreferences
from lumen_notify.commit.preferences.quiet_hours import QuietHours
from lumen_notify.http.context import Context
from lumen_notify.http.operation import READS, WRITES, Operation
from lumen_notify.http.rate_limits import ITEMS_PER_TOKEN
from lumen_notify.http.responses import answer
from lumen_notify.http.route import ApiRoute, route
from lumen_notify.model import value

_PREFERENCES: TypeAdapter[PreferencesBody] = TypeAdapter(PreferencesBody)


class Visibility(Protocol):
    """Who is online, as others see it."""

    async def show(self, user_id: str, *, is_hidden: bool) -> None:
        """Tell others that a user now appears offline, or no longer does."""


@value
class PreferenceEndpoints:
    """Gets and changes the caller's preferences. visibility: None if presence is off."""

    context: Context
    preferences: UserPreferences
    visibility: Visibility | None

    def routes(self) -> Iterator[ApiRoute]:
        """List the routes."""
        yield route(
            "/preferences",
            GET=(
                self.get,
                Operation(
                    name="getPreferences",
                    tag="preferences",
                    summary="Get the caller's preferences",
                    answered="The preferences, with every category that is defined or that the caller chose.",
                    response=responses.Preferences,
                    problems=(*READS, "invalid"),
                ),
            ),
            PATCH=(
                self.patch,
                Operation(
                    name="updatePreferences",
                    tag="preferences",
                    summary="Change the caller's preferences",
                    description=(
                        "Fields that are left out stay as they are; null resets a choice. All open streams "
                        "of the caller get an event."
                    ),
                    body=PreferencesBody,
                    body_examples={
                        "mute": {"value": {"categories": {"like": {"muted": True}}}},
                        "quiet": {
                            "value": {
                                "quiet_hours": {"from": "22:30", "to": "07:00", "time_zone": "Europe/Paris"},
                                "digest": {"minutes": 30},
                            }
                        },
                        "hide": {"value": {"presence": "hidden"}},
                    },
                    answered="All preferences after the change.",
                    response=responses.Preferences,
                    problems=WRITES,
                ),
            ),
        )

    async def get(self, request: Request) -> Response:
        """Answer `GET /preferences`."""
        principal = await self.context.caller(request)
        return answer(await self.preferences.fetch(principal.user_id))

    async def patch(self, request: Request) -> Response:
        """Answer `PATCH /preferences`: change the given fields, return all of them."""
        principal = await self.context.caller(request)
        body = await self.context.body(request, _PREFERENCES)
        self.context.charge(request, (len(body.categories) + len(body.rooms)) // ITEMS_PER_TOKEN)
        command = _command(principal.user_id, body)
        preferences = await self.context.committer.submit(command)
        if command.is_hidden is not None and self.visibility is not None:
            await self.visibility.show(principal.user_id, is_hidden=command.is_hidden)
        return answer(preferences)


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
        rooms={room: choice is None or choice.push is not False for room, choice in body.rooms.items()},
        quiet_hours=hours if "quiet_hours" in given else "as_it_is",
        digest_minutes=minutes if "digest" in given else None,
        is_hidden=body.presence == "hidden" if "presence" in given else None,
    )
