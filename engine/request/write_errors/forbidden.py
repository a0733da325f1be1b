"""Writes that the rights of a role do not allow, as the errors that a client is sent."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Self

from fieldstone.engine.errors import ApiError, Forbidden
from fieldstone.engine.planner.access.admission import Preset
from fieldstone.engine.planner.access.write_rights import DeferredCheck
from fieldstone.engine.planner.arguments.field_errors import AnswerPath
from fieldstone.engine.planner.arguments.trees import Bindings
from fieldstone.engine.planner.writes.planned import PlannedWrite
from fieldstone.engine.request.write_errors.row_errors import RowBlame, row_error
from fieldstone.metadata.api_names import Verb
from fieldstone.metadata.model import Object
from fieldstone.sql.plan.write import Problem
from fieldstone.sql.transaction import Transaction


class PresetRefused(ApiError):
    """A preset leads to no record: no part of the data is to blame, and the role may see neither field nor object."""

    code = "FORBIDDEN"
    status = 403

    @classmethod
    def of(cls, preset: Preset, role: str) -> Self:
        """Return the error of a preset of this role."""
        # An error is copied by its class's constructor, which takes the message.
        if preset.claim is None:
            return cls(f"The role '{role}' presets a record that is not there, and needs to be changed.")
        return cls(
            f"The role '{role}' presets the record that the principal's value '{preset.claim}' names, which is not"
            " there.",
            extensions={"reason": "PRINCIPAL_VALUE", "name": preset.claim},
        )


class Written(NamedTuple):
    """Records that were written, and the check that they still must fulfil.

    Attributes:
        ids: PostgreSQL's text of their ids.
        ways: the text of the text[] beside them, which marks the ways that took each, if these count.
    """

    check: DeferredCheck
    ids: bytes
    ways: bytes | None
    path: AnswerPath
    location: tuple[tuple[int, int], ...]


def checks_of(write: PlannedWrite, ids: bytes, ways: bytes | None, created: bytes | None) -> list[Written]:
    """Return the checks that wait for the records that a root field has written.

    Args:
        write: the field.
        ids: PostgreSQL's text of the ids.
        ways: the text of the ways beside them, if the write tells them.
        created: of an upsert, the text of the boolean[] beside them.
    """
    if created is None:
        found = [(write.deferred, ids, ways)]
    else:
        found = [
            (check, _flagged(ids, created, flag), None if ways is None else _flagged(ways, created, flag))
            for check, flag in ((write.deferred, b"t"), (write.deferred_change, b"f"))
        ]
    return [Written(check, one, taken, write.path, write.location) for check, one, taken in found if check is not None]


def _flagged(items: bytes, flags: bytes, flag: bytes) -> bytes:
    """Return the items of an array that have the flag beside them; all three are PostgreSQL's texts of arrays."""
    pairs = zip(items.strip(b"{}").split(b","), flags.strip(b"{}").split(b","), strict=True)
    return b"{%b}" % b",".join(item for item, found in pairs if found == flag)


async def uphold(transaction: Transaction, written: Sequence[Written], bindings: Bindings) -> None:
    """Hold the records that a mutation has written against the checks that read its other records.

    Raises:
        Forbidden: one of them does not fulfil its check.
    """
    if not written:
        return
    statements = [
        (one.check.statement.statement, one.check.statement.bind(bindings._replace(ids=one.ids, ways=one.ways)))
        for one in written
    ]
    for one, ((unfit,),) in zip(written, await transaction.pipeline(statements), strict=True):
        if unfit is not None:
            raise Forbidden(
                forbidden_message(one.check.object_, one.check.action.value, Problem.CHECK, bindings.role),
                path=one.path,
                locations=one.location,
            )


def describe_forbidden(write: PlannedWrite, problem: Problem, details: list[Any], role: str) -> Forbidden:
    """Return the error of a problem of rights, by its details as `sql/plan/write.py` describes them."""
    message = forbidden_message(write.object_, write.verb.value, problem, role)
    first = details[0] if details else None
    if write.verb in {Verb.CREATE, Verb.UPSERT} and isinstance(first, int):
        error = row_error(Forbidden, message, write, [RowBlame(index=first)])
        return error if isinstance(error, Forbidden) else Forbidden(message)
    listed = [{"id": first}] if write.many and first is not None else []
    return Forbidden(
        message,
        field=None if write.many else "where" if write.key_fields else "id",
        extensions={"rows": listed} if listed else {},
    )


def forbidden_message(object_: Object, action: str, problem: Problem, role: str) -> str:
    """Return the message of a write that no way of a role allows."""
    if problem is Problem.FORBIDDEN:
        return f"The role '{role}' may not {action} this {object_.label_singular}."
    return f"The role '{role}' may not {action} this {object_.label_singular}: it would not fulfil the role's check."
