"""The Metadata API's mutations that ask for one change of the model each."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from fieldstone.engine.metadata_api.writes import Arguments, Run, Written
from fieldstone.engine.schema.roots.metadata_changes import MUTATIONS, alias_of
from fieldstone.metadata.changes.kinds.kind import Kind
from fieldstone.metadata.changes.kinds.table import KINDS
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.roles.principal import Principal
from fieldstone.metadata.writer.transaction import ModelTransaction


def change_runs() -> Mapping[str, Run]:
    """Return the functions that execute the mutations, by their names."""
    runs: dict[str, Run] = {action: partial(_run, KINDS[action]) for action in MUTATIONS}
    return runs | {alias_of(action, asked): runs[action] for action, asked in MUTATIONS.items() if asked.has_alias}


def unwrapped(given: Arguments, subject: str) -> Mapping[str, JsonValue]:
    """Return the members of an input and the id beside it, whether they stand in a wrapper or not."""
    values = given.get("update", given.get(subject, given))
    return {**values, "id": given["id"]} if "id" in given else values


async def _run(kind: Kind[Any], transaction: ModelTransaction, _principal: Principal, arguments: Arguments) -> Written:
    asked, given = MUTATIONS[kind.action], arguments.get("input", {})
    if "id" in arguments:
        given = {**given, "id": arguments["id"]}
    change = kind.read(unwrapped(given, asked.answer.value))
    written = partial(Written, object_name=asked.answer.value, type_name=asked.answer.value.title())
    if asked.is_removal:
        return written(id=kind.id_of(change), removal=lambda transaction: transaction.apply(change))
    after = await transaction.apply(change)
    return written(id=asked.find_answer(after, kind.id_of(change)))
