"""The tables of docs/api.md that say what the code says."""

import re
from collections.abc import Iterator

from metadata import operators
from metadata.field_types import FIELD_TYPES, FieldType, SubField
from metadata.operators import Operator
from tests.project.documentation import ROOT

_ROW = re.compile(r"^\|(.+)\|\s*$", re.MULTILINE)
_SETS = {
    "equality": operators.EQUALITY,
    "ordered": operators.ORDERED,
    "text": operators.TEXT,
    "json": operators.DOCUMENT,
}

Table = list[tuple[str, ...]]


def _documented(heading: tuple[str, ...]) -> Table:
    """The rows of the page's table with this heading."""
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    rows = [tuple(cell.strip() for cell in row.split(" | ")) for row in _ROW.findall(page)]
    start = rows.index(heading) + 1
    width = len(heading)
    end = next((place for place, row in enumerate(rows[start:], start) if len(row) != width), len(rows))
    return rows[start:end]


def _shown(table: Table) -> str:
    return "\n".join("| " + " | ".join(row) + " |" for row in table)


def _check(heading: tuple[str, ...], expected: Table) -> None:
    found = _documented(heading)[: len(expected)]
    assert found == expected, f"the table in docs/api.md has to be:\n\n{_shown([heading, *expected])}"
    assert all(_documented(heading)[len(expected) :][:1] != [row] for row in expected)


def test_the_operators() -> None:
    known: dict[tuple[str, str], Operator] = {
        (operator.name, operator.description): operator for accepted in _SETS.values() for operator in accepted
    }
    rows = [(f"`{one.name}`", one.argument.value, one.description) for one in known.values()]
    _check(("operator", "argument", "meaning"), rows)


def test_the_sets_of_operators() -> None:
    rows = [(name, " ".join(f"`{one.name}`" for one in accepted)) for name, accepted in _SETS.items()]
    _check(("set", "operators"), rows)


def _columns(kind: FieldType) -> Iterator[tuple[str, SubField]]:
    entry = FIELD_TYPES[kind]
    if entry.variants is not None:
        yield from ((f"`{kind.value}` {variant or 'decimal'}", sub) for variant, sub in entry.variants.items() if variant)
        return
    for sub in entry.subfields:
        yield f"`{kind.value}` {sub.name}" if sub.name else f"`{kind.value}`", sub


def _yes(condition: object) -> str:
    return "yes" if condition else ""


def test_the_field_types() -> None:
    names = {accepted: name for name, accepted in _SETS.items()}
    rows: Table = []
    for kind, entry in FIELD_TYPES.items():
        for shown, sub in _columns(kind):
            rows.append(
                (
                    shown,
                    "an enum" if entry.has_options else sub.scalar.name,
                    names[sub.operators],
                    f"`{sub.scalar.total.name}`" if sub.scalar.total else "",
                    _yes(sub.scalar.extremes and not entry.has_options),
                    _yes(entry.can_be_unique),
                    sub.description or sub.scalar.description if kind is FieldType.NUMBER else sub.description or entry.description,
                )
            )
    _check(("type", "GraphQL type", "filter operators", "sum, avg", "min, max", "unique", "meaning"), rows)
