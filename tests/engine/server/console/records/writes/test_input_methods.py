"""A text that an input method composes, as those of Japanese do, begins on the focused cell."""

import pytest
from playwright.async_api import CDPSession, expect

from tests.engine.server.console.browsing import Serve, Watched
from tests.engine.server.console.records.lists import (
    ask,
    cell,
    count_shown,
    focused_text,
    open_list,
    press,
    until_answered,
)

pytestmark = pytest.mark.system

NAMES = "{ people { edges { node { firstName } } } }"


def names_of(*names: str) -> dict[str, object]:
    """Return the data of `NAMES` with these first names."""
    return {"people": {"edges": [{"node": {"firstName": name}} for name in names]}}


async def compose(session: CDPSession, text: str) -> None:
    """Have the input method show `text` as its composition, which goes on."""
    end = len(text)
    await session.send("Input.imeSetComposition", {"text": text, "selectionStart": end, "selectionEnd": end})


async def test_a_composition_on_a_cell_goes_on_there_and_then_in_its_editor(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        page = await open_list(watched, served, "people")
        await count_shown(page, "3 records")
        grid = page.get_by_role("grid")
        await grid.focus()
        method = await page.context.new_cdp_session(page)
        await compose(method, "に")
        await compose(method, "にほん")
        assert await focused_text(page) == "にほん", "the letters stand in their cell while they are composed"
        await expect(grid).to_be_focused()
        # A click takes no cell from the letters.
        await cell(page, "Grace").click()
        assert await focused_text(page) == "にほん"
        await watched.assert_accessible()
        await method.send("Input.insertText", {"text": "日本"})
        editor = page.get_by_role("textbox", name="First name of Ada")
        await expect(editor).to_be_focused()
        await expect(editor).to_have_value("日本")
        await compose(method, "ご")
        await method.send("Input.insertText", {"text": "語"})
        await press(page, "Enter")
        await until_answered(served, NAMES, names_of("日本語", "Grace", "Łukasz"))
        await expect(grid).to_be_focused()

        # A composition that is dropped leaves the cell as it was.
        await compose(method, "あ")
        await compose(method, "")
        await expect(cell(page, "日本語")).to_be_visible()
        await expect(grid).to_be_focused()
        # An emoji of a list comes without a key and without a composition.
        await press(page, "ArrowDown")
        await page.keyboard.insert_text("🦉")
        await expect(page.get_by_role("textbox", name="First name of Grace")).to_have_value("🦉")
        await press(page, "Escape")
        # A letter of a key is there once.
        await page.keyboard.type("abc")
        await expect(page.get_by_role("textbox", name="First name of Grace")).to_have_value("abc")
        await press(page, "Escape")
        assert await ask(served, NAMES) == names_of("日本語", "Grace", "Łukasz")
        await watched.assert_clean(served.address, ())
