"""Categories: what the application has said of them; what they are like until a user says otherwise.

Promises: a category that nobody has defined is allowed, and is like `Category` without a word; a change
that lets users see more or less is one event to all, at which open streams begin anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Literal

from lumen_notify.commit.database import Database, Rows
from lumen_notify.commit.transaction import Transaction
from lumen_notify.model import EVERYONE, to_json, value
from lumen_notify.model.events import CategoriesChanged

Over = Literal["refuse", "delay", "merge"]


@value
class Limits:
    """How many of a category one recipient gets, such as `20/hour`; over: what becomes of one too many."""

    per_recipient: str
    over: Over = "refuse"


@value
class Category:
    """One category. in_app: in lists, counts and streams. priority: of a notification that names none.

    may_mute: False if no user can silence it. limits: None for none.
    """

    name: str
    in_app: bool = True
    push: bool = True
    may_mute: bool = True
    priority: str | None = None
    limits: Limits | None = None

    def as_fields(self) -> dict[str, Any]:
        """Shape for the wire."""
        return asdict(self)


@value
class Define:
    """Define categories, whole, in place of what was said of them. The result: None."""

    categories: tuple[Category, ...]

    @property
    def conflict_key(self) -> str:
        """One a transaction, so that each is compared with what is there."""
        return "categories"


@value
class Undefine:
    """Forget what was said of a category. The result: whether anything was."""

    name: str

    @property
    def conflict_key(self) -> str:
        """The same as of Define."""
        return "categories"


class Categories:
    """Reads what is defined."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def fetch(self) -> Mapping[str, Category]:
        """Read all, by name, ascending."""
        return _by_name(await self._database.fetch("categories"))


async def categories_in(tx: Transaction) -> Mapping[str, Category]:
    """Return all as the tx has them so far: read once, and again after each change by any process."""
    kept: tuple[int, Mapping[str, Category]] | None = tx.memory.get("categories")
    if kept is not None and kept[0] == tx.definitions:
        return kept[1]
    categories = _by_name(await tx.run("categories"))
    if tx.definitions is not None:
        tx.memory["categories"] = (tx.definitions, categories)
    return categories


async def define(tx: Transaction, commands: Sequence[Define]) -> Sequence[None]:
    """Write definitions: a `committer.Handler`."""
    before = await categories_in(tx)
    after = {one.name: one for command in commands for one in command.categories}
    changed = [one for one in after.values() if one != before.get(one.name)]
    if changed:
        tx.add("define_categories", rows=[_row(one) for one in changed])
        _tell(tx, before, changed)
    return [None] * len(commands)


async def undefine(tx: Transaction, commands: Sequence[Undefine]) -> Sequence[bool]:
    """Write what Undefine asks for: a `committer.Handler`."""
    before = await categories_in(tx)
    gone = {command.name for command in commands} & before.keys()
    if gone:
        tx.add("undefine_categories", rows=[{"name": name} for name in sorted(gone)])
        _tell(tx, before, [Category(name=name) for name in sorted(gone)])
    return [command.name in gone for command in commands]


def _tell(tx: Transaction, before: Mapping[str, Category], after: Iterable[Category]) -> None:
    """Tell every process that there is a change; and all users, if what they see may be another now."""
    tx.add("count_definitions")
    tx.definitions = None
    names = [
        one.name for one in after if _sight(one) != _sight(before.get(one.name, Category(name=one.name)))
    ]
    if names:
        tx.append(EVERYONE, CategoriesChanged(data={"categories": names}))


def _sight(category: Category) -> tuple[bool, bool]:
    return category.in_app, category.may_mute


def _row(category: Category) -> dict[str, Any]:
    return {
        "name": category.name,
        "in_app": int(category.in_app),
        "push": int(category.push),
        "may_mute": int(category.may_mute),
        "priority": category.priority,
        "limits": to_json(None if category.limits is None else asdict(category.limits)),
    }


def _by_name(rows: Rows) -> Mapping[str, Category]:
    return {
        name: Category(
            name=name,
            in_app=bool(in_app),
            push=bool(push),
            may_mute=bool(may_mute),
            priority=priority,
            limits=_limits(limits),
        )
        for name, in_app, push, may_mute, priority, limits in rows
    }


def _limits(text: str) -> Limits | None:
    kept = json.loads(text)
    return Limits(**kept) if kept else None
