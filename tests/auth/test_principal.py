"""Principal: what a scope allows."""

from __future__ import annotations

import pytest

from lumen_notify.auth import ADMIN, PUBLISH, Principal
from lumen_notify.errors import Forbidden


def test_a_scope_that_the_principal_has_passes() -> None:
    Principal(user_id="alice", scopes=frozenset({PUBLISH}), expires_at=1).require(PUBLISH)


def test_a_missing_scope_is_forbidden_by_name() -> None:
    with pytest.raises(Forbidden, match=ADMIN):
        Principal(user_id="alice", scopes=frozenset({PUBLISH}), expires_at=1).require(ADMIN)
