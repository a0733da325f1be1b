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

_SEQUENCER = "tests/engine/events/log/test_sequencer.py"

LIMITS: Final[Mapping[str, str]] = {
    "tests/metadata/sql_views/": _NO_SQL_ROLES,
    "tests/metadata/doctor/test_views.py": _NO_SQL_ROLES,
    "tests/metadata/doctor/test_rewrite.py": _NO_REWRITE,
    "tests/engine/nested/test_plans.py": _READS_PLANS,
    f"{_SEQUENCER}::test_the_record_lock_decides_not_the_transaction_id": _LOCKS_OF_ONE_SERVER,
}


def reason_of(node_id: str) -> str | None:
    """Return the reason for which a test does not run on Citus; None if it does."""
    return next((reason for path, reason in LIMITS.items() if node_id.startswith(path)), None)
