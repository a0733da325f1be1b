"""A few people and companies, which are put back before each example."""

from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from tests.apis import Served
from tests.reference import read_rows
from tests.reference_values import Row

ACME, BOLT = (str(UUID(int=number)) for number in (0xC1, 0xC2))
PEOPLE = [str(UUID(int=0xA0 + number)) for number in range(5)]


class Bench:
    """The engine over a few records, which are the same before each example.

    Args:
        served: the APIs over a database.
        connection: a connection to the database that commits each statement; one for all examples, as connecting took
            longer than the statements.
    """

    def __init__(self, served: Served, connection: psycopg.Connection) -> None:
        self.served, self.connection, self.snapshot = served, connection, served.snapshot()
        self.person, self.company = (self.snapshot.by_singular[name] for name in ("person", "company"))

    def fill(self) -> None:
        """Put the records back."""
        person, company = (sql.Identifier(one.table.schema, one.table.name) for one in (self.person, self.company))
        self.connection.execute(sql.SQL("DELETE FROM {}; DELETE FROM {}").format(person, company))
        cursor = self.connection.cursor()
        cursor.executemany(
            sql.SQL("INSERT INTO {} (id, name) VALUES (%s, %s)").format(company),
            [(ACME, "Acme"), (BOLT, "Bolt")],
        )
        cursor.executemany(
            sql.SQL(
                'INSERT INTO {} (id, email, city, "jobTitle", "companyId", "deletedAt") VALUES (%s, %s, %s, %s, %s, %s)'
            ).format(person),
            [
                (PEOPLE[0], "0", "Berlin", "dev", ACME, None),
                (PEOPLE[1], "1", "Paris", "ops", BOLT, None),
                (PEOPLE[2], "2", None, None, None, None),
                (PEOPLE[3], "3", "Berlin", None, BOLT, None),
                (PEOPLE[4], "4", "Berlin", "dev", ACME, "2020-01-01Z"),
            ],
        )

    def rows(self) -> dict[Any, dict[str, Row]]:
        """The records of all objects as they are."""
        found = read_rows(self.connection, self.snapshot.objects.values())
        return {object_id: dict(rows) for object_id, rows in found.items()}

    def people(self) -> list[tuple[Any, ...]]:
        """The people as they are, without their ids."""
        return shown(read_rows(self.connection, [self.person])[self.person.id].values())


def shown(rows: Any) -> list[tuple[Any, ...]]:
    names = ("email", "city", "jobTitle", "companyId")
    return sorted([(*(row[name] for name in names), row["deletedAt"] is not None) for row in rows], key=repr)
