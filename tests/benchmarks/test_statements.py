"""The baseline's SQL and the operations of the others: the benchmark asks all of them the same question."""

import dataclasses

import pytest

from benchmarks.baseline.statements import build_statements
from benchmarks.graphql import read_operations
from benchmarks.workloads import DIFFERENT, WORKLOADS


def test_each_dialect_has_an_operation_for_each_workload() -> None:
    wanted = {workload.operation for workload in WORKLOADS} | {one.cursor for one in WORKLOADS if one.cursor}
    assert read_operations("fieldstone").keys() == wanted
    # PostGraphile's plugins have neither months nor counts of live records, nor nested creates and upserts.
    of_fieldstone = {"w9", "w10", "w10_cursor", "w11", "w12", "w1_rest", "w3_rest"}
    assert wanted - read_operations("postgraphile").keys() == of_fieldstone


def test_a_schema_is_put_in_everywhere() -> None:
    statements = build_statements("workspace_default")
    for text in (statements.person, statements.next_page, statements.create, statements.nested_create):
        assert "workspace_default.person" in text
    for text in dataclasses.astuple(statements):
        assert "${" not in text
    with pytest.raises(ValueError, match="drop"):
        build_statements('x"; drop')


@pytest.mark.parametrize("name", ["W1", "W2", "W3", "W5", "W8", "W8-none", "W12"])
def test_a_workload_asks_for_something_else_each_time(name: str) -> None:
    (workload,) = (one for one in WORKLOADS if one.name == name)
    values = {str(one) for one in workload.variables()}
    assert len(values) > DIFFERENT * 0.9
