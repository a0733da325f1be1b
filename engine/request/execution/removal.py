"""The effects of destroyed records on those that point to them, in the transaction that destroys them."""

from collections.abc import Iterator

from fieldstone.engine.planner.arguments.trees import Bindings
from fieldstone.engine.planner.writes.planned import PlannedWrite
from fieldstone.engine.planner.writes.removal import Implied
from fieldstone.engine.request.write_errors.verdicts import refuse_more, restrict
from fieldstone.metadata.model import OnDelete
from fieldstone.sql.statement import Row
from fieldstone.sql.transaction import Transaction


async def imply(transaction: Transaction, write: PlannedWrite, bindings: Bindings) -> None:
    """Do the work on other records that destroying the records `bindings.ids` of a write implies.

    Relations that restrict it are asked last: a record that goes as well, by another relation, is not in the way.

    Raises:
        Conflict: a relation restricts it.
        BadUserInput: with those destroyed already, more records would be written than a request may write.
    """
    written = count_ids(bindings.ids)
    # Each entry is one level of a cascade: a chain of records has as many levels as records.
    levels: list[tuple[Iterator[Implied], bytes]] = [(iter(write.removal.get(write.object_.id, ())), bindings.ids)]
    restricting: list[tuple[Implied, bytes]] = []
    while levels:
        effects, destroyed = levels[-1]
        implied = next(effects, None)
        if implied is None:
            levels.pop()
            continue
        if implied.on_delete is OnDelete.RESTRICT:
            restricting.append((implied, destroyed))
            continue
        problem, ids, *_ = await _run(transaction, implied, bindings, destroyed)
        number = count_ids(ids)
        written += number
        if problem is not None or written > implied.limit:
            refuse_more(write, implied)
        if implied.on_delete is OnDelete.CASCADE and ids and number:
            levels.append((iter(write.removal.get(implied.holder.id, ())), ids))
    for implied, destroyed in restricting:
        restrict(write, implied, await _run(transaction, implied, bindings, destroyed))


async def _run(transaction: Transaction, implied: Implied, bindings: Bindings, destroyed: bytes) -> Row:
    bound = implied.statement
    (row,) = await transaction.run(bound.statement, bound.bind(bindings._replace(ids=destroyed)))
    return row


def count_ids(ids: bytes | None) -> int:
    """Return how many ids PostgreSQL's text of an uuid[] has."""
    return 0 if not ids or ids == b"{}" else ids.count(b",") + 1
