"""Conditions over the shop's people, each with the same in Python: true, false or unknown for a row."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fieldstone.sql.plan.elements import (
    Among,
    And,
    Compare,
    Comparison,
    Condition,
    HasRelated,
    IsEmpty,
    IsNull,
    Matches,
    Not,
    Or,
    Related,
)
from fieldstone.sql.plan.operands import Parameter, Ranked
from fieldstone.sql.types import SqlType
from tests.sql.shop import EMPLOYER, EXTRA, NAME, SCORE, TAGS, make_schema, open_shop, parameter

Truth = bool | None
Row = dict[str, Any]

COMPANIES: dict[int, Row] = {
    1: {"id": 1, "name": "Acme", "deleted_at": None},
    2: {"id": 2, "name": None, "deleted_at": None},
    3: {"id": 3, "name": "Gone", "deleted_at": "2020-01-01"},
}
PEOPLE: list[Row] = [
    {
        "id": number,
        "email": f"{number}@x",
        "name": (None, "Anna", "100%_\\", "anna")[number % 4],
        "score": (None, 1, 2)[number % 3],
        "tags": (None, [], ["a"], ["a", "b"])[number % 4],
        "extra": (None, {"k": 1}, {"k": 2, "l": None})[number % 3],
        "company_id": (None, 1, 2, 3)[number // 4 % 4],
    }
    for number in range(16)
]


def identifier(number: int) -> str:
    return f"00000000-0000-0000-0000-{number:012}"


def fill(dsn: str) -> None:
    make_schema(dsn)
    with open_shop(dsn) as shop:
        shop.fill(
            "INSERT INTO shop.company (id, name, deleted_at) VALUES (%s, %s, %s)",
            [(identifier(row["id"]), row["name"], row["deleted_at"]) for row in COMPANIES.values()],
        )
        shop.fill(
            "INSERT INTO shop.person (id, email, name, score, tags, extra, company_id)"
            " VALUES (%s, %s, %s, %s, %s, %s::jsonb, %s)",
            [
                (
                    identifier(row["id"]),
                    row["email"],
                    row["name"],
                    row["score"],
                    row["tags"],
                    None if row["extra"] is None else str(row["extra"]).replace("'", '"').replace("None", "null"),
                    row["company_id"] and identifier(row["company_id"]),
                )
                for row in PEOPLE
            ],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A condition, its parameters' texts, and the same in Python."""

    condition: Condition
    parameters: tuple[str, ...] = ()
    truth: Callable[[Row], Truth]


def negate(truth: Truth) -> Truth:
    return None if truth is None else not truth


def conjunction(truths: list[Truth]) -> Truth:
    if False in truths:
        return False
    return None if None in truths else True


def disjunction(truths: list[Truth]) -> Truth:
    return negate(conjunction([negate(truth) for truth in truths]))


def of(name: str, test: Callable[[Any], bool]) -> Callable[[Row], Truth]:
    return lambda row: None if row[name] is None else test(row[name])


def like(pattern: str, *, ignore_case: bool) -> Callable[[str], bool]:
    tokens = re.findall(r"\\.|.", pattern)
    translated = "".join({"%": ".*", "_": "."}.get(one) or re.escape(one[-1]) for one in tokens)
    return lambda value: bool(re.fullmatch(translated, value, re.IGNORECASE if ignore_case else 0))


def employer(row: Row) -> Row | None:
    company = COMPANIES.get(row["company_id"])
    return company if company and company["deleted_at"] is None else None


def across(truth: Callable[[Row], Truth]) -> Callable[[Row], Truth]:
    def related(row: Row) -> Truth:
        company = employer(row)
        return None if company is None else truth(company)

    return related


STAGES = Ranked(column=NAME, values=("anna", "Anna"))


def ranked(row: Row) -> int | None:
    return {"anna": 1, "Anna": 2}.get(row["name"])


def numbered(kind: SqlType = SqlType.TEXT, *, array: bool = False) -> Parameter:
    return parameter(0, kind, array=array)


def score(comparison: Comparison) -> Condition:
    return Compare(left=SCORE, comparison=comparison, right=numbered(SqlType.INTEGER))


