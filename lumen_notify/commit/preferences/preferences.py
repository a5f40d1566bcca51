"""Preferences: a user's choices for each category and room, their quiet hours, how often they get a digest,
and whether they appear offline.

Promises: a choice changes no stored notification, so that undoing it brings all of them back; the event of a
change carries the user's absolute counts and all silenced categories, so that every open device is up to date
at once; a change that changes nothing appends no event.

| choice | list | counts | stream | push |
|---|---|---|---|---|
| in_app: false | no | no | no | as `push` says |
| muted: true | yes | no | no | no |

For a category that may not be muted, only its definition's in_app counts.
Not here: the filters (`silenced` in audiences.sql, `hidden` in notifications.sql).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any, Literal

from lumen_notify.commit.budget import Cost
from lumen_notify.commit.counts import counts_in
from lumen_notify.commit.database import Database, Rows
from lumen_notify.commit.preferences.categories import Categories, Category, categories_in
from lumen_notify.commit.preferences.quiet_hours import QuietHours
from lumen_notify.commit.preferences.silent_rooms import (
    MAX_SILENT_ROOMS,
    fetch_silent_rooms,
    rooms_of_members,
    set_silent_rooms,
    silent_rooms_in,
)
from lumen_notify.commit.transaction import Transaction
from lumen_notify.errors import Fault, Invalid
from lumen_notify.model import Audience, value
from lumen_notify.model.events import PreferencesChanged

MAX_CHOICES = 500
"""Categories for which one user may have choices: names are free, so their number needs a bound."""


@value
class Choice:
    """A user's choice for one category. None: as the category is defined."""

    in_app: bool | None = None
    push: bool | None = None
    muted: bool = False


NO_CHOICE = Choice()


@value
class Preferences:
    """All choices of one user. choices: by category. silent_rooms: those without push. digest_minutes: 0 for
    no digest. is_hidden: the user appears offline to others."""

    choices: Mapping[str, Choice] = field(default_factory=dict)
    silent_rooms: frozenset[str] = frozenset()
    quiet_hours: QuietHours | None = None
    digest_minutes: int = 0
    is_hidden: bool = False

    def as_fields(self, categories: Mapping[str, Category]) -> dict[str, Any]:
        """Return them as the API shows them, with the effective values of each category that is defined or
        chosen."""
        quiet = self.quiet_hours
        return {
            "categories": {
                name: _effective(categories.get(name, Category(name=name)), self.choices.get(name, NO_CHOICE))
                for name in sorted(categories.keys() | self.choices.keys())
            },
            "rooms": {room_id: {"push": False} for room_id in sorted(self.silent_rooms)},
            "quiet_hours": None
            if quiet is None
            else {"from": quiet.begin, "to": quiet.end, "time_zone": quiet.time_zone},
            "digest": {"minutes": self.digest_minutes},
            "presence": "hidden" if self.is_hidden else "shown",
        }


@value
class ChangePreferences:
    """Change some of one user's preferences. The result: all of them, as the API shows them.

    choices: by category, the fields that change; a field of None, or None for all fields, goes back to the
    category's definition. rooms: whether they push, by id. quiet_hours: None for none; `as_it_is` leaves
    them. digest_minutes, is_hidden: None leaves it.
    """

    user_id: str
    choices: Mapping[str, Mapping[str, bool | None] | None] = field(default_factory=dict)
    rooms: Mapping[str, bool] = field(default_factory=dict)
    quiet_hours: QuietHours | Literal["as_it_is"] | None = "as_it_is"
    digest_minutes: int | None = None
    is_hidden: bool | None = None

    @property
    def conflict_key(self) -> str:
        """At most one change by a user per transaction, so that the event has the counts at its position."""
        return "preferences:" + self.user_id

    @property
    def cost(self) -> Cost:
        """A row for each choice."""
        return Cost(rows=max(1, len(self.choices) + len(self.rooms)))


class UserPreferences:
    """Reads committed preferences."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._categories = Categories(database)

    async def fetch(self, user_id: str) -> dict[str, Any]:
        """Read one user's preferences, as the API shows them."""
        categories = await self._categories.fetch()
        rows = await self._database.fetch("preferences", users=[{"user_id": user_id}])
        rooms = await fetch_silent_rooms(self._database, user_id)
        return _by_user(rows, {user_id: rooms})[user_id].as_fields(categories)


async def preferences_in(tx: Transaction, user_ids: Sequence[str]) -> Mapping[str, Preferences]:
    """Return the preferences of each of the users, with what the transaction has written so far."""
    rows = await tx.run("preferences", users=[{"user_id": user_id} for user_id in user_ids])
    return _by_user(rows, await silent_rooms_in(tx, user_ids))


async def change_preferences(tx: Transaction, commands: Sequence[ChangePreferences]) -> Sequence[object]:
    """Handle ChangePreferences: a `committer.Handler`. It runs after notifications and messages are added.

    Answers the fields that the API shows each, or Invalid.
    """
    categories = await categories_in(tx)
    before = await preferences_in(tx, [command.user_id for command in commands])
    own_rooms = await rooms_of_members(tx, {command.user_id: list(command.rooms) for command in commands})
    answers: list[object] = []
    after: dict[str, Preferences] = {}
    for command in commands:
        preferences = before[command.user_id]
        changed = _changed(preferences, command)
        refusal = _refusal(command, preferences, changed, categories, own_rooms[command.user_id])
        if refusal is not None:
            changed = preferences
        answers.append(refusal or changed.as_fields(categories))
        if changed != preferences:
            after[command.user_id] = changed
    if after:
        _write(tx, before, after)
        counts = await counts_in(tx, list(after))
        for user_id, preferences in after.items():
            payload = PreferencesChanged.of(counts[user_id], preferences.as_fields(categories))
            tx.append(Audience.user(user_id), payload)
    return answers


