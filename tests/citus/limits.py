"""The tests that Citus cannot pass, by their path: each with the sentence of the refusal, or the reason."""

from collections.abc import Mapping
from typing import Final

_NO_SQL_ROLES = (
    "A distributed workspace has no SQL roles: Citus reads the tables below a view as the login that asks, so that the"
    " view's limits would not hold. `fieldstone sql-role create` refuses it."
)
_NO_REWRITE = "Citus renames no constraint of a distributed table: `fieldstone doctor --rewrite` refuses it."

_READS_PLANS = (
    "The test reads the plan of a statement with EXPLAIN, which shows of a distributed table only that it is asked of a"
    " node; the answers are compared by other tests."
)
_LOCKS_OF_ONE_SERVER = (
    "The test arranges the order of transaction ids and row locks by hand, which lie on two servers; the log is proved"
    " gapless by tests/engine/events/log/test_sequencer.py on plain PostgreSQL, where the coordinator keeps it too."
)
_MORE_STATEMENTS = (
    "The test counts the statements of a write, or has it on the fast path, which takes one alone: a write is one on"
    " plain PostgreSQL and a transaction block of several on Citus; tests/citus/test_writes.py counts those."
)
_ONE_BY_ONE = (
    "The statements of a change of the model are sent to Citus one by one, and an ADD CONSTRAINT stands alone; the test"
    " has several in one."
)
_WRITTEN_BEFORE = (
    "The test writes rows by hand and then changes their table in one transaction. Citus makes no index of a table"
    " whose foreign keys wait for the end of the transaction; no change of a model does both."
)
_NO_TRIGGERS = (
    "The test makes a trigger of a distributed table, of which Citus takes none; tests/citus/test_nodes.py has nodes"
    " that die at a commit."
)
_FAULT_OF_COPIES = (
    "The test copies rows by an INSERT .. SELECT of its own, with values that are STABLE, which Citus 14.0.1 sends"
    " wrongly; the statements of Fieldstone avoid it."
)
_LIES_TOGETHER = (
    "The test compares all rows and definitions. A restored workspace lies on the coordinator, and its row says so;"
    " other tests there compare its records, and its tables with its model."
)
_SERVER_OF_ITS_OWN = (
    "The test restarts an embedded server of its own, which is plain PostgreSQL; tests/citus/test_nodes.py has nodes"
    " that die and come back."
)
_LOCKS = "the writes wait for each other on the node that has the records, and the test looks at the coordinator"
_STATISTICS = (
    "The test reads the statistics of a table; the rows of a distributed one lie in another table, on the node of the"
    " workspace."
)

_FAST_PATH = "tests/engine/server/fast_path"
_STATE = "tests/metadata/doctor/test_table_state.py"
_SEQUENCER = "tests/engine/events/log/test_sequencer.py"

LIMITS: Final[Mapping[str, str]] = {
    "tests/metadata/sql_views/": _NO_SQL_ROLES,
    "tests/metadata/doctor/test_views.py": _NO_SQL_ROLES,
    "tests/metadata/doctor/test_rewrite.py": _NO_REWRITE,
    f"{_STATE}::test_a_loss_is_named_and_repaired[statement3-The table person has the trigger": _NO_TRIGGERS,
    "tests/metadata/writer/test_table_locks.py::test_no_round_trip_lies": _ONE_BY_ONE,
    "tests/metadata/changes/test_every_rule.py::test_each_rule_has_a_case": _WRITTEN_BEFORE,
    "tests/engine/nested/test_plans.py": _READS_PLANS,
    "tests/engine/access/test_rule_plans.py": _READS_PLANS,
    "tests/engine/test_duplicate_plans.py": _READS_PLANS,
    "tests/engine/test_group_plans.py": _READS_PLANS,
    "tests/engine/test_to_many_plans.py": _READS_PLANS,
    "tests/engine/test_upsert_plans.py": _READS_PLANS,
    "tests/engine/test_query_plans.py": _READS_PLANS,
    "tests/engine/test_text_plans.py": _READS_PLANS,
    "tests/engine/test_search_plans.py": _READS_PLANS,
    "tests/engine/slow_operations/test_slow_operations.py::test_a_slow_query_is_listed": _READS_PLANS,
    "tests/engine/test_statements.py::test_a_root_field_that_stays": _MORE_STATEMENTS,
    "tests/engine/test_changed_values.py::test_it_is_one_statement_and_warm": _MORE_STATEMENTS,
    "tests/engine/test_if_updated_at.py::test_it_stays_one_statement_and_warm": _MORE_STATEMENTS,
    "tests/engine/access/test_served_writes.py::test_a_warm_write_of_a_role_is_one_statement": _MORE_STATEMENTS,
    "tests/engine/test_unique_keys.py::test_a_repeated_write_is_for_the_fast_path": _MORE_STATEMENTS,
    "tests/engine/test_upsert.py::test_it_is_one_statement_and_the_warm_path_serves_it": _MORE_STATEMENTS,
    "tests/engine/server/http/test_explain.py::test_a_text_order_without_an_index_is_named": _READS_PLANS,
    "tests/engine/server/http/test_explain.py::test_a_write_is_planned_and_executed_once": _MORE_STATEMENTS,
    f"{_FAST_PATH}/test_repeated_writes.py::test_a_repeated_write_writes_once_with_its_event": _MORE_STATEMENTS,
    f"{_FAST_PATH}/test_repeated_writes.py::test_a_write_whose_commit_fails_is_not_told_as_done": _NO_TRIGGERS,
    f"{_FAST_PATH}/test_repeated_nested.py::test_a_repeated_nested_create_writes_all": _MORE_STATEMENTS,
    f"{_FAST_PATH}/test_repeated_nested.py::test_a_key_beside_the_record_to_create_is_refused": _MORE_STATEMENTS,
    f"{_FAST_PATH}/test_repeated_nested.py::test_a_nested_create_whose_commit_fails_is_not_told_as_done": _NO_TRIGGERS,
    f"{_FAST_PATH}/test_repeated_nested.py::test_a_price_that_the_number_of_records_makes": _MORE_STATEMENTS,
    "tests/engine/access/test_any_leak.py": _FAULT_OF_COPIES,
    "tests/engine/rest/imports/test_imports.py::test_postgresql_knows_the_values_of_a_large_import": _STATISTICS,
    "tests/metadata/doctor/test_unused.py": _STATISTICS,
    "tests/engine/test_raced_merges.py": _LOCKS,
    "tests/engine/test_merge.py::test_blanks_are_filled_in_order": _MORE_STATEMENTS,
    "tests/engine/backup/test_backup.py::test_a_restored_database_has_each_row_and_each_definition": _LIES_TOGETHER,
    "tests/engine/backup/test_backup.py::test_a_backup_is_of_one_moment": _LIES_TOGETHER,
    "tests/processes/test_two_processes.py::test_postgresql_is_restarted": _SERVER_OF_ITS_OWN,
    f"{_SEQUENCER}::test_the_record_lock_decides_not_the_transaction_id": _LOCKS_OF_ONE_SERVER,
}


def reason_of(node_id: str) -> str | None:
    """Return the reason for which a test does not run on Citus; None if it does."""
    return next((reason for path, reason in LIMITS.items() if node_id.startswith(path)), None)
