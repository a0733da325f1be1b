"""Steps of a person in the forms of the model."""

import re

from playwright.async_api import Page, expect


async def choose(page: Page, box: str, option: str) -> None:
    """Choose an option of a combobox by typing it."""
    await page.get_by_role("combobox", name=box).fill(option)
    await page.get_by_role("option", name=option).first.click()


async def apply_plan(page: Page, title: str | re.Pattern[str]) -> None:
    """Show the plan of the open form, and apply it."""
    await page.get_by_role("button", name="Show the plan").click()
    await page.get_by_role("button", name="Apply", exact=True).click()
    await expect(page.get_by_role("dialog", name=title)).to_be_hidden()
