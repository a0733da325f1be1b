"""The data set: the same rows on every machine and in every run."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import TypeVar
from uuid import UUID

Cell = UUID | str | int | float | Decimal | date | datetime | None
Row = tuple[Cell, ...]
T = TypeVar("T")

COMPANIES, PEOPLE, ACTIVITIES, OPPORTUNITIES = 10_000, 100_000, 200_000, 100_000

_SEED = 20_240_101
_START = datetime(2021, 1, 1, tzinfo=UTC)
_SYSTEM = ("id", "createdAt", "updatedAt", "deletedAt", "createdBySource", "createdByName", "position")
_FIRST = ("Ada", "Alan", "Amélie", "Bruno", "Carla", "Daniel", "Emma", "Erik", "Grace", "Hanna", "Ivan", "José")
_SURNAMES = 7_680
_ONSETS = ("b", "br", "ch", "d", "f", "g", "h", "j", "k", "l", "m", "n", "p", "r", "s", "st", "t", "v", "w", "z")
_VOWELS = ("a", "e", "i", "o", "u", "ai", "ei", "ou")
_CODAS = ("", "ck", "l", "m", "n", "r", "s", "t")
_JOBS = ("Account Manager", "Data Engineer", "Designer", "Head of Sales", "Office Manager", "Software Developer")
_CITIES = ("Amsterdam", "Berlin", "Lagos", "Lisboa", "London", "New York", "Tokyo", "Zürich")
_KINDS = ("Analytics", "Energy", "Foods", "Health", "Labs", "Logistics", "Robotics", "Travel")
_TITLES = ("Call about the offer", "Follow-up", "Demo", "Kick-off", "Rückruf", "Send the slides", "Review")
_TYPES = ("CALL", "EMAIL", "MEETING", "NOTE", "TASK")
_STAGES = ("NEW", "SCREENING", "MEETING", "PROPOSAL", "CUSTOMER")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The rows of one table.

    Attributes:
        table: its name, which is that of its object.
        columns: the columns that are filled, in the order of the cells.
        generate: yields the rows, always the same ones.
    """

    table: str
    columns: tuple[str, ...]
    generate: Callable[[], Iterator[Row]]


class _Draw:
    """A stream of choices that rests on `Random.random` alone, which Python keeps the same in all versions."""

    def __init__(self, stream: int) -> None:
        self._random = Random(_SEED + stream)  # noqa: S311 - no secret

    def below(self, bound: int) -> int:
        return int(self._random.random() * bound)

    def one_of(self, choices: tuple[T, ...]) -> T:
        return choices[self.below(len(choices))]

    def chance(self, percent: int) -> bool:
        return self.below(100) < percent


