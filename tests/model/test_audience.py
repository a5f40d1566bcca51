"""Audience: one text for each kind, and one parser."""

from __future__ import annotations

import pytest

from lumen_notify.model import EVERYONE, Audience, UserAudiences, users_of
from lumen_notify.model.audience import Scope


@pytest.mark.parametrize(
    ("text", "scope", "user_id", "room_id"),
    [
        ("user:ann", "user", "ann", None),
        ("user:room:x", "user", "room:x", None),
        ("user:all", "user", "all", None),
        ("room:tea", "room", None, "tea"),
        ("room:user:ann", "room", None, "user:ann"),
        ("all", "all", None, None),
        ("list", "list", None, None),
        ("everyone", None, None, None),
        ("topic:news", None, None, None),
        ("", None, None, None),
    ],
)
def test_text_is_read_in_one_way(
    text: str, scope: Scope | None, user_id: str | None, room_id: str | None
) -> None:
    audience = Audience(text)
    assert (audience.scope, audience.user_id, audience.room_id) == (scope, user_id, room_id)
    assert audience.is_personal == (scope == "user")


def test_audience_is_its_text() -> None:
    assert Audience.user("ann") == "user:ann"
    assert Audience.room("tea") == "room:tea"
    assert {EVERYONE: 1}[Audience("all")] == 1
    assert Audience.user("ann").user_id == "ann"


def test_audiences_of_users_are_made_when_they_are_asked_for() -> None:
    both = UserAudiences(("ann", "bob"))
    assert tuple(both) == both == (Audience.user("ann"), Audience.user("bob"))
    assert (str(both[1]), tuple(both[:1]), len(both)) == ("user:bob", (Audience.user("ann"),), 2)
    assert [list(users_of(some)) for some in (both, tuple(both))] == [["ann", "bob"]] * 2
    assert hash(both) == hash(tuple(both))
