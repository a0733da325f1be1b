"""The forms of SQL that are measured against each other give the same answers."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from benchmarks.equality import canonical
from benchmarks.sql_statements import Form, deep_pages, output_forms, pattern_forms
from fieldstone.metadata.json_text import dumps, loads
from tests.apis import SCHEMA, sample_template
from tests.databases import Databases


@pytest.fixture(scope="module")
def sample_dsn(databases: Databases) -> Iterator[str]:
    with databases.clone(sample_template(databases)) as dsn:
        yield dsn


def answers(dsn: str, form: Form) -> Any:
    """The form's answer to its first parameters, in one spelling, without the envelope."""
    with psycopg.connect(dsn, autocommit=True, options="-c TimeZone=UTC") as connection:
        values = [value.decode() for value in form.parameters[0]]
        row = psycopg.RawCursor(connection).execute(form.text.encode(), values).fetchone()
    assert row is not None
    text = row[0] if isinstance(row[0], str) else dumps(row[0])
    found = loads(text)
    return canonical(found.get("data", found))


async def test_the_forms_of_an_answer(sample_dsn: str) -> None:
    first, *others = await output_forms(sample_dsn, SCHEMA)
    expected = answers(sample_dsn, first)
    assert len(expected["people"]["edges"]) == 50
    for other in others:
        assert answers(sample_dsn, other) == expected, other.name


async def test_patterns(sample_dsn: str) -> None:
    own, baseline = (await pattern_forms(sample_dsn, SCHEMA))[-2:]
    assert answers(sample_dsn, own) == answers(sample_dsn, baseline)


def test_deep_pages_are_of_every_order_both_ways() -> None:
    forms = deep_pages()
    assert len({form.name for form in forms}) == len(forms) == 38
    assert {len(form.parameters[0]) for form in forms} == {0, 1, 2}
