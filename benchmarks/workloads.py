"""The workloads: the operations, with other values each time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from benchmarks.dataset import (
    COMPANIES,
    PEOPLE,
    company_id,
    created_at,
    email_fragments,
    is_deleted,
    person_email,
    person_id,
)
from benchmarks.equality import OWN
from benchmarks.http_request import MARK

Variables = Mapping[str, object]

DIFFERENT = 512
"""Requests of one workload; they are sent in turn."""


class Written(NamedTuple):
    """A record that a request writes: the member of its data `column` has the value that it is found by."""

    table: str
    column: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """One kind of request.

    Attributes:
        name: W1 to W12; W7 is a mix of others, and those with `-rest` are asked of REST as well.
        title: its task, in a few words.
        variables: makes the values of all its requests.
        operation: the name of the operations' files.
        cursor: the operation that gives the cursor of its requests, which each server makes in its own way.
        written: the record that it writes.
        leave_out: the members of answers that are not compared.
    """

    name: str
    title: str
    variables: Callable[[], list[Variables]]
    operation: str
    cursor: str | None = None
    written: Written | None = None
    leave_out: frozenset[str] = OWN


def _spread(step: int) -> list[int]:
    """Numbers of people all over the table, none of them deleted."""
    numbers = (number * step % (PEOPLE - 1_000) for number in range(2 * DIFFERENT))
    return [number for number in numbers if not is_deleted(number)][:DIFFERENT]


def _ids() -> list[Variables]:
    return [{"id": str(person_id(number))} for number in _spread(7_919)]


def _fragments() -> list[Variables]:
    return [{"fragment": fragment} for fragment in email_fragments(DIFFERENT)]


def _since() -> list[Variables]:
    return [{"since": created_at(number).isoformat().replace("+00:00", "Z")} for number in _spread(6_113)]


def _deep() -> list[Variables]:
    """The later half of the table only, and never a moment that two records share the first of which is deleted."""
    deep = (created_at(PEOPLE // 2 + number // 2) + timedelta(microseconds=1) for number in _spread(5_003))
    return [{"since": moment.isoformat().replace("+00:00", "Z")} for moment in deep]


def _new_people() -> list[Variables]:
    return [
        {
            "data": {
                "firstName": "Nova",
                "lastName": f"Person {number}",
                "email": f"nova.{MARK.decode()}@example.com",
                "jobTitle": "Data Engineer",
                "companyId": str(company_id(number * 17 % COMPANIES)),
            }
        }
        for number in range(64)
    ]


def _amounts() -> list[Variables]:
    """Return amounts that some opportunities of most people with any exceed, or of few."""
    return [{"amount": number * 97_000 // DIFFERENT} for number in range(DIFFERENT)]


def _too_large_amounts() -> list[Variables]:
    """Return amounts that no opportunity has."""
    return [{"amount": 100_000 + number} for number in range(DIFFERENT)]


def _new_companies() -> list[Variables]:
    mark = MARK.decode()
    return [
        {
            "data": {
                "name": f"Nova {mark}",
                "website": f"https://nova-{number}.example",
                "people": {
                    "create": [
                        {
                            "firstName": "Nova",
                            "lastName": f"Person {place}",
                            "email": f"nova.{place}.{mark}@example.com",
                        }
                        for place in range(3)
                    ]
                },
            }
        }
        for number in range(64)
    ]


def _upserted_people() -> list[Variables]:
    """Return people, every other one of which is there already."""
    found = [person_email(number) for number in _spread(3_001)]
    return [
        {
            "data": {
                "firstName": "Nova",
                "lastName": f"Person {number}",
                "email": email if number % 2 else f"upsert.{MARK.decode()}@example.com",
                "jobTitle": "Data Engineer",
            }
        }
        for number, email in enumerate(found)
    ]


# Those that write go last: the newest records come first in the pages of others.
WORKLOADS = (
    Workload(name="W1", title="a person by id", variables=_ids, operation="w1"),
    Workload(name="W2", title="10 people by `contains`, each with company", variables=_fragments, operation="w2"),
    Workload(name="W3", title="50 people, each with 3 relations (10 + 10 records)", variables=_since, operation="w3"),
    Workload(name="W1-rest", title="W1 with all fields, as REST has them", variables=_ids, operation="w1_rest"),
    Workload(
        name="W3-rest",
        title="W3 with all fields and 60 + 60 records at most, as REST has them",
        variables=_since,
        operation="w3_rest",
        # REST has it beside the data.
        leave_out=OWN | {"pageInfo"},
    ),
    Workload(name="W4", title="aggregate over 100,000 opportunities", variables=lambda: [{}], operation="w4"),
    Workload(name="W5", title="a page of 50 deep in the table", variables=_deep, operation="w5", cursor="cursor"),
    Workload(name="W8", title="20 people by `some` open opportunity above x", variables=_amounts, operation="w8"),
    Workload(name="W8-none", title="W8 with values that nobody has", variables=_too_large_amounts, operation="w8"),
    Workload(name="W9", title="groups of 100,000 by stage and month", variables=lambda: [{}], operation="w9"),
    Workload(
        name="W10",
        title="20 companies by count of people, page 3",
        variables=lambda: [{}],
        operation="w10",
        cursor="w10_cursor",
    ),
    Workload(
        name="W6",
        title="create a person",
        variables=_new_people,
        operation="w6",
        written=Written("person", "email"),
    ),
    Workload(
        name="W11",
        title="create a company with 3 people",
        variables=_new_companies,
        operation="w11",
        written=Written("company", "name"),
    ),
    Workload(
        name="W12",
        title="upsert a person",
        variables=_upserted_people,
        operation="w12",
        written=Written("person", "email"),
    ),
)
