"""README.md and docs/api are true: their lines run and are answered as they say, and nothing is missing.

Each chapter of docs/api is one session with a server that is new, and so is "Two users and a room":

1. The first `sh` block is what the others need; its output is not looked at.
2. Below each other one stands what it prints (`json`, or `text`), or frames, or both in this order.
3. `curl -N` opens a stream, as in a second terminal, that stays open to the end of the session. A `text`
   block of frames is what the newest stream shows next.

`python tests/test_readme.py` writes anew the table of settings, and each answer that is another one now.
"""

from __future__ import annotations

import ast
import contextlib
import itertools
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import pytest
from starlette.routing import BaseRoute, Mount, Route
from typer.testing import CliRunner

from conftest import StartServer
from lumen_notify import Lumen, cli
from lumen_notify.api.routes import Application
from lumen_notify.commit.marks.marks import ACTIONS
from lumen_notify.model import CloseReason
from lumen_notify.settings import Settings
from servers import RunningServer, wait_until

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
CHAPTERS = sorted((ROOT / "docs/api").glob("*.md"))
TEXTS = {path: path.read_text("utf-8") for path in (README, *CHAPTERS)}
TEXT = "\n".join(TEXTS.values())
STORY = "Two users and a room"
WIDTH = 118
SILENCE_SECONDS = 1.0  # after which a stream that is written down is taken to have shown all
SETTINGS_OF = {"accounts": {"LUMEN_ACCOUNTS": "on"}}

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^(#+) (.*)$", re.MULTILINE)
_FRAME = re.compile(r"^(id|event|retry): ", re.MULTILINE)
_TOKEN = re.compile(r"\$\(lumen-notify (token [^()]*)\)")
_SETTINGS = re.compile(
    r"(?<=<!-- settings: written by `python tests/test_readme.py` -->\n).*?(?=<!-- end)", re.DOTALL
)

UNANSWERED_CODES = {
    "error": "the root of all errors",
    "refused": "a root",
    "unauthenticated": "always a more exact one",
    "conflict": "always a more exact one",
    "unavailable": "always a more exact one",
    "misconfigured": "a server with it does not start",
    "cannot_start": "told by the command line",
    "cannot_continue": "told by the command line",
    "call_failed": "told by the command line",
}


def section(title: str) -> str:
    """Return the section whose title begins so, with its heading, up to the next of its rank."""
    for text in TEXTS.values():
        bare = _BLOCK.sub(lambda block: re.sub("(?m)^#", " ", block[0]), text)
        for found in _HEADING.finditer(bare):
            if found[2].startswith(title):
                after = re.compile(rf"^#{{1,{len(found[1])}}} ", re.MULTILINE).search(bare, found.end())
                return text[found.start() : after.start() if after else None]
    raise AssertionError(f"no heading begins with {title!r}")


def blocks(text: str, *kinds: str) -> list[tuple[str, str]]:
    """Return the code blocks: list of (kind, content), in order, of these kinds."""
    return [(kind, content) for kind, content in _BLOCK.findall(text) if kind in kinds]


_ID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}\b")

# Values that differ from run to run: the pattern, the word that masks it when answers are compared, and the
# sample value that the documents show. Positions are the same in every run and are compared as they are.
# Ids are numbered instead: see SampleIds.
_VARYING = (
    (re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"), "TIME", "2026-01-31T08:00:00.000Z"),
    (re.compile(r'(?<="instance":")[^"]+|(?<="instance": ")[^"]+'), "INSTANCE", "web-1:4711"),
    (
        re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]+"),
        "JWT",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2lnbmF0dXJl",
    ),
    (re.compile(r"\blnr_[\w-]{64}"), "REFRESH", "lnr_" + 64 * "A"),
    (re.compile(r"(?m)(?<=^id: )[0-9a-z]+(?=-)"), "EPOCH", "z4fpd8go"),
    (re.compile(r"(?m)(?<=[0-9]-)[0-9a-f]{6}$"), "CHECK", "5e1f0c"),
    (re.compile(r"(?m)(?<=^retry: )\d+$"), "MS", "2417"),
)


def masked(text: str) -> str:
    """Replace every value that differs from run to run by a fixed word."""
    text = _ID.sub("ID", text)
    for pattern, word, _ in _VARYING:
        text = pattern.sub(word, text)
    return text


class SampleIds:
    """The ids of one document, one to one with those of the server, so that a reader can follow each id."""

    def __init__(self) -> None:
        self._samples: dict[str, str] = {}

    def agree(self, kind: str, told: str, answer: str) -> bool:
        """Whether each id of an answer stands where the document has its sample, here and in every block."""
        for sample, real in zip(ids_in(kind, told), ids_in(kind, answer), strict=True):
            if self._samples.setdefault(real, sample) != sample:
                return False
        return len(set(self._samples.values())) == len(self._samples)

    def numbered(self, text: str) -> str:
        """Replace each id by its sample: the first id of a document ends in 1, the second in 2, and so on."""
        return _ID.sub(lambda found: self._samples.setdefault(found[0], self._next()), text)

    def _next(self) -> str:
        return f"01a20185-0647-7000-a5ee-{len(self._samples) + 1:012}"


