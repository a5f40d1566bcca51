"""axe-core: what a page lacks for people who use a screen reader, a keyboard or high contrast."""

from __future__ import annotations

from functools import cache

from playwright.async_api import Page

from programs import NODE, installed

RUN = """async () => {
  const rules = {resultTypes: ['violations'], rules: {region: {enabled: false}}};
  const {violations} = await axe.run(document, rules);
  return violations.flatMap(({id, help, nodes}) =>
    nodes.map((node) => `${id}: ${help}: ${node.target.flat().join(' ')}: ${node.failureSummary}`));
}"""
"""`region` wants all of a page in landmarks: the pages of tests are too small for it."""


async def violations(page: Page) -> list[str]:
    """Return what axe-core finds on a page as it is now, in shadow roots too. Motion must have ended."""
    await page.evaluate(
        "() => Promise.all(document.getAnimations({subtree: true}).map((one) => one.finished))"
    )
    if not await page.evaluate("() => 'axe' in window"):
        await page.evaluate(_source())
    found: list[str] = await page.evaluate(RUN)
    return found


@cache
def _source() -> str:
    path = installed(NODE / "axe-core", "npm ci --prefix tests/node") / "axe.min.js"
    return path.read_text("utf-8")
