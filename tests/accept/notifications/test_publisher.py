"""Publisher: bodies become one command, without HTTP."""

from __future__ import annotations

from typing import Any, cast

import pytest

from lumen_notify.accept.notifications.publisher import Publisher
from lumen_notify.auth import Verifier
from lumen_notify.commit.notifications.idempotency import IdempotentResponses
from lumen_notify.commit.notifications.publication import Publication
from lumen_notify.commit.notifications.publish import Publish
from lumen_notify.errors import Invalid
from lumen_notify.http.context import Context, Limits
from lumen_notify.http.rate_limiter import RateLimiter
from lumen_notify.model import EVERYONE, Audience, rfc3339

NOW_MS = 1_793_000_000_000
CALLER = {"id": "shop", "username": "Shop", "avatar": None}


class Committed:
    """Takes commands, and answers nothing."""

    def __init__(self) -> None:
        self.commands: list[Publish] = []

    async def submit(self, command: Any) -> Any:
        self.commands.append(command)
        return []


def publisher(committed: Committed, *, max_batch_rows: int = 3) -> Publisher:
    limits = Limits(max_body_bytes=0, max_content_characters=10, max_batch_rows=max_batch_rows, max_rooms=0)
    context = Context(
        verifier=cast("Verifier", None),
        committer=committed,
        limits=limits,
        rate_limiter=RateLimiter(lambda: 0),
        clock=lambda: NOW_MS,
    )
    return Publisher(context=context, repeats=cast("IdempotentResponses", None))


async def published(required_moderator: str | None = None, **fields: Any) -> Publication:
    committed = Committed()
    service = publisher(committed)
    body = service.body({"category": "like", "content": "hi", **fields})
    await service.publish([body], CALLER, required_moderator=required_moderator)
    (command,) = committed.commands
    (publication,) = command.publications
    return publication


@pytest.mark.parametrize(
    ("to", "audiences", "recipients"),
    [
        ({"user": "ann"}, (Audience.user("ann"),), 1),
        ({"users": ["ann", "bob", "ann"]}, (Audience.user("ann"), Audience.user("bob")), 2),
        ({"room": "tea"}, (Audience.room("tea"),), None),
        ({"all": True}, (EVERYONE,), None),
    ],
    ids=["user", "users", "room", "all"],
)
async def test_recipients_become_audiences(
    to: dict[str, Any], audiences: tuple[Audience, ...], recipients: int | None
) -> None:
    publication = await published(to=to)
    assert publication.audiences == audiences
    assert publication.recipients == recipients


async def test_caller_is_the_sender_unless_another_is_named() -> None:
    assert (await published(to={"user": "ann"})).fields["sender"] == CALLER
    publication = await published(to={"user": "ann"}, sender={"id": "bob"})
    assert publication.fields["sender"] == {"id": "bob", "username": "bob", "avatar": None}
    assert publication.owner == "shop"


async def test_priority_is_left_to_the_category_unless_it_is_given() -> None:
    assert "priority" not in (await published(to={"user": "ann"})).fields
    assert (await published(to={"user": "ann"}, priority="normal")).fields["priority"] == "normal"


async def test_only_a_room_needs_its_owner_or_moderator() -> None:
    assert (await published("shop", to={"room": "tea"})).required_moderator == "shop"
    assert (await published("shop", to={"user": "ann"})).required_moderator is None


async def test_times_become_milliseconds() -> None:
    soon, later = NOW_MS + 60_000, NOW_MS + 120_000
    publication = await published(to={"user": "ann"}, deliver_at=rfc3339(soon), expires_at=rfc3339(later))
    assert (publication.deliver_at, publication.expires_at) == (soon, later)


@pytest.mark.parametrize(
    "fields",
    [
        {"content": "x" * 11},
        {"deliver_at": rfc3339(NOW_MS)},
        {"to": {}},
        {"contents": "hi"},
    ],
    ids=["too long", "not in the future", "to nobody", "unknown field"],
)
async def test_body_from_python_is_held_to_the_same_limits(fields: dict[str, Any]) -> None:
    given = {"to": {"user": "ann"}, "category": "like", "content": "hi", **fields}
    with pytest.raises(Invalid):
        publisher(Committed()).body(given)


async def test_recipients_of_a_batch_are_limited_together() -> None:
    committed = Committed()
    service = publisher(committed)
    bodies = [
        service.body({"to": {"users": users}, "category": "like", "content": "hi"})
        for users in (["ann", "bob"], ["cyd", "dan"])
    ]
    for batch in (bodies, []):
        with pytest.raises(Invalid):
            await service.publish(batch, CALLER)
    assert committed.commands == []
    await publisher(committed, max_batch_rows=0).publish(bodies, CALLER)
    assert len(committed.commands) == 1
