"""An attempt at a mutation: its transaction, and all that its root fields share."""

from dataclasses import field

from fieldstone.engine.planner.arguments.trees import Bindings
from fieldstone.engine.planner.price import Meter
from fieldstone.engine.request.write_errors.forbidden import Written
from fieldstone.metadata.model import Snapshot
from fieldstone.sql.frozen import frozen
from fieldstone.sql.transaction import Transaction


@frozen
class Attempt:
    """An attempt at a mutation; another one follows where the database took the transaction back.

    Attributes:
        transaction: the one that all root fields write in.
        bindings: the source of the parameters of their statements.
        snapshot: the model that the mutation was planned on.
        meter: adds its costs.
        checks: those that wait for the end of the mutation; each root field adds its own.
    """

    transaction: Transaction
    bindings: Bindings
    snapshot: Snapshot
    meter: Meter
    checks: list[Written] = field(default_factory=list)
