"""The filter of a search, which the schema takes as JSON, held against the filter type of its object."""

from graphql import GraphQLError, is_input_type, validate_input_value

from fieldstone.engine.planner.arguments.trees import Blame
from fieldstone.engine.schema.lazy import lazy_schema
from fieldstone.metadata.api_names import TypeRole, type_name
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Object, Snapshot


def check_filter(snapshot: Snapshot, object_: Object, value: JsonValue, blame: Blame) -> None:
    """Check that a value is a filter of the object.

    Raises:
        BadUserInput: it is not.
    """
    kind = lazy_schema(snapshot).type_map[type_name(object_, TypeRole.FILTER)]
    if not is_input_type(kind):
        msg = f"{kind.name} is no input type"
        raise TypeError(msg)

    def refuse(error: GraphQLError, path: list[str | int]) -> None:
        place = "".join(f".{step}" if isinstance(step, str) else f"[{step}]" for step in path)
        raise blame.error(f"'filter{place}' is no filter of {object_.name_singular}: {error.message}")

    validate_input_value(value, kind, refuse)
