"""A walk over all pages where there is no network: `test_offline.py` runs it in a namespace of its own."""

import errno
import socket

import pytest

from tests.engine.server.console.browsing import Serve, Watched
from tests.engine.server.console.every_page import PAGES, open_page


async def test_every_page_is_whole(watched: Watched, serve: Serve) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outside, pytest.raises(OSError, match="unreachable") as no:
        outside.connect(("192.0.2.1", 9))
    assert no.value.errno == errno.ENETUNREACH
    async with serve() as served:
        found = await served.ask("/graphql", '{ person(where: { email: "Ada@example.com" }) { id } }')
        await watched.sign_in(served)
        for path, title in PAGES.items():
            await open_page(watched, served, path, title, found["person"]["id"])
        await watched.assert_clean(served.address, (".js", ".css"))
