"""Each place in the code that refuses a change is met by a case that leaves no trace."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fieldstone.metadata import changes
from fieldstone.metadata.changes.kinds.table import KINDS
from fieldstone.metadata.errors import InvalidChange, MetadataError
from fieldstone.metadata.writer import record_checks, transaction, value_conversion
from fieldstone.metadata.writer.transaction import ModelTransaction
from tests.metadata.changes import (
    refused_conversions,
    refused_creates,
    refused_payloads,
    refused_roles,
    refused_updates,
)
from tests.metadata.changes.prepared import Prepared, writer_of
from tests.metadata.changes.prepared_cases import CHANGED, NEW
from tests.metadata.changes.refusal import Refusal
from tests.metadata.desk import Desk

pytestmark = pytest.mark.long

_FILES = [
    *Path(*changes.__path__).rglob("*.py"),
    *(Path(str(module.__file__)) for module in (value_conversion, record_checks, transaction)),
]
_REFUSALS = {"InvalidChange", "InvalidValue", "NameTaken", "UnknownObject", "ChangeFailed"}

Place = tuple[str, int]
"""A file, and a line of it."""


def rules() -> Iterator[Place]:
    """Where a refusal is made."""
    for path in _FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _REFUSALS:
                yield str(path), node.lineno


def cases() -> Iterator[Prepared]:
    plain: list[Refusal] = []
    for table in (
        refused_creates.OBJECTS,
        refused_creates.FIELDS,
        refused_creates.RELATIONS,
        refused_creates.INDEXES,
        refused_roles.ROLES,
        NEW,
    ):
        plain += table.values()
    yield from (Prepared(refusal=one) for one in plain)
    yield from (Prepared(refusal=one, done=refused_updates.ROWS) for one in refused_updates.REFUSALS.values())
    yield from (*CHANGED.values(), *refused_conversions.REFUSED.values())


async def test_each_rule_has_a_case(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    met: set[Place] = set()
    make = MetadataError.__init__

    def noted(self: MetadataError, *args: Any, **more: Any) -> None:
        caller = sys._getframe(1)
        met.add((caller.f_code.co_filename, caller.f_lineno))
        make(self, *args, **more)

    monkeypatch.setattr(MetadataError, "__init__", noted)
    workspace = (await desk.default()).workspace.id
    for case in cases():

        async def body(transaction: ModelTransaction, case: Prepared = case) -> None:
            for change in case.build(transaction.snapshot):
                await transaction.apply(change)
            await transaction.write_tables()
            await transaction.connection.execute(case.done.encode())
            for change in case.refusal.build(transaction.snapshot):
                await transaction.apply(change)

        with pytest.raises(case.refusal.kind):
            await writer_of(desk, case).run(workspace, body, actor="test")
    for given, _ in refused_payloads.REFUSED.values():
        with pytest.raises(InvalidChange):
            KINDS["createField"].read(given)
    assert sorted(f"{path}:{line}" for path, line in set(rules()) - met) == []
