"""Problems: the document and the table in `docs/api/service.md` say the same of each code."""

from __future__ import annotations

import re

from lumen_notify.api.openapi.problems import PROBLEMS, responses
from pages import section

_ROW = re.compile(r"^\| (\d{3}) \| `(\w+)` \| (.+) \|$", re.MULTILINE)
_LINK = re.compile(r"\[([^]]+)\]\([^)]+\)")


def test_table_of_the_page_says_what_the_document_says() -> None:
    rows = {
        code: (int(status), _LINK.sub(r"\1", text) + ".")
        for status, code, text in _ROW.findall(section("Errors"))
    }
    assert rows == PROBLEMS
    assert list(rows) == list(PROBLEMS)


def test_responses_are_grouped_by_status() -> None:
    described = responses(("muted", "not_a_member", "rate_limited"))
    assert list(described) == ["400", "403", "429", "500"]
    assert described["403"]["description"].splitlines() == [
        f"`{code}`: {PROBLEMS[code][1]}" for code in ("muted", "not_a_member")
    ]
    assert list(described["429"]["headers"]) == ["Retry-After"]
