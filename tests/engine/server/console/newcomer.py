"""Pictures of the tutorial, taken on the way of its test."""

import base64
import os
from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import Page

WRITES = "FIELDSTONE_TUTORIAL_PICTURES"
"""The variable with the folder that pictures are written to; unset, none is taken."""

_QUALITY = 72


@dataclass(slots=True)
class Pictures:
    """Takes numbered pictures of a page as WebP, which Playwright itself does not write."""

    page: Page
    folder: str | None = field(default_factory=lambda: os.environ.get(WRITES))
    taken: int = 0

    async def take(self, name: str) -> None:
        """Take a picture of the page as it stands."""
        self.taken += 1
        if self.folder is None:
            return
        session = await self.page.context.new_cdp_session(self.page)
        shot = await session.send("Page.captureScreenshot", {"format": "webp", "quality": _QUALITY})
        await session.detach()
        path = Path(self.folder) / f"{self.taken:02}-{name}.webp"
        path.write_bytes(base64.b64decode(shot["data"]))
