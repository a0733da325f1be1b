"""The changes of an `applyChanges`: JSON objects that become changes of the model, with names in the place of ids."""

from collections.abc import Callable
from typing import cast

from graphql import GraphQLInputObjectType, GraphQLNonNull, GraphQLSchema

from fieldstone.engine.errors import BadUserInput, QueryTooComplex
from fieldstone.engine.metadata_api.mutations.changes import unwrapped
from fieldstone.engine.metadata_api.mutations.model_names import resolve_names
from fieldstone.engine.planner.arguments.input_values import check_input
from fieldstone.engine.schema.roots.metadata_changes import MUTATIONS, alias_of, input_name
from fieldstone.metadata.changes import Change
from fieldstone.metadata.changes.kinds.table import KINDS
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.known_names import find_close
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.scalars import shown

_ID_ALONE = "DeleteOneObjectInput"
_DEEPEST = 100


def read_change(schema: GraphQLSchema, given: JsonValue, place: int) -> Callable[[Snapshot], Change]:
    """Return the function that builds the change `changes[place]` for a model; it raises InvalidChange."""

    def build(snapshot: Snapshot) -> Change:
        action, values = _read_member(given, place)
        asked = MUTATIONS[action]
        named = resolve_names(snapshot, asked, values) if isinstance(values, dict) else values
        declared = cast("GraphQLInputObjectType", schema.type_map[_input_of(action)])
        try:
            check_input(GraphQLNonNull(declared), named, f"changes[{place}].{action}", "changes", _DEEPEST)
        except (BadUserInput, QueryTooComplex) as error:
            raise InvalidChange(error.message, field="changes") from None
        change: Change = KINDS[action].read(unwrapped(named, asked.answer.value))
        return change

    return build


def _read_member(given: JsonValue, place: int) -> tuple[str, JsonValue]:
    """Return the kind of a change and its input."""
    known = ", ".join(MUTATIONS)
    if not isinstance(given, dict):
        raise InvalidChange(
            f"changes[{place}] must be an object with one of {known}, not {shown(given)}.", field="changes"
        )
    if len(given) != 1:
        raise InvalidChange(
            f"changes[{place}] must be an object with one member, one of {known}, and it has {len(given)}.",
            field="changes",
        )
    ((action, values),) = given.items()
    if action not in MUTATIONS:
        close = find_close(action, MUTATIONS)
        hint = f"did you mean {close[0]}?" if close else f"it must be one of {known}."
        raise InvalidChange(f"changes[{place}] has the unknown member {shown(action)}: {hint}", field="changes")
    return action, values


def _input_of(action: str) -> str:
    """Return the name of the type that a change in a list has: that of the alias's input where there is an `id`."""
    asked = MUTATIONS[action]
    if asked.id_shape is None:
        return input_name(action)
    return input_name(alias_of(action, asked)) if asked.has_alias else _ID_ALONE
