"""The pages that people read: README.md and docs/. What tests ask of their text."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
DOCS = ROOT / "docs"
CHAPTERS = sorted((DOCS / "api").glob("*.md"))
TEXTS = {path: path.read_text("utf-8") for path in (README, *CHAPTERS, *sorted(DOCS.glob("*.md")))}
"""The text of every page by its path: README, the chapters of the API, then the others."""

TEXT = "\n".join(TEXTS.values())

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^(#+) (.*)$", re.MULTILINE)


def section(title: str) -> str:
    """Return the section whose title begins so, with its heading, up to the next of its rank."""
    for text in TEXTS.values():
        bare = _BLOCK.sub(lambda block: re.sub("(?m)^#", " ", block[0]), text)
        for found in _HEADING.finditer(bare):
            if found[2].startswith(title):
                after = re.compile(rf"^#{{1,{len(found[1])}}} ", re.MULTILINE).search(bare, found.end())
                return text[found.start() : after.start() if after else None]
    raise AssertionError(f"no heading begins with {title!r}")


def blocks(text: str, *kinds: str) -> list[tuple[str, str]]:
    """Return the code blocks: list of (kind, content), in order, of these kinds."""
    return [(kind, content) for kind, content in _BLOCK.findall(text) if kind in kinds]


def without_blocks(text: str) -> str:
    """Return a page's text without its code blocks."""
    return _BLOCK.sub("", text)


def anchors(text: str) -> set[str]:
    """Return what a link can name in a page: its headings, as GitHub makes anchors of them."""
    headings = [found[2] for found in _HEADING.finditer(without_blocks(text))]
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
