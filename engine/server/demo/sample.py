"""The sample records: always the same, whatever the machine, the day or the version of Python.

A record is a mapping from the API's field names (`createdBy.source` for a sub-field) to values as psycopg takes them; a
to-one relation's name holds the id of the record that it points to.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from hashlib import blake2b
from typing import TypeVar
from unicodedata import normalize
from uuid import UUID

from fieldstone.engine.server.demo.words import (
    ACTIVITY_BODIES,
    ACTIVITY_TITLES,
    CITIES,
    COMPANY_HEADS,
    COMPANY_TAILS,
    DOMAINS,
    EMPLOYEES,
    FIRST_NAMES,
    JOB_TITLES,
    LAST_NAMES,
    OPPORTUNITY_SUBJECTS,
)

SampleValue = UUID | str | int | float | Decimal | date | datetime | list[str] | None
SampleRecord = Mapping[str, SampleValue]
T = TypeVar("T")

COMPANIES, PEOPLE, ACTIVITIES, OPPORTUNITIES = 300, 2_000, 4_000, 2_500
TOTAL = COMPANIES + PEOPLE + ACTIVITIES + OPPORTUNITIES

_START = datetime(2024, 1, 1, tzinfo=UTC)
_TYPES = ("CALL", "EMAIL", "MEETING", "NOTE", "TASK")
_STAGES = ("NEW", "SCREENING", "MEETING", "PROPOSAL", "CUSTOMER")
# Records come in bursts, each made at one and the same moment: orders by time need their tie-breaker.
_BURST = 4
_UNDECOMPOSED = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ß": "ss", "ı": "i"})  # noqa: RUF001 - the dotless i is meant


@dataclass(frozen=True, slots=True)
class Draw:
    """Chooses for one record, by a hash of its kind, its number and the name of the choice."""

    kind: str
    number: int

    def below(self, bound: int, choice: str) -> int:
        """Return a number from 0 up, below the bound."""
        digest = blake2b(f"{self.kind}/{self.number}/{choice}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") % bound

    def one_of(self, choices: Sequence[T], choice: str) -> T:
        """Return one of the choices."""
        return choices[self.below(len(choices), choice)]

    def chance(self, percent: int, choice: str) -> bool:
        """Return True for this percentage of the records."""
        return self.below(100, choice) < percent


def sample_records() -> Iterator[tuple[str, SampleRecord]]:
    """Yield (nameSingular, record), every record after those that it points to."""
    for number in range(COMPANIES):
        yield "company", _company(Draw("company", number))
    for number in range(PEOPLE):
        yield "person", _person(Draw("person", number))
    for number in range(ACTIVITIES):
        yield "activity", _activity(Draw("activity", number))
    for number in range(OPPORTUNITIES):
        yield "opportunity", _opportunity(Draw("opportunity", number))


def _company(draw: Draw) -> SampleRecord:
    name = f"{draw.one_of(COMPANY_HEADS, 'head')} {draw.one_of(COMPANY_TAILS, 'tail')}"
    revenue = Decimal(draw.below(400, "revenue") * 250_000) + Decimal(draw.one_of((0, 0, 50, 5), "cents")) / 100
    return {
        **system_values(draw),
        "name": name,
        "website": None if draw.chance(15, "no website") else f"https://company-{draw.number}.example",
        "employees": None if draw.chance(12, "no employees") else draw.one_of(EMPLOYEES, "employees"),
        "annualRevenue": None if draw.chance(25, "no revenue") else revenue,
    }


def _person(draw: Draw) -> SampleRecord:
    first, last = draw.one_of(FIRST_NAMES, "first"), draw.one_of(LAST_NAMES, "last")
    local = _fold(f"{first}.{last}").strip(".") or "person"
    return {
        **system_values(draw),
        "firstName": None if draw.chance(4, "no first") else first,
        "lastName": None if draw.chance(2, "no last") else last,
        "email": f"{local}.{draw.number}@{draw.one_of(DOMAINS, 'domain')}",
        "phone": None if draw.chance(30, "no phone") else f"+1-555-{draw.below(10_000, 'phone'):04}",
        "jobTitle": None if draw.chance(10, "no job") else draw.one_of(JOB_TITLES, "job"),
        "city": None if draw.chance(20, "no city") else draw.one_of(CITIES, "city"),
        "company": None if draw.chance(8, "no company") else _pick(draw, "company", COMPANIES),
    }


def _fold(name: str) -> str:
    """Return the ASCII letters, digits and dots of a name, which any e-mail address can hold."""
    plain = normalize("NFKD", name.lower().translate(_UNDECOMPOSED))
    return "".join(c for c in plain if c.isascii() and (c.isalnum() or c == "."))


def _activity(draw: Draw) -> SampleRecord:
    person = None if draw.chance(10, "no person") else draw.below(PEOPLE, "person")
    due = (
        None
        if draw.chance(35, "no due")
        else _moment("activity", draw.number) + timedelta(days=draw.below(60, "due"), hours=9)
    )
    is_done = due is not None and draw.chance(60, "done")
    return {
        **system_values(draw),
        "title": draw.one_of(ACTIVITY_TITLES, "title"),
        "body": None if draw.chance(30, "no body") else draw.one_of(ACTIVITY_BODIES, "body"),
        "type": None if draw.chance(3, "no type") else draw.one_of(_TYPES, "type"),
        "dueAt": due,
        "completedAt": due - timedelta(minutes=draw.below(3_000, "early")) if due is not None and is_done else None,
        "person": None if person is None else record_id("person", person),
        "company": None if person is None else _person(Draw("person", person))["company"],
    }


def _opportunity(draw: Draw) -> SampleRecord:
    person = None if draw.chance(15, "no person") else draw.below(PEOPLE, "person")
    amount = Decimal(draw.below(200, "amount") * 500) + Decimal(draw.one_of((0, 0, 0, 99, 5), "cents")) / 100
    company = _pick(draw, "company", COMPANIES)
    return {
        **system_values(draw),
        "name": f"{draw.one_of(OPPORTUNITY_SUBJECTS, 'subject')} {2024 + draw.below(3, 'year')}",
        "amount": None if draw.chance(18, "no amount") else amount,
        "closeDate": None
        if draw.chance(20, "no close")
        else date(2024, 3, 1) + timedelta(days=7 * draw.below(90, "close")),
        "stage": None if draw.chance(5, "no stage") else draw.one_of(_STAGES, "stage"),
        "company": None if draw.chance(6, "no company") else company,
        "person": None if person is None else record_id("person", person),
    }


def system_values(draw: Draw) -> SampleRecord:
    """Return the system fields of a record."""
    created = _moment(draw.kind, draw.number)
    changed = created if draw.chance(60, "unchanged") else created + timedelta(hours=1 + draw.below(2_000, "changed"))
    return {
        "id": record_id(draw.kind, draw.number),
        "createdAt": created,
        "updatedAt": changed,
        "createdBy.source": "IMPORT",
        "createdBy.name": "Sample data",
        "position": float(draw.number + 1),
    }


def _moment(kind: str, number: int) -> datetime:
    burst = number // _BURST
    # Not all of them at full milliseconds: answers must carry the microseconds.
    return _START + timedelta(minutes=97 * burst, microseconds=Draw(kind, burst).below(1_000_000, "moment"))


def record_id(kind: str, number: int) -> UUID:
    """Return a UUID of version 7 for the record's moment; within a burst they ascend."""
    milliseconds = int(_moment(kind, number).timestamp() * 1000)
    salt = int.from_bytes(blake2b(kind.encode(), digest_size=6).digest(), "big")
    low = (number % _BURST) << 60 | salt << 12 | number
    return UUID(int=milliseconds << 80 | 0x7 << 76 | number % 4096 << 64 | 0b10 << 62 | low & ((1 << 62) - 1))


def _pick(draw: Draw, kind: str, count: int) -> UUID:
    """The lower numbers are picked more often: some have many, some have none."""
    return record_id(kind, min(draw.below(count, f"{kind} a"), draw.below(count, f"{kind} b")))
