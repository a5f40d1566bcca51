"""Roles: the table in `commit/permissions`, role by role."""

from __future__ import annotations

from itertools import product

import pytest

from lumen_notify.commit.permissions import (
    ROLES,
    is_moderator,
    may_assign_role,
    may_remove,
    may_step_down,
)
from lumen_notify.commit.permissions.roles import may_claim

EVERYBODY = (*ROLES, None)


def test_owners_and_moderators_moderate() -> None:
    assert [role for role in EVERYBODY if is_moderator(role)] == ["owner", "moderator"]


@pytest.mark.parametrize("other", EVERYBODY)
def test_owner_removes_anybody_moderator_those_below_and_others_nobody(other: str | None) -> None:
    removers = [role for role in EVERYBODY if may_remove(role, other)]
    assert removers == (["owner"] if is_moderator(other) else ["owner", "moderator"])


def test_moderator_assigns_no_role_that_moderates_and_changes_none() -> None:
    for before, after in product(EVERYBODY, ROLES):
        assert may_assign_role("owner", before, after)
        is_below = before in ("member", "muted", None) and after in ("member", "muted")
        assert may_assign_role("moderator", before, after) == is_below
        assert not any(may_assign_role(role, before, after) for role in ("member", "muted", None))


def test_users_step_down_but_never_mute_or_unmute_themselves() -> None:
    allowed = [(before, after) for before, after in product(ROLES, ROLES) if may_step_down(before, after)]
    assert allowed == [("owner", "moderator"), ("owner", "member"), ("moderator", "member")]


def test_a_room_without_an_owner_may_be_claimed_by_members_who_are_not_muted() -> None:
    claims = {role: may_claim(role, "owner", 0) for role in ROLES}
    assert claims == {"owner": True, "moderator": True, "member": True, "muted": False}
    assert not may_claim("member", "owner", 1)
    assert not may_claim("member", "moderator", 0)