CASES = {
    "equal": Case(condition=score(Comparison.EQ), parameters=("1",), truth=of("score", lambda s: s == 1)),
    "unequal": Case(condition=score(Comparison.NE), parameters=("1",), truth=of("score", lambda s: s != 1)),
    "greater": Case(condition=score(Comparison.GT), parameters=("1",), truth=of("score", lambda s: s > 1)),
    "at least": Case(condition=score(Comparison.GE), parameters=("1",), truth=of("score", lambda s: s >= 1)),
    "less": Case(condition=score(Comparison.LT), parameters=("2",), truth=of("score", lambda s: s < 2)),
    "at most": Case(condition=score(Comparison.LE), parameters=("2",), truth=of("score", lambda s: s <= 2)),
    "json contains": Case(
        condition=Compare(left=EXTRA, comparison=Comparison.CONTAINS, right=numbered(SqlType.JSONB)),
        parameters=('{"k": 1}',),
        truth=of("extra", lambda extra: extra.get("k") == 1),
    ),
    "array contains": Case(
        condition=Compare(left=TAGS, comparison=Comparison.CONTAINS, right=numbered(array=True)),
        parameters=("{a,b}",),
        truth=of("tags", lambda tags: {"a", "b"} <= set(tags)),
    ),
    "array overlaps": Case(
        condition=Compare(left=TAGS, comparison=Comparison.OVERLAPS, right=numbered(SqlType.TEXT_ARRAY)),
        parameters=("{b,c}",),
        truth=of("tags", lambda tags: bool({"b", "c"} & set(tags))),
    ),
    "ranked": Case(
        condition=Compare(left=STAGES, comparison=Comparison.GT, right=numbered()),
        parameters=("anna",),
        truth=lambda row: None if ranked(row) is None else ranked(row) == 2,
    ),
    "ranked against an unknown value": Case(
        condition=Compare(left=STAGES, comparison=Comparison.NE, right=numbered()),
        parameters=("other",),
        truth=lambda _: None,
    ),
    "in": Case(
        condition=Among(column=SCORE, values=numbered(SqlType.INTEGER, array=True)),
        parameters=("{1,7}",),
        truth=of("score", lambda s: s in (1, 7)),
    ),
    "in with NULL": Case(
        condition=Among(column=SCORE, values=numbered(SqlType.INTEGER, array=True)),
        parameters=("{1,NULL}",),
        truth=of("score", lambda s: True if s == 1 else None),  # type: ignore[arg-type, return-value]  # unknown
    ),
    "in nothing": Case(
        condition=Among(column=SCORE, values=numbered(SqlType.INTEGER, array=True)),
        parameters=("{}",),
        truth=lambda _: False,
    ),
    "not in": Case(
        condition=Among(column=SCORE, values=numbered(SqlType.INTEGER, array=True), negated=True),
        parameters=("{1,7}",),
        truth=of("score", lambda s: s not in (1, 7)),
    ),
    "not in nothing": Case(
        condition=Among(column=SCORE, values=numbered(SqlType.INTEGER, array=True), negated=True),
        parameters=("{}",),
        truth=lambda _: True,
    ),
    "like": Case(
        condition=Matches(column=NAME, pattern=numbered(), case_sensitive=True),
        parameters=("a%",),
        truth=of("name", like("a%", ignore_case=False)),
    ),
    "ilike": Case(
        condition=Matches(column=NAME, pattern=numbered()),
        parameters=("A_n%",),
        truth=of("name", like("A_n%", ignore_case=True)),
    ),
    "ilike with escapes": Case(
        condition=Matches(column=NAME, pattern=numbered()),
        parameters=(r"100\%\_\\",),
        truth=of("name", lambda name: name == "100%_\\"),
    ),
    "like on a number": Case(
        condition=Matches(column=SCORE, pattern=numbered()),
        parameters=("2%",),
        truth=of("score", lambda s: s == 2),
    ),
    "null": Case(condition=IsNull(column=NAME), truth=lambda row: row["name"] is None),
    "not null": Case(condition=IsNull(column=NAME, negated=True), truth=lambda row: row["name"] is not None),
    "empty": Case(condition=IsEmpty(column=TAGS), truth=of("tags", lambda tags: not tags)),
    "not empty": Case(condition=IsEmpty(column=TAGS, negated=True), truth=of("tags", bool)),
    "related": Case(
        condition=Related(hop=EMPLOYER, condition=Compare(left=NAME, comparison=Comparison.EQ, right=numbered())),
        parameters=("Acme",),
        truth=across(of("name", lambda name: name == "Acme")),
    ),
    "related, NULL": Case(
        condition=Related(hop=EMPLOYER, condition=IsNull(column=NAME)),
        truth=across(lambda row: row["name"] is None),
    ),
    "related, not": Case(
        condition=Related(
            hop=EMPLOYER, condition=Not(term=Compare(left=NAME, comparison=Comparison.EQ, right=numbered()))
        ),
        parameters=("Acme",),
        truth=across(of("name", lambda name: name != "Acme")),
    ),
    "has related": Case(condition=HasRelated(hop=EMPLOYER), truth=lambda row: employer(row) is not None),
    "has no related": Case(condition=HasRelated(hop=EMPLOYER, negated=True), truth=lambda row: employer(row) is None),
    "true": Case(condition=And(terms=()), truth=lambda _: True),
    "false": Case(condition=Or(terms=()), truth=lambda _: False),
}
