"""Secret file: one complete, private secret for all processes."""

from __future__ import annotations

import multiprocessing
import stat
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from lumen_notify.auth import load_or_create_secret, load_secret
from lumen_notify.errors import Misconfigured
from lumen_notify.settings import MIN_SECRET_BYTES, Settings


def test_the_first_call_makes_a_private_file_and_the_next_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "lumen-notify.db.secret"

    first = load_or_create_secret(path)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(first.reveal()) >= MIN_SECRET_BYTES
    assert load_or_create_secret(path) == first
    assert list(tmp_path.iterdir()) == [path]
    assert Settings(jwt_secret=first).has_verification_key


def test_each_file_has_its_own_secret(tmp_path: Path) -> None:
    assert load_or_create_secret(tmp_path / "a") != load_or_create_secret(tmp_path / "b")


def _load(path: Path, barrier: Barrier, answers: multiprocessing.SimpleQueue[str]) -> None:
    barrier.wait(30)
    answers.put(load_or_create_secret(path).reveal())


@pytest.mark.server
def test_processes_that_start_together_get_the_same_secret(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    number = 4
    for round_ in range(2):
        barrier, answers = context.Barrier(number), context.SimpleQueue()
        arguments = (tmp_path / f"secret {round_}", barrier, answers)
        processes = [context.Process(target=_load, args=arguments) for _ in range(number)]
        for process in processes:
            process.start()
        found = [answers.get() for _ in processes]
        for process in processes:
            process.join(30)
            assert process.exitcode == 0

        assert len(set(found)) == 1
    assert len(list(tmp_path.iterdir())) == 2


def test_the_loser_of_the_race_reads_the_winners_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "secret"
    link = Path.hardlink_to

    def beaten(self: Path, target: str) -> None:
        self.write_text("w" * MIN_SECRET_BYTES)
        link(self, target)

    monkeypatch.setattr(Path, "hardlink_to", beaten)

    assert load_or_create_secret(path).reveal() == "w" * MIN_SECRET_BYTES
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("content", [b"", b"short\n", b"\xff" * 40])
def test_a_file_with_a_bad_secret_is_misconfigured_and_kept(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "secret"
    path.write_bytes(content)

    with pytest.raises(Misconfigured, match="LUMEN_JWT_SECRET"):
        load_or_create_secret(path)
    assert path.read_bytes() == content


def test_a_missing_folder_is_misconfigured(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="cannot be created"):
        load_or_create_secret(tmp_path / "missing" / "secret")


def test_loading_makes_no_file(tmp_path: Path) -> None:
    path = tmp_path / "lumen.db.secret"
    assert load_secret(path) is None
    assert list(tmp_path.iterdir()) == []
    made = load_or_create_secret(path)
    assert load_secret(path) == made
