"""Problems: the document and the table in `docs/api/service.md` say the same of each code."""

from __future__ import annotations

import re

from lumen_notify.api.openapi.problems import responses
from lumen_notify.http.problem_types import PROBLEM_TYPES
from pages import section

_ROW = re.compile(r"^\| (\d{3}) \| `(\w+)` \| (.+) \|$", re.MULTILINE)
_LINK = re.compile(r"\[([^]]+)\]\([^)]+\)")


def test_table_of_the_page_says_what_the_document_says() -> None:
    rows = {
        code: (int(status), _LINK.sub(r"\1", text) + ".")
        for status, code, text in _ROW.findall(section("Errors"))
    }
    assert rows == {code: (one.status, one.meaning) for code, one in PROBLEM_TYPES.items()}
    assert list(rows) == list(PROBLEM_TYPES)


def test_responses_are_grouped_by_status() -> None:
    described = responses(("muted", "not_a_member", "rate_limited"))
    assert list(described) == ["400", "403", "429", "500"]
    assert described["403"]["description"].splitlines() == [
        f"`{code}`: {PROBLEM_TYPES[code].meaning}" for code in ("muted", "not_a_member")
    ]
    assert list(described["429"]["headers"]) == ["Retry-After"]
