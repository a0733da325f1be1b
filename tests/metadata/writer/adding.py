"""A new field of a person, and a connection of somebody else."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

import psycopg

from fieldstone.metadata.field_types import FieldType
from tests.metadata.desk import (
    new_field,
    person,
)


def add(name: str, type_: FieldType = FieldType.TEXT, **more: Any) -> Any:
    return lambda snapshot: [new_field(person(snapshot), name, type_, **more)]


Connection = psycopg.AsyncConnection[Any]


@contextlib.asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[Connection]:
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        yield connection
