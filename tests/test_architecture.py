"""docs/architecture.md is true: its paths exist, and real requests take its steps in its order."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from types import FrameType
from typing import Any, Self

import pytest

import lumen_notify
from clients import Api, EventStream
from lumen_notify.commit.jobs.retention import Retention
from lumen_notify.commit.jobs.scheduler import Scheduler
from sites import Site, open_site

PACKAGE = Path(lumen_notify.__file__).parent
PAGE = Path(__file__).parents[1] / "docs" / "architecture.md"

Step = tuple[str, str]
"""A module below the package, and the qualified name of a function in it."""


def chapter(title: str) -> str:
    """Return the text below a heading."""
    found = re.search(
        rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    assert found is not None, f"no chapter {title}"
    return found[1]


def test_map_has_every_folder() -> None:
    """A folder of a noun is on the map by its parent, too, which the table lists once for all."""
    text = chapter("The map")
    folders = {path.parent.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py")} - {Path()}
    parents = ("accept", "api", "cli")  # their rows say what all of their folders are
    missing = [
        str(folder)
        for folder in sorted(folders)
        if f"`{folder}/`" not in text and str(folder.parent) not in parents
    ]
    assert missing == []


def listed(title: str) -> list[Step]:
    """Return the steps of a chapter's table: `| module | function | ... |`."""
    steps = re.findall(r"^\| `([\w/]+\.py)` \| `([\w.<>]+)` \|", chapter(title), re.MULTILINE)
    assert len(steps) > 3, f"{title} lists no steps"
    return steps


class Trace:
    """The functions of the package in the order in which they are first called."""

    def __init__(self) -> None:
        self.steps: dict[Step, None] = {}

    def __enter__(self) -> Self:
        sys.setprofile(self._profile)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)

    def _profile(self, frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if event == "call" and code.co_filename.startswith(str(PACKAGE)):
            module = Path(code.co_filename).relative_to(PACKAGE).as_posix()
            self.steps.setdefault((module, code.co_qualname))

    def assert_takes(self, expected: list[Step]) -> None:
        """Assert that it has taken these steps, in this order."""
        taken = [step for step in self.steps if step in expected]
        assert taken == expected, "\n".join(map(" ".join, self.steps))


async def _never(_: object) -> None:
    await asyncio.Event().wait()


@pytest.fixture
async def site(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    for job in (Retention, Scheduler):
        monkeypatch.setattr(job, "run", _never)  # else their commands are among the steps
    async with open_site(sqlite_url) as site:
        yield site


async def traced(site: Site, path: str, body: dict[str, Any]) -> Trace:
    """Post what makes one message on bob's stream; return the steps from the request to the stream."""
    alice: Api = site.api("alice")
    stream = await EventStream.open(site.base_url, site.api("bob").token)
    await stream.wait_for_event("ready")
    with Trace() as trace:
        await alice.ask("POST", path, body)
        await stream.wait_for_event("message")
    await stream.close()
    return trace


async def test_a_notification_takes_the_steps_of_the_page(site: Site) -> None:
    trace = await traced(site, "/notifications", {"to": {"user": "bob"}, "category": "like", "content": "hi"})
    trace.assert_takes(listed("A notification, from POST to frame"))


async def test_a_room_message_takes_the_steps_of_the_page(site: Site) -> None:
    await site.api("alice").ask("POST", "/rooms", {"id": "tea", "kind": "private", "members": ["bob"]})
    trace = await traced(site, "/rooms/tea/messages", {"content": "hi"})
    trace.assert_takes(listed("A room message"))


async def test_a_token_takes_the_steps_of_the_page(site: Site) -> None:
    trace = await traced(site, "/notifications", {"to": {"user": "bob"}, "category": "like", "content": "hi"})
    trace.assert_takes(listed("A token"))


def test_every_path_on_the_page_exists() -> None:
    paths = re.findall(r"`((?:[a-z_]+/)+(?:[\w]+\.\w+)?|[a-z_]+\.py)`", PAGE.read_text("utf-8"))
    assert len(paths) > 20
    for path in paths:
        is_there = any((root / path).exists() for root in (PACKAGE, PACKAGE.parent))
        assert is_there or ("/" not in path and any(PACKAGE.rglob(path))), path


def test_the_map_names_every_folder() -> None:
    text = PAGE.read_text("utf-8")
    for folder in PACKAGE.iterdir():
        if folder.is_dir() and folder.name not in ("__pycache__", "sql"):
            assert re.search(rf"\b{folder.name}/", text), f"the map lacks {folder.name}/"
