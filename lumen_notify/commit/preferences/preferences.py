"""Preferences: what a user wants of each category, when he wants quiet, how often a digest.

Promises: a choice changes nothing that is stored but itself, so taking it back brings back what is there; the
event of a change carries the user's absolute counts and all that he has silenced, so that each of his open
devices is right at once; what is chosen already changes nothing and appends no event.

| choice | list | counts | stream | push |
|---|---|---|---|---|
| in_app: false | no | no | no | as `push` says |
| muted: true | yes | no | no | no |

Of a category that may not be muted only its own in_app counts.
Not here: the filters themselves (`silenced` in audiences.sql, `hidden` in notifications.sql).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Any, Literal

from lumen_notify.commit.counts import counts_in
from lumen_notify.commit.database import Database, Rows
from lumen_notify.commit.preferences.categories import Categories, Category, categories_in
from lumen_notify.commit.preferences.quiet_hours import QuietHours
from lumen_notify.commit.transaction import Transaction
from lumen_notify.errors import Fault, Invalid
from lumen_notify.model import Audience, value
from lumen_notify.model.events import PreferencesChanged

MAX_CHOICES = 500
"""Categories that one user may have chosen something about: names are free, so their number needs an end."""


@value
class Choice:
    """What a user wants of one category. None: as the category has it."""

    in_app: bool | None = None
    push: bool | None = None
    muted: bool = False


NO_CHOICE = Choice()


@value
class Preferences:
    """All that one user has chosen. choices: by category. digest_minutes: 0 for no digest."""

    choices: Mapping[str, Choice] = field(default_factory=dict)
    quiet_hours: QuietHours | None = None
    digest_minutes: int = 0

    def as_fields(self, categories: Mapping[str, Category]) -> dict[str, Any]:
        """Shape for the wire: of each category that is defined or chosen about, what holds."""
        quiet = self.quiet_hours
        return {
            "categories": {
                name: _what_holds(
                    categories.get(name, Category(name=name)), self.choices.get(name, NO_CHOICE)
                )
                for name in sorted(categories.keys() | self.choices.keys())
            },
            "quiet_hours": None
            if quiet is None
            else {"from": quiet.begin, "to": quiet.end, "time_zone": quiet.time_zone},
            "digest": {"minutes": self.digest_minutes},
        }


@value
class ChangePreferences:
    """Change some of one user's preferences, and leave the rest. The result: all of them, for the wire.

    choices: by category the fields that change, None for each that is to be as the category has it; or None
    for all fields. quiet_hours: None for no quiet. digest_minutes: None to leave it.
    """

    user_id: str
    choices: Mapping[str, Mapping[str, bool | None] | None] = field(default_factory=dict)
    quiet_hours: QuietHours | Literal["as_it_is"] | None = "as_it_is"
    digest_minutes: int | None = None

    @property
    def conflict_key(self) -> str:
        """One change a user and transaction, so that its counts are those at its position."""
        return "preferences:" + self.user_id


class UserPreferences:
    """Reads preferences."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._categories = Categories(database)

    async def fetch(self, user_id: str) -> dict[str, Any]:
        """Read one user's, shaped for the wire."""
        categories = await self._categories.fetch()
        rows = await self._database.fetch("preferences", users=[{"user_id": user_id}])
        return _by_user(rows)[user_id].as_fields(categories)


async def preferences_in(tx: Transaction, user_ids: Sequence[str]) -> Mapping[str, Preferences]:
    """Read users' preferences as the tx has them so far; every one of the users is in the answer."""
    return _by_user(await tx.run("preferences", users=[{"user_id": user_id} for user_id in user_ids]))


async def change_preferences(tx: Transaction, commands: Sequence[ChangePreferences]) -> Sequence[object]:
    """Write changes: a `committer.Handler`, to stand after those that add. Answers fields, or Invalid."""
    categories = await categories_in(tx)
    before = await preferences_in(tx, [command.user_id for command in commands])
    answers: list[object] = []
    after: dict[str, Preferences] = {}
    for command in commands:
        mine = before[command.user_id]
        refusal = _refusal(command, mine, categories)
        changed = mine if refusal is not None else _changed(mine, command)
        answers.append(refusal or changed.as_fields(categories))
        if changed != mine:
            after[command.user_id] = changed
    if after:
        _write(tx, before, after)
        counts = await counts_in(tx, list(after))
        for user_id, mine in after.items():
            payload = PreferencesChanged.of(counts[user_id], mine.as_fields(categories))
            tx.append(Audience.user(user_id), payload)
    return answers


