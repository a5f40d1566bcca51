"""Security: the generated tables of the documents say what the code does.

`python tests/test_security.py` writes them.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
from pathlib import Path

import pytest

from clients import SECRET
from lumen_notify import Lumen, Settings
from lumen_notify.http.rate_limits import ALL, limit_of
from lumen_notify.settings import Secret
from lumen_notify.version import __version__

ROOT = Path(__file__).resolve().parents[1]

NEEDS = ("forbidden", "not_a_member", "role_too_low")
"""The problem codes of a missing scope or role."""


async def tables(database_url: str) -> dict[tuple[str, str], str]:
    """Write all tables, by document and name."""
    settings = Settings(database_url=database_url, jwt_secret=Secret(SECRET), accounts="on")
    async with Lumen(settings) as lumen:
        assert lumen._endpoints is not None
        routes = [route for one in lumen._endpoints.api for route in one.routes()]
    return {
        ("docs/api/service.md", "rate limits"): _table(
            ("limit", "a minute", "at once", ""),
            [(f"`{one.name}`", str(one.rate.number), str(one.rate.capacity), one.of) for one in ALL],
        ),
        ("docs/security.md", "routes"): _table(
            ("route", "credentials", "needs", "limit"),
            sorted(
                (
                    f"`{method} {re.sub(r':[a-z]+}', '}', route.path)}`",
                    ", ".join(operation.credentials) or "none",
                    ", ".join(f"`{code}`" for code in NEEDS if code in operation.refusals),
                    "" if (limit := limit_of(method, operation)) is None else f"`{limit.name}`",
                )
                for route in routes
                for method, operation in route.operations.items()
            ),
        ),
    }


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |".replace("|  |", "| |") for line in lines)


def with_table(text: str, name: str, table: str) -> str:
    """Return a document with a table put in its place."""
    opening, end = f"<!-- {name}: written by `python tests/test_security.py` -->", f"<!-- end of {name} -->"
    pattern = re.compile(rf"{re.escape(opening)}\n.*?{re.escape(end)}", re.DOTALL)
    assert pattern.search(text), f"{name} has no place"
    return pattern.sub(lambda _: f"{opening}\n{table}\n{end}", text)


async def test_tables_say_what_the_code_does(sqlite_url: str) -> None:
    for (path, name), table in (await tables(sqlite_url)).items():
        text = (ROOT / path).read_text("utf-8")
        assert with_table(text, name, table) == text, f"{path}: run `python tests/test_security.py`"


def test_settings_that_bound_something_are_named() -> None:
    text = (ROOT / "docs/security.md").read_text("utf-8")
    named = set(re.findall(r"LUMEN_[A-Z_]+[A-Z]", text))
    known = {variable for variable, _, _ in Settings.table()}
    assert named - {"LUMEN_RETENTION"} <= known
    bounds = {name for name in known if name.startswith(("LUMEN_MAX_", "LUMEN_LIMIT_", "LUMEN_RATE_"))}
    assert bounds <= named


SECRETS = (
    "a user's token",
    "the password of an account",
    "a refresh token",
    "a stream ticket",
    "the stream's cookie",
    "a token with `notify:publish`",
    "a token with `notify:admin`",
    "`LUMEN_JWT_SECRET`",
    "the key of Web Push",
    "the credentials of FCM or APNs",
    "the secret of the webhook",
    "the key of `LUMEN_TLS_CERT_FILE`",
    "a copy of the database, or a backup file",
    "access to the Redis",
    "write access to the topic of [intake]",
    "`/metrics`",
)


@pytest.mark.parametrize("secret", SECRETS)
def test_each_secret_has_a_line_that_says_what_ends_it(secret: str) -> None:
    section = (ROOT / "docs/security.md").read_text("utf-8").partition("## What an attacker gets")[2]
    (line,) = (line for line in section.splitlines() if line.startswith(f"| {secret}"))
    _, _, can, end, _ = re.split(r" ?\| ?", line)
    assert can
    assert end


def test_policy_says_how_to_report_and_is_linked() -> None:
    policy = (ROOT / "SECURITY.md").read_text("utf-8")
    for heading in ("Report a vulnerability", "Supported versions", "Scope"):
        assert f"\n## {heading}\n" in policy
    major, minor, _ = __version__.split(".")
    assert f"| the newest release, {major}.{minor}.x | yes |" in policy
    assert "(SECURITY.md)" in (ROOT / "README.md").read_text("utf-8")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        written = asyncio.run(tables(f"sqlite:///{folder}/lumen.db"))
    for (path, name), table in written.items():
        document = ROOT / path
        document.write_text(with_table(document.read_text("utf-8"), name, table), "utf-8")
