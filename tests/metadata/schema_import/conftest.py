"""A schema as somebody has it, beside a workspace or in another database."""

from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from tests.apis import workspace_template
from tests.databases import Databases

SCRIPT = Path(__file__).with_name("rental.sql").read_text(encoding="utf-8")


def fill(dsn: str) -> None:
    """Make the foreign schema."""
    with psycopg.connect(dsn) as connection:
        connection.execute(SCRIPT.encode())


@pytest.fixture
def filled_dsn(databases: Databases, clone_database: Callable[[str], str]) -> str:
    """The workspace's database, with the foreign schema beside it."""
    return clone_database(databases.template("workspace and rental", fill, base=workspace_template(databases)))


@pytest.fixture
def other_dsn(databases: Databases, clone_database: Callable[[str], str]) -> str:
    """Another database with the schema in it."""
    return clone_database(databases.template("rental", fill))
