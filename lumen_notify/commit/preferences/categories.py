"""Category definitions: the application's defaults, which user preferences override.

Promises: a category without a definition is allowed, and has the defaults of `Category`; a change of what
users see is one event to everyone, at which open streams end so that clients reconnect.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Literal

from lumen_notify.commit.audit.audit import note, target
from lumen_notify.commit.budget import Cost
from lumen_notify.commit.database import Database, Rows
from lumen_notify.commit.transaction import Transaction
from lumen_notify.model import EVERYONE, to_json, value
from lumen_notify.model.events import CategoriesChanged

Over = Literal["refuse", "delay", "merge"]
PushContent = Literal["full", "title", "none"]


@value
class Limits:
    """Limits of a category. per_recipient: a rate such as `20/hour`. over: what happens above it."""

    per_recipient: str
    over: Over = "refuse"


@value
class Category:
    """A category of notifications.

    in_app: whether it is in lists, counts and streams. may_mute: False if users cannot mute it. priority: of
    notifications that are published without one. limits: None for none. push_content: how much pushes show;
    None for as much as LUMEN_PUSH_CONTENT says.
    """

    name: str
    in_app: bool = True
    push: bool = True
    may_mute: bool = True
    priority: str | None = None
    limits: Limits | None = None
    push_content: PushContent | None = None

    def as_fields(self) -> dict[str, Any]:
        """Return the category as the API shows it."""
        return asdict(self)


@value
class DefineCategories:
    """Define categories, in place of their earlier definitions. The result: None. admin: who does it, for the
    audit log; None for the file of LUMEN_CATEGORIES."""

    categories: tuple[Category, ...]
    admin: str | None = None

    @property
    def conflict_key(self) -> str:
        """At most one change of categories per transaction, so that each is compared with the one before."""
        return "categories"

    @property
    def cost(self) -> Cost:
        """A row for each category."""
        return Cost(rows=len(self.categories))


@value
class DeleteCategory:
    """Delete the definition of a category. The result: whether it had one. admin: who does it, for the audit
    log."""

    name: str
    admin: str

    @property
    def conflict_key(self) -> str:
        """As for DefineCategories."""
        return "categories"


class Categories:
    """Reads committed definitions."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def fetch(self) -> Mapping[str, Category]:
        """Read all definitions, by name, ascending."""
        return _by_name(await self._database.fetch("categories"))


async def categories_in(tx: Transaction) -> Mapping[str, Category]:
    """Return all definitions as the transaction has them. They are cached until a process changes them."""
    cached: tuple[int, Mapping[str, Category]] | None = tx.memory.get("categories")
    if cached is not None and cached[0] == tx.categories_version:
        return cached[1]
    categories = _by_name(await tx.run("categories"))
    if tx.categories_version is not None:
        tx.memory["categories"] = (tx.categories_version, categories)
    return categories


async def define_categories(tx: Transaction, commands: Sequence[DefineCategories]) -> Sequence[None]:
    """Handle DefineCategories: a `committer.Handler`."""
    before = await categories_in(tx)
    after = {one.name: one for command in commands for one in command.categories}
    changed = [one for one in after.values() if one != before.get(one.name)]
    if changed:
        tx.add("define_categories", rows=[_row(one) for one in changed])
        _announce(tx, before, changed)
    names = {one.name for one in changed}
    for command in commands:
        if command.admin is None:
            continue
        for one in command.categories:
            if one.name in names:
                note(tx, "category.defined", command.admin, target("category", one.name))
    return [None] * len(commands)


async def delete_categories(tx: Transaction, commands: Sequence[DeleteCategory]) -> Sequence[bool]:
    """Handle DeleteCategory: a `committer.Handler`."""
    before = await categories_in(tx)
    deleted = {command.name for command in commands} & before.keys()
    if deleted:
        tx.add("delete_categories", rows=[{"name": name} for name in sorted(deleted)])
        _announce(tx, before, [Category(name=name) for name in sorted(deleted)])
    for command in commands:
        if command.name in deleted:
            note(tx, "category.deleted", command.admin, target("category", command.name))
    return [command.name in deleted for command in commands]


def _announce(tx: Transaction, before: Mapping[str, Category], after: Iterable[Category]) -> None:
    """Let all processes drop their cache; append an event if the change affects what users see."""
    tx.add("raise_categories_version", now=tx.now)
    tx.categories_version = None
    names = [
        one.name
        for one in after
        if _visibility(one) != _visibility(before.get(one.name, Category(name=one.name)))
    ]
    if names:
        tx.append(EVERYONE, CategoriesChanged(data={"categories": names}))


def _visibility(category: Category) -> tuple[bool, bool]:
    return category.in_app, category.may_mute


def _row(category: Category) -> dict[str, Any]:
    return {
        "name": category.name,
        "in_app": int(category.in_app),
        "push": int(category.push),
        "may_mute": int(category.may_mute),
        "priority": category.priority,
        "limits": to_json(None if category.limits is None else asdict(category.limits)),
        "push_content": category.push_content,
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
            push_content=push_content,
        )
        for name, in_app, push, may_mute, priority, limits, push_content in rows
    }


def _limits(text: str) -> Limits | None:
    stored = json.loads(text)
    return Limits(**stored) if stored else None
