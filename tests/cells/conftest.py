"""Cells for these tests: two servers for all of them, and a database on each for every test."""

from collections.abc import Iterator

import pytest

from fieldstone.sql import embedded
from tests.cells.clusters import MIGRATED, fresh_cells, running_clusters


@pytest.fixture(scope="session")
def cell_servers() -> Iterator[dict[str, embedded.EmbeddedServer]]:
    """A server for each cell."""
    with running_clusters() as servers:
        yield servers


@pytest.fixture
def cells(cell_servers: dict[str, embedded.EmbeddedServer]) -> Iterator[dict[str, str]]:
    """The address of a database for each cell, with an empty catalog."""
    with fresh_cells(cell_servers, template=MIGRATED) as urls:
        yield urls
