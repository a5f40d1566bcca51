"""The README is true: its lines run and are answered as it says, and nothing is missing from it.

`python tests/test_readme.py` writes its table of settings anew.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, Route

from conftest import StartServer
from lumen_notify import Lumen
from lumen_notify.commit.marks import ACTIONS
from lumen_notify.model import CloseReason
from lumen_notify.settings import Settings
from servers import RunningServer, wait_until

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
TEXT = README.read_text("utf-8")

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_SETTINGS = re.compile(
    r"(?<=<!-- settings: written by `python tests/test_readme.py` -->\n).*?(?=<!-- end)", re.DOTALL
)

UNANSWERED_CODES = {
    "error": "the root of all errors",
    "refused": "a root",
    "unauthenticated": "always a more exact one",
    "conflict": "always a more exact one",
    "unavailable": "always a more exact one",
    "backplane_unavailable": "nothing raises it yet",
    "misconfigured": "a server with it does not start",
    "cannot_start": "told by the command line",
    "call_failed": "told by the command line",
}


def section(heading: str) -> str:
    """Return what stands under `## heading`, up to the next of its kind."""
    return TEXT.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def blocks(text: str, *kinds: str) -> list[tuple[str, str]]:
    """Return the code blocks: list of (kind, content), in order, of these kinds."""
    return [(kind, content) for kind, content in _BLOCK.findall(text) if kind in kinds]


def masked(text: str) -> str:
    """Put one word for whatever differs from run to run. Positions stay: they are the same every time."""
    text = re.sub(r"\b[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}\b", "ID", text)
    text = re.sub(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", "TIME", text)
    text = re.sub(r'(?<="instance":)( ?)"[^"]+"', r'\1"INSTANCE"', text)
    text = re.sub(r"\beyJ[\w-]+\.[\w-]+\.[\w-]+", "JWT", text)
    text = re.sub(r"\blnr_[\w-]{64}", "REFRESH", text)
    text = re.sub(r"^id: [0-9a-z]+-", "id: EPOCH-", text, flags=re.MULTILINE)
    return re.sub(r"^retry: \d+$", "retry: MS", text, flags=re.MULTILINE)


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


def test_first_minute_goes_as_the_readme_tells_it(start_server: StartServer, curls: list[Curl]) -> None:
    story = section("The first minute")
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


def test_make_run_is_serve_demo() -> None:
    planned = subprocess.run(
        ["make", "-n", "run"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=30
    )
    assert planned.stdout.strip().endswith("lumen-notify serve --demo")


def test_each_example_of_the_api_is_answered_as_the_readme_says(
    start_server: StartServer, curls: list[Curl]
) -> None:
    server = start_server()
    # What the first minute has left behind: an open stream, and a notification that is read.
    _, open_stream, publish, mark_read = (content for _, content in blocks(section("The first minute"), "sh"))
    curls.append(Curl(server, open_stream))
    curls[0].wait_for("event: ready")
    run(server, publish)
    run(server, mark_read)

    assert_answered(server, section("The API"))


def test_each_example_of_accounts_is_answered_as_the_readme_says(start_server: StartServer) -> None:
    assert_answered(start_server(LUMEN_ACCOUNTS="on"), section("Accounts"))


def assert_answered(server: RunningServer, told: str) -> None:
    """Run all requests in one shell; hold each answer to what stands below its request."""
    examples: list[tuple[str, str, str]] = []
    requests: list[str] = []
    for kind, content in blocks(told, "sh", "json", "text"):
        if kind == "sh":
            requests.append(content)
        else:
            examples.append((requests[-1], kind, content))
    # A stream of the README ends by --max-time, which is curl's status 28.
    script = "\nprintf '\\036'\n".join(f"{request.rstrip()} || test $? = 28" for request in requests)
    answers = run(server, script).split("\x1e")

    shown = dict(zip(requests, answers, strict=True))
    assert len(examples) == len(requests) - 1  # all but the one that sets variables
    for request, kind, expected in examples:
        answer = masked(shown[request])
        if kind == "json":
            assert json.loads(answer) == json.loads(masked(expected)), request
        else:
            assert answer.strip() == masked(expected).strip(), request


async def test_every_route_is_in_the_readme(sqlite_url: str) -> None:
    async with Lumen(Settings(database_url=sqlite_url, accounts="on")) as lumen:
        assert lumen._parts is not None
        application = lumen._parts.application
    assert isinstance(application, Starlette)
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
        return f"`{last}`" in section("The API") or f"`{method} {path}`" in TEXT
    return f"`{method} {path}`" in TEXT or (path.count("/") == 1 and f"`{path}`" in TEXT)


def test_every_setting_is_in_the_readme_as_it_is() -> None:
    found = _SETTINGS.search(TEXT)
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
    assert told == named | set(ACTIONS) | in_rooms | {"expire", "preferences"}


def test_python_of_the_readme_is_python() -> None:
    for _, content in blocks(TEXT, "python"):
        compile(content, "README.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


def test_every_link_into_the_repository_leads_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", TEXT):
        assert (ROOT / target).exists(), target


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


if __name__ == "__main__":
    README.write_text(_SETTINGS.sub(lambda _: settings_table(), TEXT), "utf-8")