def _refusal(
    command: ChangePreferences,
    before: Preferences,
    after: Preferences,
    categories: Mapping[str, Category],
    own_rooms: frozenset[str],
) -> Invalid | None:
    """Return why a command is refused; None if it is not. own_rooms: those of its rooms that the user is a
    member of."""
    if len(before.choices.keys() | command.choices.keys()) > MAX_CHOICES:
        return Invalid(f"must cover at most {MAX_CHOICES} categories", field="categories")
    if len(after.silent_rooms) > MAX_SILENT_ROOMS:
        return Invalid(f"may silence at most {MAX_SILENT_ROOMS} rooms", field="rooms")
    faults = [
        Fault(
            field=f"categories.{name}.{key}", message="cannot be changed, since the category may not be muted"
        )
        for name, fields in command.choices.items()
        if (category := categories.get(name)) is not None and not category.may_mute
        for key, value in (fields or {}).items()
        if value is not None and value != {"in_app": category.in_app, "muted": False}.get(key, value)
    ]
    faults += [
        Fault(field=f"rooms.{room_id}", message="is not a room that you are a member of")
        for room_id, push in command.rooms.items()
        if not push and room_id not in own_rooms
    ]
    return Invalid.of(faults) if faults else None


def _changed(before: Preferences, command: ChangePreferences) -> Preferences:
    choices = dict(before.choices)
    for name, fields in command.choices.items():
        choices[name] = NO_CHOICE if fields is None else _chosen(choices.get(name, NO_CHOICE), fields)
    return Preferences(
        choices={name: choice for name, choice in choices.items() if choice != NO_CHOICE},
        silent_rooms=before.silent_rooms.difference(command.rooms).union(
            room_id for room_id, push in command.rooms.items() if not push
        ),
        quiet_hours=before.quiet_hours if command.quiet_hours == "as_it_is" else command.quiet_hours,
        digest_minutes=before.digest_minutes if command.digest_minutes is None else command.digest_minutes,
        is_hidden=before.is_hidden if command.is_hidden is None else command.is_hidden,
    )


def _chosen(before: Choice, fields: Mapping[str, bool | None]) -> Choice:
    return Choice(
        in_app=fields.get("in_app", before.in_app),
        push=fields.get("push", before.push),
        muted=bool(fields.get("muted", before.muted)),
    )


def _write(tx: Transaction, before: Mapping[str, Preferences], after: Mapping[str, Preferences]) -> None:
    written: list[dict[str, Any]] = []
    deleted: list[dict[str, Any]] = []
    settings: list[dict[str, Any]] = []
    rescheduled: list[dict[str, Any]] = []
    for user_id, new in after.items():
        old = before[user_id]
        written += [
            _choice_row(user_id, name, choice)
            for name, choice in new.choices.items()
            if choice != old.choices.get(name)
        ]
        deleted += [
            {"user_id": user_id, "category": name} for name in old.choices.keys() - new.choices.keys()
        ]
        if _setting_row(user_id, new) != _setting_row(user_id, old):
            settings.append(_setting_row(user_id, new))
        set_silent_rooms(tx, user_id, old.silent_rooms, new.silent_rooms)
        if new.digest_minutes != old.digest_minutes:
            rescheduled.append({"user_id": user_id, "due_at": tx.now + new.digest_minutes * 60_000})
    for name, rows in (
        ("write_choices", written),
        ("delete_choices", deleted),
        ("write_user_settings", settings),
        ("reschedule_digests", rescheduled),
    ):
        if rows:
            tx.add(name, rows=rows)


def _choice_row(user_id: str, category: str, choice: Choice) -> dict[str, Any]:
    return {
        "user_id": user_id,
        "category": category,
        "in_app": None if choice.in_app is None else int(choice.in_app),
        "push": None if choice.push is None else int(choice.push),
        "muted": int(choice.muted),
    }


def _setting_row(user_id: str, preferences: Preferences) -> dict[str, Any]:
    quiet = preferences.quiet_hours
    return {
        "user_id": user_id,
        "quiet_from": None if quiet is None else quiet.begin,
        "quiet_to": None if quiet is None else quiet.end,
        "time_zone": None if quiet is None else quiet.time_zone,
        "digest_minutes": preferences.digest_minutes,
        "is_hidden": int(preferences.is_hidden),
    }


def _effective(category: Category, choice: Choice) -> dict[str, bool]:
    in_app = category.in_app if choice.in_app is None or not category.may_mute else choice.in_app
    push = category.push if choice.push is None else choice.push
    return {"in_app": in_app, "push": push, "muted": choice.muted and category.may_mute}


def _by_user(rows: Rows, silent_rooms: Mapping[str, frozenset[str]]) -> Mapping[str, Preferences]:
    choices: dict[str, dict[str, Choice]] = {}
    preferences: dict[str, Preferences] = {}
    for user_id, quiet_from, quiet_to, time_zone, digest_minutes, is_hidden, *chosen_row in rows:
        category, in_app, push, muted = chosen_row
        chosen = choices.setdefault(user_id, {})
        if category is not None:
            chosen[category] = Choice(in_app=_flag(in_app), push=_flag(push), muted=bool(muted))
        quiet = None if time_zone is None else QuietHours(begin=quiet_from, end=quiet_to, time_zone=time_zone)
        preferences[user_id] = Preferences(
            choices=chosen,
            silent_rooms=silent_rooms[user_id],
            quiet_hours=quiet,
            digest_minutes=digest_minutes or 0,
            is_hidden=bool(is_hidden),
        )
    return preferences


def _flag(value: int | None) -> bool | None:
    return None if value is None else bool(value)
