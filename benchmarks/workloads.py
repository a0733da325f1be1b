"""The workloads: what is asked for, with other values each time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from benchmarks.dataset import COMPANIES, PEOPLE, company_id, created_at, email_fragments, is_deleted, person_id
from benchmarks.http_request import MARK

Variables = Mapping[str, object]

DIFFERENT = 512
"""Requests of one workload; they are sent in turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """One kind of request.

    Attributes:
        name: W1 to W6; the operations' files are called so.
        title: what it does, in a few words.
        variables: makes the values of all its requests. `since` of a workload that pages is where its cursor is
            taken from.
        pages: whether the requests carry a cursor, which each server makes in its own way.
        writes: whether it writes.
    """

    name: str
    title: str
    variables: Callable[[], list[Variables]]
    pages: bool = False
    writes: bool = False


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


WORKLOADS = (
    Workload(name="W1", title="a person by id", variables=_ids),
    Workload(name="W2", title="10 people by `contains`, each with company", variables=_fragments),
    Workload(name="W3", title="50 people, each with 3 relations (10 + 10 records)", variables=_since),
    Workload(name="W4", title="aggregate over 100,000 opportunities", variables=lambda: [{}]),
    Workload(name="W5", title="a page of 50 deep in the table", variables=_deep, pages=True),
    Workload(name="W6", title="create a person", variables=_new_people, writes=True),
)