def created_at(number: int) -> datetime:
    """Return when a record was made: two at a time, so that an order by it needs its tie-breaker."""
    return _START + timedelta(seconds=500 * (number // 2), microseconds=(number // 2) * 7919 % 1_000_000)


def company_id(number: int) -> UUID:
    """Return the id of a company."""
    return _id(1, number)


def person_id(number: int) -> UUID:
    """Return the id of a person."""
    return _id(2, number)


def person_surname(number: int) -> str:
    """Return the last name of a person: about thirteen share one, and were made at very different times."""
    rest, name = number * 7_919 % _SURNAMES * 2_654_435_761 % (1 << 32), ""
    for _ in range(3):
        for parts in (_ONSETS, _VOWELS, _CODAS):
            rest, place = divmod(rest, len(parts))
            name += parts[place]
    return name.capitalize()


def person_email(number: int) -> str:
    """Return the address of a person."""
    return f"{person_surname(number).lower()}.{number}@example.com"


def is_deleted(number: int) -> bool:
    """Tell whether the person, activity or opportunity of this number is deleted; no company is."""
    return number % 101 == 100


def email_fragments(count: int) -> list[str]:
    """Return the beginnings of addresses, each of which about thirteen people share."""
    return [person_email(number * 13).partition(".")[0] + "." for number in range(count)]


def _id(kind: int, number: int) -> UUID:
    """Return a UUID of version 7 for the record's moment."""
    milliseconds = int(created_at(number).timestamp() * 1000)
    scattered = number * 2_654_435_761 % (1 << 32)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | kind << 64 | 0b10 << 62 | scattered << 20 | number)


def _system(kind: int, number: int, *, deleted: bool) -> Row:
    created = created_at(number)
    gone = created + timedelta(days=30) if deleted else None
    return (_id(kind, number), created, created, gone, "IMPORT", "Benchmark", float(number + 1))


def _companies() -> Iterator[Row]:
    draw = _Draw(1)
    for number in range(COMPANIES):
        name = f"{person_surname(draw.below(PEOPLE))} {draw.one_of(_KINDS)} {number}"
        website = None if draw.chance(15) else f"https://company-{number}.example"
        employees = None if draw.chance(12) else draw.below(5_000)
        revenue = None if draw.chance(25) else Decimal(draw.below(100_000_000)) / 100
        yield (*_system(1, number, deleted=False), name, website, employees, revenue)


def _people() -> Iterator[Row]:
    draw = _Draw(2)
    for number in range(PEOPLE):
        yield (
            *_system(2, number, deleted=is_deleted(number)),
            None if draw.chance(4) else draw.one_of(_FIRST),
            person_surname(number),
            person_email(number),
            None if draw.chance(30) else f"+1-555-{draw.below(10_000):04}",
            None if draw.chance(10) else draw.one_of(_JOBS),
            None if draw.chance(20) else draw.one_of(_CITIES),
            None if draw.chance(8) else company_id(draw.below(COMPANIES)),
        )


def _activities() -> Iterator[Row]:
    draw = _Draw(3)
    for number in range(ACTIVITIES):
        due = None if draw.chance(35) else created_at(number) + timedelta(days=draw.below(60))
        yield (
            *_system(3, number, deleted=is_deleted(number)),
            draw.one_of(_TITLES),
            None if draw.chance(30) else f'Line one\n\tof note {number}, with "quotes"',
            None if draw.chance(3) else draw.one_of(_TYPES),
            due,
            due + timedelta(minutes=draw.below(3_000)) if due is not None and draw.chance(60) else None,
            _some_person(draw),
            None if draw.chance(8) else company_id(draw.below(COMPANIES)),
        )


def _opportunities() -> Iterator[Row]:
    draw = _Draw(4)
    for number in range(OPPORTUNITIES):
        yield (
            *_system(4, number, deleted=is_deleted(number)),
            f"{draw.one_of(_KINDS)} {2024 + draw.below(3)}",
            None if draw.chance(18) else Decimal(draw.below(10_000_000)) / 100,
            None if draw.chance(20) else date(2024, 3, 1) + timedelta(days=7 * draw.below(90)),
            None if draw.chance(5) else draw.one_of(_STAGES),
            None if draw.chance(6) else company_id(draw.below(COMPANIES)),
            _some_person(draw),
        )


def _some_person(draw: _Draw) -> UUID | None:
    """Every tenth person has about half of all: a page of people has long and short lists of relations."""
    if draw.chance(5):
        return None
    number = draw.below(PEOPLE)
    return person_id(number // 10 * 10 if draw.chance(50) else number)


TABLES = (
    Rows(table="company", columns=(*_SYSTEM, "name", "website", "employees", "annualRevenue"), generate=_companies),
    Rows(
        table="person",
        columns=(*_SYSTEM, "firstName", "lastName", "email", "phone", "jobTitle", "city", "companyId"),
        generate=_people,
    ),
    Rows(
        table="activity",
        columns=(*_SYSTEM, "title", "body", "type", "dueAt", "completedAt", "personId", "companyId"),
        generate=_activities,
    ),
    Rows(
        table="opportunity",
        columns=(*_SYSTEM, "name", "amount", "closeDate", "stage", "companyId", "personId"),
        generate=_opportunities,
    ),
)
"""In the order in which foreign keys allow to fill them."""
