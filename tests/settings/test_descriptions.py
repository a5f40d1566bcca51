"""Descriptions: each setting has one, and each default can be written down."""

from __future__ import annotations

import pytest

from lumen_notify.settings import Settings
from lumen_notify.settings.descriptions import default_text, descriptions


def test_each_setting_has_a_description_on_one_line() -> None:
    texts = descriptions(Settings)
    assert texts.keys() == Settings.model_fields.keys()
    assert all(text.endswith(".") and "\n" not in text for text in texts.values())


@pytest.mark.parametrize(
    ("default", "text"), [(None, "not set"), ((), "not set"), (30.0, "30"), (0.5, "0.5"), (8000, "8000")]
)
def test_a_default_is_text(default: object, text: str) -> None:
    assert default_text(default) == text
