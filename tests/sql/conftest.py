"""Fixtures of the compiler's tests."""

from collections.abc import Iterator

import pytest

from tests.databases import Databases
from tests.sql.people import fill
from tests.sql.shop import Shop, make_schema, open_shop
from tests.sql.staff import hire


@pytest.fixture
def shop_dsn(databases: Databases) -> Iterator[str]:
    """The address of an empty shop."""
    with databases.clone(databases.template("shop", make_schema)) as dsn:
        yield dsn


@pytest.fixture
def shop(shop_dsn: str) -> Iterator[Shop]:
    """A session on an empty shop."""
    with open_shop(shop_dsn) as opened:
        yield opened


@pytest.fixture(scope="module")
def empty_shop(databases: Databases) -> Iterator[Shop]:
    """A session on a shop that a module's tests share."""
    with databases.clone(databases.template("shop", make_schema)) as dsn, open_shop(dsn) as opened:
        yield opened


@pytest.fixture(scope="module")
def filled(databases: Databases) -> Iterator[Shop]:
    """A session on a shop with people, which a module's tests only read."""
    with databases.clone(databases.template("people", fill)) as dsn, open_shop(dsn) as opened:
        yield opened


@pytest.fixture
def staffed(shop: Shop) -> Shop:
    """A session on a shop with staff."""
    hire(shop)
    return shop
