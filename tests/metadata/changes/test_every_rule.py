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
from tests.metadata.changes import test_conversion_refusals, test_refusals, test_relation_payloads, test_update_refusals
from tests.metadata.changes.test_prepared_refusals import CHANGED, NEW, Prepared, writer_of
from tests.metadata.changes.test_refusals import Refusal
from tests.metadata.desk import Desk

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
    for table in (test_refusals.OBJECTS, test_refusals.FIELDS, test_refusals.RELATIONS, test_refusals.INDEXES, NEW):
        plain += table.values()
    yield from (Prepared(refusal=one) for one in plain)
    yield from (Prepared(refusal=one, done=test_update_refusals.ROWS) for one in test_update_refusals.REFUSALS.values())
    yield from (*CHANGED.values(), *test_conversion_refusals.REFUSED.values())


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
    for given, _ in test_relation_payloads.REFUSED.values():
        with pytest.raises(InvalidChange):
            KINDS["createField"].read(given)
    assert sorted(f"{path}:{line}" for path, line in set(rules()) - met) == []
