"""What is published installs into empty environments and serves the demo."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import httpx
import pytest

from .builds import ROOT, Distribution, Installed, StartInstalled, build, clean_environment
from .test_lock_files import RUNTIME, pins

MAX_RUNTIME_BYTES = 150 * 1024 * 1024

pytestmark = [pytest.mark.server, pytest.mark.slow, pytest.mark.timeout(900)]


def check_that_it_works(server: Installed) -> None:
    """Open the pages, publish to alice with what the demo prints, and read it as she does on the page."""
    (publisher,) = re.findall(r'notifications -H "Authorization: Bearer (\S+)" -d', server.log())
    with httpx.Client(base_url=server.url, trust_env=False, timeout=60) as client:
        for path in ("/", "/admin", "/docs", "/openapi.json", "/metrics"):
            assert client.get(path).status_code == 200, path
        for path in re.findall(r'(?:src|href)="([^"#:]+)"', client.get("/").text):
            assert client.get(path).status_code == 200, path
        config = client.get("/page/config.json").json()
        alice = {name: config["demo_users"][0][name] for name in ("username", "password")}
        token = client.post("/api/v1/auth/login", json=alice).json()["access_token"]
        for path in ("/client/lumen-notify.d.ts", "/client/words/en.js", "/docs/docs.js"):
            assert client.get(path).status_code == 200, path
        published = client.post(
            "/api/v1/notifications",
            headers={"Authorization": f"Bearer {publisher}"},
            json={"to": {"user": "alice"}, "category": "like", "content": "from an installed server"},
        )
        assert published.status_code == 201, published.text
        listed = client.get("/api/v1/notifications", headers={"Authorization": f"Bearer {token}"})
        assert listed.json()["items"][0]["content"] == "from an installed server"


def folder_bytes(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*"))


def test_wheel_serves_from_an_empty_environment(
    tmp_path: Path, distribution: Distribution, start_command: StartInstalled
) -> None:
    # As `pip install lumen-notify` and `pipx run lumen-notify serve --demo` do, with the tested versions.
    constraints = tmp_path / "constraints.txt"
    constraints.write_text("\n".join(f"{name}=={version}" for name, version in pins(RUNTIME).items()))
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    pip: list[str | Path] = [sys.executable, "-m", "pip", "--python", environment / "bin" / "python"]
    subprocess.run(
        [*pip, "install", "--quiet", "--no-compile", "--constraint", constraints, distribution.wheel],
        env=clean_environment(PIP_DISABLE_PIP_VERSION_CHECK="1"),
        cwd=tmp_path,
        check=True,
    )
    empty = tmp_path / "empty"
    empty.mkdir()
    server = start_command(empty, environment / "bin" / "lumen-notify", "serve", "--demo")
    check_that_it_works(server)
    assert server.stop() == 0


def test_make_run_in_the_unpacked_sdist_installs_the_runtime_alone_and_serves(
    distribution: Distribution, start_command: StartInstalled
) -> None:
    server = start_command(distribution.source, "make", "run")
    check_that_it_works(server)
    server.kill()
    environment = distribution.source / ".venv"
    assert folder_bytes(environment) < MAX_RUNTIME_BYTES
    assert not list(environment.rglob("pytest"))
    up_to_date = ["make", "--question", ".venv/.runtime"]
    assert subprocess.run(up_to_date, cwd=distribution.source, check=False).returncode == 0
    # Another folder may have modules with the names of Python's own.
    elsewhere = distribution.source.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "inspect.py").write_text("raise SystemExit('imported from the working folder')")
    script = environment / "bin" / "lumen-notify"
    subprocess.run([script, "--version"], cwd=elsewhere, env=clean_environment(), check=True)


def test_sdist_builds_the_same_wheel(distribution: Distribution) -> None:
    (wheel,) = build(distribution.source, "wheel").glob("*.whl")
    assert wheel.read_bytes() == distribution.wheel.read_bytes()


def test_wheel_and_sdist_have_all_files_of_the_browser(distribution: Distribution) -> None:
    folder = ROOT / "lumen_notify" / "web"
    there = {path.relative_to(ROOT).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {name.split("/")[2] for name in there} == {"admin", "client", "docs", "page"}
    with zipfile.ZipFile(distribution.wheel) as wheel:
        assert there <= set(wheel.namelist())
    with tarfile.open(distribution.sdist) as sdist:
        assert there <= {name.partition("/")[2] for name in sdist.getnames()}
