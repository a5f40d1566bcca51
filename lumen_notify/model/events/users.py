"""User events: preferences, categories, sessions and streams."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from typing_extensions import TypedDict

from lumen_notify.model.events.fields import PreferencesJson
from lumen_notify.model.events.payload import CountsPayload, Payload, extensible
from lumen_notify.model.value import value


@value
class PreferencesChanged(CountsPayload):
    """The user has changed their preferences.

    data: all of them, as `GET /preferences` shows them.
    """

    kind = "preferences"

    data: PreferencesJson


@extensible
class CategoriesData(TypedDict):
    """The names of the categories that have changed."""

    categories: list[str]


@extensible
class StreamsEndedData(TypedDict):
    """The ids of streams; null for all."""

    ids: list[str] | None


@value
class CategoriesChanged(Payload):
    """The application has changed which categories users see. Open streams end, and clients reconnect."""

    kind = "categories"
    scopes = ("all",)

    data: CategoriesData


@value
class StreamsEnded(Payload):
    """An administrator has ended open streams of the user.

    data: `ids` of the streams; null for all that are open at this position.
    """

    kind = "streams_ended"
    scopes = ("user",)

    data: StreamsEndedData


@value
class SessionsRevoked(Payload):
    """All sessions of the user have ended. The user's streams end, too.

    data: `not_before`: tokens that were issued before this time, in milliseconds, no longer count. Events of
    older versions have none.
    """

    kind = "revoked"
    scopes = ("user",)

    data: Mapping[str, Any]
