"""Demo: one secret for all who ask, whole and private."""

from __future__ import annotations

import multiprocessing
import stat
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from lumen_notify.auth import demo_secret
from lumen_notify.errors import Misconfigured
from lumen_notify.settings import MIN_SECRET_BYTES, Settings


def test_the_first_call_makes_a_private_file_and_the_next_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "lumen-notify.db.secret"

    first = demo_secret(path)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(first.reveal()) >= MIN_SECRET_BYTES
    assert demo_secret(path) == first
    assert list(tmp_path.iterdir()) == [path]
    assert Settings(jwt_secret=first).has_verification_key


def test_each_file_has_a_secret_of_its_own(tmp_path: Path) -> None:
    assert demo_secret(tmp_path / "a") != demo_secret(tmp_path / "b")


def _ask(path: Path, barrier: Barrier, answers: multiprocessing.SimpleQueue[str]) -> None:
    barrier.wait(30)
    answers.put(demo_secret(path).reveal())


@pytest.mark.server
def test_processes_that_start_together_get_the_same_secret(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    number = 4
    for round_ in range(2):
        barrier, answers = context.Barrier(number), context.SimpleQueue()
        arguments = (tmp_path / f"secret {round_}", barrier, answers)
        processes = [context.Process(target=_ask, args=arguments) for _ in range(number)]
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

    assert demo_secret(path).reveal() == "w" * MIN_SECRET_BYTES
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("content", [b"", b"short\n", b"\xff" * 40])
def test_a_file_with_no_fit_secret_is_misconfigured_and_kept(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "secret"
    path.write_bytes(content)

    with pytest.raises(Misconfigured, match="LUMEN_JWT_SECRET"):
        demo_secret(path)
    assert path.read_bytes() == content


def test_a_folder_that_is_not_there_is_misconfigured(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="cannot be made"):
        demo_secret(tmp_path / "missing" / "secret")
