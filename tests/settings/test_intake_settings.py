"""Intake settings: their defaults, and what is refused."""

from __future__ import annotations

import pytest

from lumen_notify.settings import Settings
from lumen_notify.settings.intake_settings import OTHER_TOPIC

from .environments import problems_of


def test_dead_letters_go_beside_the_topic_unless_another_one_is_named() -> None:
    assert Settings().intake_dead_letters == "lumen-notify-dead-letters"
    assert Settings(intake_topic="orders.v1").intake_dead_letters == "orders.v1-dead-letters"
    assert Settings(intake_topic="a", intake_dead_letter_topic="b").intake_dead_letters == "b"


@pytest.mark.parametrize(
    "environ",
    [
        {"LUMEN_INTAKE_TOPIC": "orders", "LUMEN_INTAKE_DEAD_LETTER_TOPIC": "orders"},
        {"LUMEN_INTAKE_DEAD_LETTER_TOPIC": "lumen-notify"},
    ],
)
def test_dead_letters_may_not_go_where_they_come_from(environ: dict[str, str]) -> None:
    assert problems_of(environ) == {"LUMEN_INTAKE_DEAD_LETTER_TOPIC": OTHER_TOPIC}


def test_password_in_the_url_is_never_shown() -> None:
    settings = Settings.from_env({"LUMEN_INTAKE_URL": "amqp://guest:hunter2@mq/"})
    assert settings.intake_url == "amqp://guest:hunter2@mq/"
    assert "hunter2" not in repr(settings)


@pytest.mark.parametrize(
    "name", ["LUMEN_INTAKE_TOPIC", "LUMEN_INTAKE_GROUP", "LUMEN_INTAKE_DEAD_LETTER_TOPIC"]
)
@pytest.mark.parametrize("text", ["a b", "a*", "a>", ".a", "a" * 201, "ä"])
def test_names_are_such_as_every_broker_takes(name: str, text: str) -> None:
    problem = "must be 1 to 200 characters of A-Z, a-z, 0-9, dot, underscore, dash and colon"
    assert problems_of({name: text}) == {name: problem}


@pytest.mark.parametrize("text", ["0", "10001", "many"])
def test_prefetch_has_bounds(text: str) -> None:
    assert list(problems_of({"LUMEN_INTAKE_PREFETCH": text})) == ["LUMEN_INTAKE_PREFETCH"]
