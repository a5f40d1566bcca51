"""Refusals: which code each action gets, by the room's kind and the user's role."""

from __future__ import annotations

import pytest

from lumen_notify.commit.permissions import (
    ROLES,
    delete_refusal,
    edit_refusal,
    entry_refusal,
    post_refusal,
    system_post_refusal,
    view_refusal,
)
from lumen_notify.errors import NotFound, Refused


def code(refusal: Refused | None) -> str | None:
    return None if refusal is None else refusal.code


@pytest.mark.parametrize(
    ("kind", "role", "expected"),
    [
        (None, None, "not_found"),
        ("deleting", "owner", "not_found"),
        ("private", None, "not_found"),
        ("direct", None, "not_found"),
        ("public", None, "not_a_member"),
        *((kind, role, None) for kind in ("public", "private") for role in ROLES),
    ],
)
def test_only_members_see_a_room_and_only_public_ones_are_known_to_exist(
    kind: str | None, role: str | None, expected: str | None
) -> None:
    assert code(view_refusal(kind, role)) == expected
    for refusal in (
        post_refusal(kind, role),
        edit_refusal(kind, role, is_sender=True),
        delete_refusal(kind, role, is_sender=True),
    ):
        assert code(refusal) in (expected, "muted" if expected is None else expected)


def test_hidden_room_is_refused_like_one_that_does_not_exist() -> None:
    hidden, missing = view_refusal("private", None), view_refusal(None, None)
    assert isinstance(hidden, NotFound)
    assert isinstance(missing, NotFound)
    assert hidden.message == missing.message


def test_muted_and_blocked_users_cannot_post_or_edit() -> None:
    assert code(post_refusal("public", "muted")) == "muted"
    assert code(edit_refusal("public", "muted", is_sender=True)) == "muted"
    assert code(post_refusal("direct", "member", is_blocked=True)) == "blocked"
    assert code(edit_refusal("direct", "member", is_sender=True, is_blocked=1)) == "blocked"
    assert code(post_refusal("direct", "member", is_blocked=0)) is None


def test_message_is_edited_by_its_sender_and_deleted_by_sender_or_moderator() -> None:
    assert [role for role in ROLES if edit_refusal("public", role, is_sender=False) is None] == []
    assert [role for role in ROLES if edit_refusal("public", role, is_sender=True) is None] == [
        "owner",
        "moderator",
        "member",
    ]
    assert [role for role in ROLES if delete_refusal("public", role, is_sender=False) is None] == [
        "owner",
        "moderator",
    ]
    assert all(delete_refusal("public", role, is_sender=True) is None for role in ROLES)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("public", None), ("private", None), ("direct", None), ("deleting", "not_found"), (None, "not_found")],
)
def test_application_posts_in_every_room_that_exists(kind: str | None, expected: str | None) -> None:
    assert code(system_post_refusal(kind)) == expected


def test_user_is_added_up_to_the_limit_of_rooms_and_not_by_those_they_have_blocked() -> None:
    def refused(has_blocked: bool, rooms_count: int, max_rooms: int) -> str | None:
        return code(
            entry_refusal(
                "bob", is_self=False, has_blocked=has_blocked, rooms_count=rooms_count, max_rooms=max_rooms
            )
        )

    assert refused(False, 4, 5) is None
    assert refused(False, 5, 5) == "too_many_rooms"
    assert refused(False, 1_000_000, 0) is None
    assert refused(True, 0, 5) == "blocked"
