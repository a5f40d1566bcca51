"""README.md and docs miss nothing: every route, setting, error code, frame and page is in its place."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from starlette.routing import BaseRoute, Mount, Route

from lumen_notify import Lumen
from lumen_notify.api.routes import Application
from lumen_notify.commit.marks.marks import ACTIONS
from lumen_notify.model import CloseReason
from lumen_notify.settings import Settings
from pages import DOCS, README, ROOT, TEXT, TEXTS, anchors, blocks, section, without_blocks

SETTINGS_PAGE = DOCS / "settings.md"
SETTINGS_TABLE = re.compile(
    r"(?<=<!-- settings: written by `python tests/test_readme.py` -->\n).*?(?=<!-- end)", re.DOTALL
)
INDEX = DOCS / "README.md"
README_LINES = 200

UNANSWERED_CODES = {
    "error": "the root of all errors",
    "refused": "a root",
    "unauthenticated": "always a more exact one",
    "conflict": "always a more exact one",
    "unavailable": "always a more exact one",
    "backplane_unavailable": "requests are served without it",
    "misconfigured": "a server with it does not start",
    "database_unusable": "a server with it does not start",
    "cannot_start": "told by the command line",
    "cannot_continue": "told by the command line",
    "workers_failed": "told by the command line",
    "call_failed": "told by the command line",
    "broker_unavailable": "told by the log",
    "expired": "counted by intake",
    "no_database": "told by the command line",
    "no_secret": "told by the command line",
    "no_device": "told by the command line",
    "backup_failed": "told by the command line",
    "unreachable": "raised by the client",
    "unexpected_response": "raised by the client",
}


async def test_every_route_is_in_the_readme(sqlite_url: str) -> None:
    async with Lumen(Settings(database_url=sqlite_url, accounts="on")) as lumen:
        application = lumen._application
    assert isinstance(application, Application)
    routes = list(paths(application.routes))
    assert len(routes) > 10
    assert [route for route in routes if not is_told(*route)] == []


def paths(routes: Sequence[BaseRoute], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield method and path of every route, also of those under a mount."""
    for route in routes:
        if isinstance(route, Mount):
            yield from paths(route.routes, prefix + route.path)
        elif isinstance(route, Route):
            path = re.sub(r":\w+}", "}", prefix + route.path)
            yield from ((method, path) for method in sorted((route.methods or set()) - {"HEAD"}))


def is_told(method: str, path: str) -> bool:
    last = path.rpartition("/")[2]
    if last in ACTIONS and method == "POST":
        return f"`{last}`" in section("Mark notifications: `POST") or f"`{method} {path}`" in TEXT
    return f"`{method} {path}`" in TEXT or (path.count("/") == 1 and f"`{path}`" in TEXT)


def test_every_setting_is_in_the_readme_as_it_is() -> None:
    found = SETTINGS_TABLE.search(TEXTS[SETTINGS_PAGE])
    assert found is not None
    assert found[0] == settings_table(), "run `python tests/test_readme.py`"


def test_every_error_code_is_in_the_readme() -> None:
    codes = error_codes()
    assert {"invalid", "token_expired", "commit_unknown", "internal", "method_not_allowed"} <= codes
    told = set(re.findall(r"^\| \d{3} \| `(\w+)` \|", TEXT, re.MULTILINE))
    assert codes - UNANSWERED_CODES.keys() == told


def test_every_close_reason_is_in_the_readme_with_what_to_do() -> None:
    told = dict(re.findall(r"^\| `(\w+)` \| (yes|no) \|", section("Frames"), re.MULTILINE))
    reasons = {reason.word: "yes" if reason.reconnect else "no" for reason in CloseReason}
    del reasons[CloseReason.GONE.word]  # the client left: nobody is told
    assert told == reasons


def test_every_frame_is_in_the_readme() -> None:
    tree = ast.parse((ROOT / "lumen_notify/deliver/frames/control.py").read_text("utf-8"))
    named = {
        call.args[0].value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "_control"
        if isinstance(call.args[0], ast.Constant)
    }
    assert {"ready", "closing"} <= named
    table = section("Frames").partition("| reason |")[0]
    told = {
        name
        for row in re.findall(r"^\| (`.*?) \| `\{", table, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", row)
    }
    in_rooms = {"message_edited", "message_deleted", "typing", "presence", "joined", "left", "member", "room"}
    of_notifications = {"expire", "delete", "preferences", "notification_edited"}
    assert told == named | set(ACTIONS) | in_rooms | of_notifications


def test_python_of_the_readme_is_python() -> None:
    for _, content in blocks(TEXT, "python"):
        compile(content, "documentation", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_into_the_repository_leads_somewhere(path: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", without_blocks(TEXTS[path])):
        if "://" in link:
            continue
        target, _, place = link.partition("#")
        there = (path.parent / target).resolve() if target else path
        assert there.exists(), link
        if place:
            assert place in anchors(TEXTS[there]), link


def test_every_page_is_in_the_index() -> None:
    linked = {(DOCS / link).resolve() for link in re.findall(r"\]\(([^)#\s]+)\)", TEXTS[INDEX])}
    assert [path for path in DOCS.rglob("*.md") if path not in linked | {INDEX}] == []


def test_readme_is_short() -> None:
    assert len(TEXTS[README].splitlines()) <= README_LINES


def error_codes() -> set[str]:
    """Find every `code` in the sources: class attributes, arguments, assignments."""
    found: set[str] = set()
    for path in (ROOT / "lumen_notify").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            values: list[Any] = []
            if isinstance(node, ast.Assign) and any(is_code(target) for target in node.targets):
                values = [one for one in ast.walk(node.value) if isinstance(one, ast.Constant)]
            elif isinstance(node, ast.keyword) and node.arg == "code":
                values = [node.value]
            found |= {
                one.value for one in values if isinstance(one, ast.Constant) and isinstance(one.value, str)
            }
    return found - {"http_error"}  # what a framework might refuse beyond 404 and 405


def is_code(target: ast.expr) -> bool:
    return (isinstance(target, ast.Name) and target.id == "code") or (
        isinstance(target, ast.Attribute) and target.attr == "code"
    )


def settings_table() -> str:
    rows = [f"| `{name}` | {cell(default)} | {text} |\n" for name, default, text in Settings.table()]
    return "| variable | default | |\n|---|---|---|\n" + "".join(rows)


def cell(default: str) -> str:
    return default if default == "not set" else f"`{default}`"