def _refusal(
    command: ChangePreferences, before: Preferences, categories: Mapping[str, Category]
) -> Invalid | None:
    if len(before.choices.keys() | command.choices.keys()) > MAX_CHOICES:
        return Invalid(f"may be about {MAX_CHOICES} categories at most", field="categories")
    faults = [
        Fault(field=f"categories.{name}.{key}", message="must stay as it is: the category may not be muted")
        for name, fields in command.choices.items()
        if (category := categories.get(name)) is not None and not category.may_mute
        for key, value in (fields or {}).items()
        if value is not None and value != {"in_app": category.in_app, "muted": False}.get(key, value)
    ]
    if not faults:
        return None
    return Invalid(f"{len(faults)} field{'s are' if len(faults) > 1 else ' is'} wrong", faults=faults)


def _changed(before: Preferences, command: ChangePreferences) -> Preferences:
    choices = dict(before.choices)
    for name, fields in command.choices.items():
        choices[name] = NO_CHOICE if fields is None else _chosen(choices.get(name, NO_CHOICE), fields)
    return Preferences(
        choices={name: choice for name, choice in choices.items() if choice != NO_CHOICE},
        quiet_hours=before.quiet_hours if command.quiet_hours == "as_it_is" else command.quiet_hours,
        digest_minutes=before.digest_minutes if command.digest_minutes is None else command.digest_minutes,
    )


def _chosen(before: Choice, fields: Mapping[str, bool | None]) -> Choice:
    return Choice(
        in_app=fields.get("in_app", before.in_app),
        push=fields.get("push", before.push),
        muted=bool(fields.get("muted", before.muted)),
    )


def _write(tx: Transaction, before: Mapping[str, Preferences], after: Mapping[str, Preferences]) -> None:
    written: list[dict[str, Any]] = []
    forgotten: list[dict[str, Any]] = []
    settings: list[dict[str, Any]] = []
    hastened: list[dict[str, Any]] = []
    for user_id, mine in after.items():
        was = before[user_id]
        written += [
            _choice_row(user_id, name, choice)
            for name, choice in mine.choices.items()
            if choice != was.choices.get(name)
        ]
        forgotten += [
            {"user_id": user_id, "category": name} for name in was.choices.keys() - mine.choices.keys()
        ]
        if (mine.quiet_hours, mine.digest_minutes) != (was.quiet_hours, was.digest_minutes):
            settings.append(_setting_row(user_id, mine))
        if mine.digest_minutes != was.digest_minutes:
            hastened.append({"user_id": user_id, "due_at": tx.now + mine.digest_minutes * 60_000})
    for name, rows in (
        ("write_choices", written),
        ("forget_choices", forgotten),
        ("write_user_settings", settings),
        ("reschedule_digests", hastened),
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
    }


def _what_holds(category: Category, choice: Choice) -> dict[str, bool]:
    in_app = category.in_app if choice.in_app is None or not category.may_mute else choice.in_app
    push = category.push if choice.push is None else choice.push
    return {"in_app": in_app, "push": push, "muted": choice.muted and category.may_mute}


def _by_user(rows: Rows) -> Mapping[str, Preferences]:
    choices: dict[str, dict[str, Choice]] = {}
    found: dict[str, Preferences] = {}
    for user_id, quiet_from, quiet_to, time_zone, digest_minutes, category, in_app, push, muted in rows:
        mine = choices.setdefault(user_id, {})
        if category is not None:
            mine[category] = Choice(in_app=_flag(in_app), push=_flag(push), muted=bool(muted))
        quiet = None if time_zone is None else QuietHours(begin=quiet_from, end=quiet_to, time_zone=time_zone)
        found[user_id] = Preferences(choices=mine, quiet_hours=quiet, digest_minutes=digest_minutes or 0)
    return found


def _flag(value: int | None) -> bool | None:
    return None if value is None else bool(value)
