"""The simulation behind docs/scaling.md measures real deliveries."""

from __future__ import annotations

import pytest

from bench import simulation
from bench.simulation import Figures, measure


async def test_it_measures_real_deliveries(postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "INSTANCES": 3,
        "USERS_PER_INSTANCE": 10,
        "EVENTS": 60,
        "BATCHES": (1, 4),
        "TRANSACTIONS": 3,
    }.items():
        monkeypatch.setattr(simulation, name, value)
    figures = await measure(postgresql_url, rounds=1)  # it checks the number of deliveries by itself
    assert figures.locked_ms.keys() == {1, 4}
    assert min(figures.read_us, figures.announced_us, figures.delivered_us, figures.many_us) > 0


def test_ceiling_is_that_of_the_best_transaction() -> None:
    locked = {1: 2.0, 64: 8.0, 256: 40.0}
    figures = Figures(read_us=5, announced_us=4, delivered_us=20, many_us=6, locked_ms=locked)
    assert figures.ceiling == 8000
