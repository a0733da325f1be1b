"""Filters that are JSON to the schema, as that of a search is, and the filter type of their object."""

from collections.abc import Callable

from graphql import GraphQLInputType, is_input_type

from fieldstone.engine.documents.document import DocumentLimits
from fieldstone.engine.documents.suggestions import Suggesting
from fieldstone.engine.errors import BadUserInput
from fieldstone.engine.planner.arguments.input_values import check_input
from fieldstone.engine.planner.arguments.trees import Blame
from fieldstone.engine.schema.lazy import lazy_schema
from fieldstone.metadata.api_names import TypeRole, type_name
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Object, Snapshot


def filter_type(snapshot: Snapshot, object_: Object) -> GraphQLInputType:
    """Return the type of the filters of an object's records."""
    found = lazy_schema(snapshot).type_map[type_name(object_, TypeRole.FILTER)]
    if not is_input_type(found):
        msg = f"{found.name} is no input type"
        raise TypeError(msg)
    return found


def filter_check(
    snapshot: Snapshot, object_: Object, blame: Blame, limits: DocumentLimits
) -> Callable[[JsonValue], None]:
    """Return the check of a request's value, which is a filter of the object.

    It raises BadUserInput for a value that is none, and QueryTooComplex for one that is too deep or too large.
    """
    kind = filter_type(snapshot, object_)

    def check(value: JsonValue) -> None:
        try:
            with Suggesting(allowed=limits.introspection):
                check_input(kind, value, blame.field, blame.field, limits.depth)
        except BadUserInput as error:
            raise blame.error(error.message) from None

    return check
