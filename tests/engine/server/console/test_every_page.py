"""Every page at 400 % zoom, in a narrow window, in the dark, with no other host, and by the keyboard alone."""

from typing import Any

import pytest
from playwright.async_api import Page, ViewportSize

from tests.engine.server.console.browsing import WINDOW, ZOOMED, Serve, Watched
from tests.engine.server.console.every_page import PAGES, open_page

pytestmark = pytest.mark.system

NARROW: ViewportSize = {"width": 768, "height": 900}
CUT_OFF = """() => {
    const cut = [];
    for (const control of document.querySelectorAll('a, button, input, select, textarea, h1, h2')) {
        const box = control.getBoundingClientRect();
        if (box.width === 0 || box.right <= innerWidth + 1) continue;
        let holder = control.parentElement;
        const scrolls = one => ['auto', 'scroll'].includes(getComputedStyle(one).overflowX);
        while (holder && !scrolls(holder)) holder = holder.parentElement;
        if (!holder) cut.push(control.outerHTML.slice(0, 120));
    }
    return cut;
}"""

# The controls of the page that Tab has to reach: those of a group that arrows go through, and of a grid, are one stop.
CONTROLS = """() => [...document.querySelectorAll(
    'a[href], button:not([disabled]), input:not([disabled]), select:not([disabled]), textarea, [tabindex="0"]'
)].filter(one => one.checkVisibility({ visibilityProperty: true }) && one.tabIndex >= 0 && one.type !== 'radio'
    && !one.closest('[aria-hidden="true"], .react-flow')
    && (document.querySelector('[role="dialog"]') ?? document).contains(one))"""
WALKED = f"""() => {{
    const seen = globalThis.walked ??= new Set();
    const at = document.activeElement;
    const isEnd = seen.has(at);
    // A grid has its mark on the cell that it names.
    const named = at.role === 'grid' ? document.getElementById(at.getAttribute('aria-activedescendant')) : null;
    const style = getComputedStyle(named ?? at);
    const box = at.getBoundingClientRect();
    const isInside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
    const isShown = at === document.body || isInside;
    const hasMark = at === document.body || style.outlineStyle !== 'none' || style.boxShadow !== 'none';
    if (at !== document.body) seen.add(at);
    const left = ({CONTROLS})().filter(one => !seen.has(one)).map(one => one.outerHTML.slice(0, 120));
    return {{ isEnd, left, at: at.outerHTML.slice(0, 120), isShown, hasMark }};
}}"""
MOST_STOPS = 150


async def walk(page: Page) -> None:
    """Go through the page by Tab: every control is reached and seen, and the way ends."""
    if await walk_once(page):
        # Perhaps by a control that came, or could be used, when the walk was past it.
        assert await walk_once(page) == [], "controls that Tab does not reach"


async def walk_once(page: Page) -> list[str]:
    """Return the controls that a walk by Tab has not reached."""
    await page.evaluate("document.activeElement?.blur(); globalThis.walked = undefined")
    step: dict[str, Any] = {}
    for _ in range(MOST_STOPS):
        await page.keyboard.press("Tab")
        step = await page.evaluate(WALKED)
        if step["isEnd"]:
            break
        assert step["isShown"], f"the focus is out of sight: {step['at']}"
        assert step["hasMark"], f"the focus has no mark: {step['at']}"
    assert step["isEnd"], f"Tab does not come to an end: {step['at']}"
    left: list[str] = step["left"]
    return left


async def test_every_page_fits_and_is_reached_by_the_keyboard(watched: Watched, serve: Serve) -> None:
    page = watched.page
    async with serve() as served:
        found = await served.ask("/graphql", '{ person(where: { email: "Ada@example.com" }) { id } }')
        await page.emulate_media(color_scheme="dark")
        await watched.sign_in(served)
        for path, title in PAGES.items():
            await page.set_viewport_size(WINDOW)
            await open_page(watched, served, path, title, found["person"]["id"])
            await walk(page)
            for size in (NARROW, ZOOMED):
                await page.set_viewport_size(size)
                assert await page.evaluate("document.documentElement.scrollWidth") == size["width"], path
                assert await page.evaluate(CUT_OFF) == [], path
            await watched.assert_accessible()
        await watched.assert_clean(served.address, (".js", ".css"))
