"""The Metadata API's mutations that ask for one change of the model each."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from fieldstone.engine.errors import BadUserInput
from fieldstone.engine.metadata_api.mutations.model_names import resolve_names
from fieldstone.engine.metadata_api.mutations.twenty_fields import read_field
from fieldstone.engine.metadata_api.mutations.twenty_indexes import read_index
from fieldstone.engine.metadata_api.writes import Arguments, Run, Written
from fieldstone.engine.schema.roots.metadata_changes import MUTATIONS, alias_of
from fieldstone.engine.schema.roots.twenty_names import IGNORED
from fieldstone.metadata.changes.kinds.kind import Kind, Subject
from fieldstone.metadata.changes.kinds.table import KINDS
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.roles.principal import Principal
from fieldstone.metadata.writer.transaction import ModelTransaction

_READERS: Final[Mapping[Subject, Callable[[Mapping[str, JsonValue]], Mapping[str, JsonValue]]]] = {
    Subject.INDEX: read_index,
    Subject.FIELD: read_field,
}
"""By the subject of a mutation: the function that reads the input of its other spelling."""


def change_runs() -> Mapping[str, Run]:
    """Return the functions that execute the mutations, by their names."""
    runs: dict[str, Run] = {action: partial(_run, KINDS[action]) for action in MUTATIONS}
    return runs | {
        alias_of(action, asked): partial(_run, KINDS[action], is_alias=True)
        for action, asked in MUTATIONS.items()
        if asked.has_alias
    }


def unwrapped(given: Arguments, subject: str) -> Mapping[str, JsonValue]:
    """Return the members of an input and the id beside it, whether they stand in a wrapper or not."""
    values = given.get("update", given.get(subject, given))
    return {**values, "id": given["id"]} if "id" in given else values


async def _run(
    kind: Kind[Any],
    transaction: ModelTransaction,
    _principal: Principal,
    arguments: Arguments,
    *,
    is_alias: bool = False,
) -> Written:
    asked, given = MUTATIONS[kind.action], arguments.get("input", {})
    if not is_alias and (ignored := [name for name in IGNORED.get(asked.answer, ()) if name in given]):
        raise BadUserInput(
            f"'{kind.action}' does not take '{ignored[0]}', which means nothing here: leave it out, or use"
            f" '{alias_of(kind.action, asked)}', which ignores it.",
            field=ignored[0],
        )
    if "id" in arguments:
        given = {**given, "id": arguments["id"]}
    values = unwrapped(given, asked.answer.value)
    if is_alias and asked.members and asked.answer in _READERS:
        values = _READERS[asked.answer](values)
    change = kind.read(resolve_names(transaction.snapshot, asked, values))
    written = partial(Written, object_name=asked.answer.value, type_name=asked.answer.value.title())
    if asked.is_removal:
        return written(id=kind.id_of(change), removal=lambda transaction: transaction.apply(change))
    after = await transaction.apply(change)
    return written(id=asked.find_answer(after, kind.id_of(change)))
