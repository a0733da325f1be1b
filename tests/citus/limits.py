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

_COUNTS_TOO_MANY = (
    "Citus counts the rows of an INSERT .. ON CONFLICT that were there already: a repeated import tells a number of"
    " copied rows that is too high. Nothing is there twice."
)
_AGAIN = "tests/metadata/schema_import/test_import_again.py"
_SEQUENCER = "tests/engine/events/log/test_sequencer.py"

LIMITS: Final[Mapping[str, str]] = {
    f"{_AGAIN}::test_nothing_is_there_twice": _COUNTS_TOO_MANY,
    f"{_AGAIN}::test_what_is_new_there_is_all_that_comes": _COUNTS_TOO_MANY,
    f"{_AGAIN}::test_an_import_may_wait_longer_than_a_transaction_may_idle": _COUNTS_TOO_MANY,
    "tests/metadata/sql_views/": _NO_SQL_ROLES,
    "tests/metadata/doctor/test_views.py": _NO_SQL_ROLES,
    "tests/metadata/doctor/test_rewrite.py": _NO_REWRITE,
    "tests/engine/nested/test_plans.py": _READS_PLANS,
    f"{_SEQUENCER}::test_the_record_lock_decides_not_the_transaction_id": _LOCKS_OF_ONE_SERVER,
}


def reason_of(node_id: str) -> str | None:
    """Return the reason for which a test does not run on Citus; None if it does."""
    return next((reason for path, reason in LIMITS.items() if node_id.startswith(path)), None)
