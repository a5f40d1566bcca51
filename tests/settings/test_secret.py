"""Secret: its text shows nowhere."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lumen_notify.settings import Secret, masked_url


@given(st.text(st.characters(exclude_characters="@:/?#%*", exclude_categories=["C", "Z"]), min_size=4))
def test_no_password_survives_masking(password: str) -> None:
    password = "~" + password

    assert password not in masked_url(f"postgresql://user:{password}@db/name?x=1&password={password}&y=2")


def test_secrets_compare_by_their_text() -> None:
    assert Secret("a") == Secret("a")
    assert hash(Secret("a")) == hash(Secret("a"))
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
