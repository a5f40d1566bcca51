from __future__ import annotations

from pathlib import Path

import pytest

from lumen_notify.api.web.page_config import ADMIN_TOKEN_COMMAND, TOKEN_COMMAND, command_in


def test_the_command_works_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    folder = tmp_path / "it's <here>"
    quoted = f"""'{tmp_path}/it'"'"'s <here>'"""
    assert command_in(folder, TOKEN_COMMAND) == f"cd {quoted} && lumen-notify token alice"


def test_a_program_that_is_not_on_the_path_is_named_with_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "bin" / "lumen-notify"
    program.parent.mkdir()
    program.touch()
    monkeypatch.setattr("sys.prefix", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    assert command_in(tmp_path, TOKEN_COMMAND) == f"cd {tmp_path} && {program} token alice"
    admin = f"cd {tmp_path} && {program} token admin --scope notify:admin --scope notify:publish"
    assert command_in(tmp_path, ADMIN_TOKEN_COMMAND) == admin
    program.unlink()
    assert command_in(tmp_path, TOKEN_COMMAND) == f"cd {tmp_path} && lumen-notify token alice"
