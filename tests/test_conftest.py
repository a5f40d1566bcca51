"""What holds for every test: none starts a process without its mark, and each says at once why it failed."""

from __future__ import annotations

import subprocess
import sys
from typing import Any
from unittest.mock import Mock

import pytest

from conftest import REASON_LINES, FailureReporter


def test_a_test_without_the_mark_cannot_start_a_process() -> None:
    with pytest.raises(RuntimeError, match="mark `server`"):
        subprocess.run([sys.executable, "-c", ""], check=True)


@pytest.mark.server
def test_a_test_with_the_mark_can_start_a_process() -> None:
    subprocess.run([sys.executable, "-c", ""], check=True)


def test_what_asks_for_a_server_has_the_mark(request: pytest.FixtureRequest) -> None:
    asking = [item for item in request.session.items if "start_server" in getattr(item, "fixturenames", ())]
    assert all(item.get_closest_marker("server") is not None for item in asking)
    assert request.node.get_closest_marker("server") is None


@pytest.mark.parametrize(("outcome", "number"), [("failed", 1), ("passed", 0), ("skipped", 0)])
def test_the_reason_of_a_failure_is_printed_at_once(outcome: Any, number: int) -> None:
    terminal = Mock()
    crash = Mock(path="a.py", lineno=7, message="\n".join(["assert 1 == 2"] * 2 * REASON_LINES))
    report = pytest.TestReport("a.py::test", ("a.py", 1, "test"), {}, outcome, Mock(reprcrash=crash), "call")
    FailureReporter(terminal).pytest_runtest_logreport(report)
    printed = [call.args[0] for call in terminal.write_line.call_args_list]
    assert (
        printed[: 2 * number] == ["a.py::test failed at its call:", "    a.py:7: assert 1 == 2"][: 2 * number]
    )
    assert len(printed) == number * (REASON_LINES + 1)
