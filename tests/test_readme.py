"""README.md and docs are true: their lines run and are answered as they say.

Each chapter of docs/api is one session with a server that is new, and so is the tutorial:

1. The first `sh` block is what the others need; its output is not looked at.
2. Below each other one stands what it prints (`json`, or `text`), or frames, or both in this order.
3. `curl -N` opens a stream, as in a second terminal, that stays open to the end of the session. A `text`
   block of frames is what the newest stream shows next.

`python tests/test_readme.py` writes anew the table of settings, and each answer that is another one now.
"""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from conftest import StartServer
from pages import CHAPTERS, DOCS, ROOT, TEXTS, blocks, section
from sample_values import SampleIds, exemplary, is_the_same, laid_out, masked
from servers import RunningServer
from shell_session import Curl, Session, run
from test_pages import SETTINGS_PAGE, SETTINGS_TABLE, settings_table

SESSIONS = (DOCS / "tutorial.md", *CHAPTERS)


def settings_of(page: Path) -> dict[str, str]:
    """Return the settings of a session. Without `presence` events, which come at any time."""
    accounts = {"LUMEN_ACCOUNTS": "on"} if page.stem == "accounts" else {}
    return {"LUMEN_PRESENCE_ROOM_MEMBERS": "0", **accounts}


_FRAME = re.compile(r"^(id|event|retry): ", re.MULTILINE)


@pytest.fixture
def curls() -> Iterator[list[Curl]]:
    started: list[Curl] = []
    yield started
    for curl in started:
        curl.end()


def test_quick_start_works_as_the_readme_shows_it(start_server: StartServer, curls: list[Curl]) -> None:
    story = section("Quick start")
    (make_run, open_stream, publish, mark_read) = (content for _, content in blocks(story, "sh"))
    frames = [masked(content) for _, content in blocks(story, "text")]
    assert make_run == "make run\n"
    server = start_server("--demo")

    curls += [Curl(server, open_stream), Curl(server, open_stream)]
    for curl in curls:
        curl.wait_for("event: ready")
    run(server, publish)
    for curl in curls:
        curl.wait_for('"unread_count":4')
    run(server, mark_read)
    for curl in curls:
        curl.wait_for("event: read\n")

    for curl in curls:
        shown = masked(curl.text())
        assert frames[0] in shown
        assert frames[1] in shown

    assert server.stop() == 0
    server.start()
    api = "http://127.0.0.1:8000/api/v1/notifications"
    bearer = "Authorization: Bearer $(lumen-notify token alice)"
    listed = json.loads(run(server, f'curl -s {api} -H "{bearer}"'))
    assert [item["is_read"] for item in listed["items"]] == [True] * 4


@pytest.mark.server
def test_make_run_is_serve_demo() -> None:
    planned = subprocess.run(
        ["make", "-n", "run"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=30
    )
    assert planned.stdout.strip().endswith("lumen-notify serve --demo")


def is_frames(kind: str, content: str) -> bool:
    return kind == "text" and _FRAME.search(content) is not None


def answered(session: Session, told: str, *, anew: bool = False) -> Iterator[tuple[str, str, str, str]]:
    """Run a document's blocks: yields (request, kind, what is told, what is answered)."""
    request, answer, answers = "", "", 1  # the first block needs no answer
    for kind, content in blocks(told, "sh", "json", "text"):
        if kind == "sh":
            assert answers, f"no answer is told: {request}"
            request, answers = content, int(not request)
            answer = session.run(content)
            assert answers == 0 or "urn:lumen-notify:" not in answer, f"{request}{answer}"
        elif is_frames(kind, content):
            answers += 1
            yield request, "frames", content, session.next_frames(None if anew else content)
        else:
            answers += 1
            yield request, kind, content, answer
    assert answers, f"no answer is told: {request}"


@pytest.mark.parametrize("page", SESSIONS, ids=lambda page: page.stem)
def test_each_example_is_answered_as_it_is_told(start_server: StartServer, page: Path) -> None:
    with Session(start_server(**settings_of(page))) as session:
        count, ids = 0, SampleIds()
        for request, kind, expected, answer in answered(session, TEXTS[page]):
            count += 1
            if kind == "json":
                assert json.loads(masked(answer)) == json.loads(masked(expected)), request
            else:
                assert masked(answer).strip() == masked(expected).strip(), request
            assert ids.agree(kind, expected, answer), f"{request}{expected}an id stands for two things"
    assert count > 3


def write_anew() -> None:
    """Write the table of settings, and the answers that are others now."""
    SETTINGS_PAGE.write_text(SETTINGS_TABLE.sub(lambda _: settings_table(), TEXTS[SETTINGS_PAGE]), "utf-8")
    for path in SESSIONS:
        text = path.read_text("utf-8")
        fresh = ""
        rest = text
        with tempfile.TemporaryDirectory() as folder:
            server = RunningServer(Path(folder), environ=settings_of(path))
            with server, Session(server) as session:
                ids = SampleIds()
                for _, kind, expected, answer in answered(session, text, anew=True):
                    fresh_answer = exemplary(answer, ids).strip() + "\n"
                    shown = expected
                    if not is_the_same(kind, expected, fresh_answer):
                        shown = fresh_answer
                        if kind == "json":
                            shown = laid_out(json.loads(shown)) + "\n"
                    opening = f"```{'json' if kind == 'json' else 'text'}\n"
                    before, found, rest = rest.partition(f"{opening}{expected}```\n")
                    assert found, expected
                    fresh += f"{before}{opening}{shown}```\n"
        path.write_text(fresh + rest, "utf-8")


if __name__ == "__main__":
    write_anew()
