"""A shell session: the `sh` blocks of a page, run against a server, with streams open beside them."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Self

from typer.testing import CliRunner

from lumen_notify import cli
from servers import RunningServer, wait_until

SILENCE_SECONDS = 1.0  # after which a stream that is written down is taken to have shown all

_TOKEN = re.compile(r"\$\(lumen-notify (token [^()]*)\)")


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
