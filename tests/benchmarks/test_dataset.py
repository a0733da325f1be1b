"""The data set."""

from itertools import islice

import pytest

from benchmarks.dataset import TABLES, Rows, email_fragments, is_deleted, person_email, person_id


@pytest.mark.parametrize("rows", TABLES, ids=lambda rows: rows.table)
def test_rows_are_whole_and_the_same_each_time(rows: Rows) -> None:
    first, again = (list(islice(rows.generate(), 300)) for _ in range(2))
    assert first == again
    assert {len(row) for row in first} == {len(rows.columns)}
    assert len({row[0] for row in first}) == 300


def test_a_person_is_found_by_number() -> None:
    people = next(rows for rows in TABLES if rows.table == "person")
    for number, row in enumerate(islice(people.generate(), 250)):
        named = dict(zip(people.columns, row, strict=True))
        assert (named["id"], named["email"]) == (person_id(number), person_email(number))
        assert (named["deletedAt"] is not None) is is_deleted(number)


def test_a_fragment_is_what_several_addresses_begin_with() -> None:
    addresses = [person_email(number) for number in range(20_000)]
    for fragment in email_fragments(5):
        assert sum(fragment in address for address in addresses) in {2, 3}