def ids_in(kind: str, text: str) -> list[str]:
    """Return all ids of a block, in an order that does not depend on the order of JSON's fields."""
    return _ID.findall(json.dumps(json.loads(text), sort_keys=True) if kind == "json" else text)


def exemplary(text: str, ids: SampleIds) -> str:
    """Replace every value that differs from run to run by its sample value."""
    text = ids.numbered(text)
    for pattern, _, value in _VARYING:
        text = pattern.sub(value, text)
    return text


def run(server: RunningServer, script: str) -> str:
    """Run lines of the README against a server, in its folder, where its secret is."""
    done = subprocess.run(
        ["bash", "-euc", script.replace("http://127.0.0.1:8000", server.url)],
        cwd=server.folder,
        env=environment(server),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def environment(server: RunningServer) -> dict[str, str]:
    return server.environ | {
        "PATH": f"{Path(sys.executable).parent}:{server.environ['PATH']}",
        "no_proxy": "*",
    }


class Curl:
    """A `curl -N` of the README that runs beside the test."""

    def __init__(self, server: RunningServer, script: str) -> None:
        self._path = server.folder / f"stream-{time.monotonic_ns()}.txt"
        with self._path.open("wb") as out:
            self._process = subprocess.Popen(
                [
                    "bash",
                    "-euc",
                    script.replace("http://127.0.0.1:8000", server.url).replace("curl", "exec curl"),
                ],
                cwd=server.folder,
                env=environment(server),
                stdout=out,
                stderr=subprocess.DEVNULL,
            )

    def text(self) -> str:
        return self._path.read_text("utf-8")

    def wait_for(self, text: str) -> None:
        wait_until(lambda: text in self.text(), within_seconds=20, what=f"the stream to show {text!r}")

    def end(self) -> None:
        self._process.kill()
        self._process.wait()


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
        curl.wait_for('"unread_count":1')
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
    assert [item["is_read"] for item in listed["items"]] == [True]


@pytest.mark.server
def test_make_run_is_serve_demo() -> None:
    planned = subprocess.run(
        ["make", "-n", "run"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=30
    )
    assert planned.stdout.strip().endswith("lumen-notify serve --demo")


class Session:
    """Blocks of a document, run one after the other in one shell, with streams open beside it.

    Tokens are made by the command that the block names, but in this process: a hundred times as fast.
    """

    def __init__(self, server: RunningServer) -> None:
        self._server = server
        self._folder = Path(tempfile.mkdtemp(dir=server.folder))
        self._numbers = itertools.count(1)
        self._stream: Path | None = None
        self._shown = 0
        self._errors = self._folder / "errors"
        with self._errors.open("wb") as errors:
            self._shell = subprocess.Popen(
                ["bash", "-eu"],
                stdin=subprocess.PIPE,
                stderr=errors,
                cwd=server.folder,
                env=environment(server),
                text=True,
                start_new_session=True,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.killpg(self._shell.pid, signal.SIGKILL)
        self._shell.wait()
        if self._shell.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._shell.stdin.close()

    def run(self, block: str) -> str:
        """Run a block and return what it prints; of a stream nothing, which stays open."""
        block = _TOKEN.sub(lambda call: self._token(call[1]), block)
        block = block.replace("http://127.0.0.1:8000", self._server.url).replace("curl ", "curl -sS ")
        path = self._folder / str(next(self._numbers))
        if is_stream(block):
            self._stream, self._shown = path, 0
            path.touch()
            self._feed(f"{{ {block}\n}} < /dev/null > {path} &\n")
            return ""
        done = path.with_suffix(".done")
        self._feed(f"{{ {block}\n}} < /dev/null > {path}\n: > {done}\n")
        wait_until(
            lambda: done.exists() or self._shell.poll() is not None, within_seconds=60, what="an answer"
        )
        assert done.exists(), f"{block}\n{self._errors.read_text('utf-8')}"
        return path.read_text("utf-8")

    def next_frames(self, expected: str | None) -> str:
        """Return what the newest stream shows next: as long as `expected`, or (None) until it is silent."""
        assert self._stream is not None, "no stream is open"
        wanted = expected.strip().count("\n") + 1 if expected else 1
        stream = self._stream

        def lines() -> list[str]:
            return stream.read_text("utf-8")[self._shown :].lstrip("\n").splitlines(keepends=True)

        def is_there() -> bool:
            got = lines()
            return len(got) >= wanted and got[wanted - 1].endswith("\n")

        wait_until(is_there, within_seconds=20, what=f"{wanted} lines of the stream")
        if expected is None:
            time.sleep(SILENCE_SECONDS)
            wanted = len(lines())
        text = "".join(lines()[:wanted])
        before = stream.read_text("utf-8")[self._shown :]
        self._shown += len(before) - len(before.lstrip("\n")) + len(text)
        return text

    def _feed(self, script: str) -> None:
        assert self._shell.stdin is not None
        self._shell.stdin.write(script)
        self._shell.stdin.flush()

    def _token(self, arguments: str) -> str:
        with contextlib.chdir(self._server.folder):
            made = CliRunner().invoke(cli.app, arguments.split(), env=environment(self._server))
        assert made.exit_code == 0, made.output
        return made.stdout.strip()


def is_stream(block: str) -> bool:
    return "curl -N " in block or "curl -sS -N " in block


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


def is_the_same(kind: str, told: str, answer: str) -> bool:
    """Whether a block stays as it is: the same values, and the same ids in the same places."""
    if ids_in(kind, told) != ids_in(kind, answer):
        return False
    told, answer = masked(told), masked(answer)
    if kind == "json":
        return bool(json.loads(answer) == json.loads(told))
    return answer.strip() == told.strip()


def chapters() -> Iterator[tuple[str, str]]:
    """Yield (name, text) of what is one session each."""
    yield "README", section(STORY)
    yield from ((path.stem, TEXTS[path]) for path in CHAPTERS)


@pytest.mark.parametrize(("name", "told"), [pytest.param(*one, id=one[0]) for one in chapters()])
def test_each_example_is_answered_as_it_is_told(start_server: StartServer, name: str, told: str) -> None:
    with Session(start_server(**SETTINGS_OF.get(name, {}))) as session:
        count, ids = 0, SampleIds()
        for request, kind, expected, answer in answered(session, told):
            count += 1
            if kind == "json":
                assert json.loads(masked(answer)) == json.loads(masked(expected)), request
            else:
                assert masked(answer).strip() == masked(expected).strip(), request
            assert ids.agree(kind, expected, answer), f"{request}{expected}an id stands for two things"
    assert count > 3


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
    found = _SETTINGS.search(TEXTS[README])
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
    in_rooms = {"message_edited", "message_deleted", "typing", "joined", "left", "member", "room"}
    assert told == named | set(ACTIONS) | in_rooms | {"expire", "preferences", "notification_edited"}


def test_python_of_the_readme_is_python() -> None:
    for _, content in blocks(TEXT, "python"):
        compile(content, "documentation", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_every_link_into_the_repository_leads_somewhere(path: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", _BLOCK.sub("", TEXTS[path])):
        if "://" in link:
            continue
        target, _, place = link.partition("#")
        there = (path.parent / target).resolve() if target else path
        assert there.exists(), link
        if place:
            assert place in places(TEXTS[there]), link


def test_every_chapter_is_in_the_readme() -> None:
    index = re.findall(r"\(docs/api/(\w+)\.md\)", section("API"))
    assert sorted(set(index)) == [path.stem for path in CHAPTERS]


def places(text: str) -> set[str]:
    """Return what a link can name in a document: its headings, as GitHub makes anchors of them."""
    headings = [found[2] for found in _HEADING.finditer(_BLOCK.sub("", text))]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


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


def laid_out(value: Any, indent: int = 0) -> str:
    """Return JSON as the documents have it: lines filled up to WIDTH, objects of a list each on its own."""
    flat = json.dumps(value, ensure_ascii=False)
    if indent + len(flat) < WIDTH or not isinstance(value, dict | list) or not value:
        return flat
    if isinstance(value, list) and isinstance(value[0], dict):
        pad = "\n" + " " * (indent + 1)
        return "[" + pad + ("," + pad).join(laid_out(one, indent + 1) for one in value) + "]"
    parts = (
        [laid_out(one, indent + 1) for one in value]
        if isinstance(value, list)
        else [f"{json.dumps(name)}: {laid_out(one, indent + 1)}" for name, one in value.items()]
    )
    lines = [""]
    for part in parts:
        if lines[-1] and (indent + 3 + len(lines[-1]) + len(part) > WIDTH or "\n" in lines[-1] + part):
            lines.append("")
        lines[-1] += (", " if lines[-1] else "") + part
    start, end = "[]" if isinstance(value, list) else "{}"
    return start + (",\n" + " " * (indent + 1)).join(lines) + end


def write_anew() -> None:
    """Write the table of settings, and the answers that are others now."""
    README.write_text(_SETTINGS.sub(lambda _: settings_table(), TEXTS[README]), "utf-8")
    for path in TEXTS:
        text = path.read_text("utf-8")
        told = section(STORY) if path is README else text
        fresh = ""
        rest = told
        with tempfile.TemporaryDirectory() as folder:
            server = RunningServer(Path(folder), environ=SETTINGS_OF.get(path.stem))
            with server, Session(server) as session:
                ids = SampleIds()
                for _, kind, expected, answer in answered(session, told, anew=True):
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
        path.write_text(text.replace(told, fresh + rest), "utf-8")


if __name__ == "__main__":
    write_anew()
