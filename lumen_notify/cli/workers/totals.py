"""Totals: the metrics of all workers, added up. No I/O.

Promise: a sum of counters or histograms never goes back. What a worker has counted stays in the sums when it
ends or does not answer, as of its last answer: at most COLLECT_SECONDS (`slot`) before a crash, and all of it
after an ordinary end. Gauges are those of the workers that answer.

Counters, histograms and most gauges are added. `lumen_outage` and other gauges with `is_maximum` are the
largest of all; `_created`, when a histogram was made, is the smallest.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

Family = Mapping[str, Any]
"""A metric: `name`, `doc`, `type`, `is_maximum`, and `samples` as lists of name, labels and value."""

Labels = tuple[tuple[str, str], ...]

ANSWERING: Mapping[str, Any] = {
    "name": "lumen_workers_answering",
    "doc": "Workers of this host whose gauges are in these numbers.",
    "type": "gauge",
    "is_maximum": False,
}


class Totals:
    """What each worker has answered last. Workers are known by a number that is never used again."""

    def __init__(self) -> None:
        self._answers: dict[int, Sequence[Sequence[Family]]] = {}
        self._ended: list[list[Family]] = []

    def learn(self, worker: int, lumens: Sequence[Sequence[Family]]) -> None:
        """Keep what a worker has answered. lumens: the families of each Lumen, in the order of opening."""
        self._answers[worker] = lumens

    def end(self, worker: int) -> None:
        """Keep the counters of a worker that has ended, without its gauges."""
        for number, families in enumerate(self._answers.pop(worker, ())):
            while len(self._ended) <= number:
                self._ended.append([])
            self._ended[number] = total([self._ended[number], counted(families)])

    def sum(self, lumen: int, answering: Collection[int]) -> list[Family]:
        """Add the families of one Lumen up. answering: the workers that have just answered."""
        families = [
            one[lumen] if worker in answering else counted(one[lumen])
            for worker, one in self._answers.items()
            if lumen < len(one)
        ]
        number = {**ANSWERING, "samples": [[ANSWERING["name"], {}, len(answering)]]}
        return [*total([*families, *self._ended[lumen : lumen + 1]]), number]


def counted(families: Iterable[Family]) -> list[Family]:
    """Return the counters and histograms."""
    return [family for family in families if family["type"] != "gauge"]


def total(lists: Iterable[Iterable[Family]]) -> list[Family]:
    """Add the families of the same name up."""
    found: dict[str, Family] = {}
    samples: dict[str, dict[tuple[str, Labels], float]] = {}
    for families in lists:
        for family in families:
            name = family["name"]
            found.setdefault(name, family)
            values = samples.setdefault(name, {})
            for sample, labels, value in family["samples"]:
                key = (sample, tuple(labels.items()))
                combine = _combination(family, sample)
                values[key] = combine((values[key], value)) if key in values else value
    return [
        {
            **family,
            "samples": [[sample, dict(labels), value] for (sample, labels), value in samples[name].items()],
        }
        for name, family in found.items()
    ]


def _combination(family: Family, sample: str) -> Callable[[tuple[float, float]], float]:
    if sample == f"{family['name']}_created":
        return min
    return max if family["is_maximum"] else sum
