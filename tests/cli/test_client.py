"""Client: the text of a failure."""

from __future__ import annotations

import pytest

from lumen_notify.cli.client import failure_text
from lumen_notify.errors import Fault, Forbidden, Invalid, LumenError, Unreachable


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (Forbidden("This needs the scope x."), "forbidden: This needs the scope x."),
        (
            Invalid.of([Fault(field="to", message="is required"), Fault(field="title", message="is long.")]),
            "invalid: 2 fields are invalid: `to` is required; `title` is long.",
        ),
        (Unreachable("http://x does not answer: refused."), "http://x does not answer: refused."),
    ],
    ids=["code", "faults", "no response"],
)
def test_a_refusal_has_its_code_and_its_fields(error: LumenError, text: str) -> None:
    assert failure_text(error) == text
