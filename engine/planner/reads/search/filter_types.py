"""Filters that are JSON to the schema, as that of a search is, and the filter type of their object."""

from collections.abc import Callable
from weakref import ref

from graphql import GraphQLInputType, GraphQLSchema, is_input_type

from fieldstone.engine.documents.document import DocumentLimits
from fieldstone.engine.documents.suggestions import Suggesting
from fieldstone.engine.errors import BadUserInput
from fieldstone.engine.planner.arguments.input_values import check_input
from fieldstone.engine.planner.arguments.trees import Blame
from fieldstone.engine.schema.lazy import lazy_schema
from fieldstone.metadata.api_names import TypeRole, type_name
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Object, Snapshot

_last: tuple[ref[Snapshot], GraphQLSchema] | None = None


def _schema_of(snapshot: Snapshot) -> GraphQLSchema:
    """Return a schema of a snapshot; the last one is kept, as the views of a workspace are shown one after another."""
    global _last  # noqa: PLW0603  # two threads that write it at once make a schema too many
    known = _last
    if known is None or known[0]() is not snapshot:
        known = _last = ref(snapshot), lazy_schema(snapshot)
    return known[1]


def input_type(snapshot: Snapshot, object_: Object, role: TypeRole) -> GraphQLInputType:
    """Return an input type of an object: that of the filters of its records, or of a key of their orders."""
    found = _schema_of(snapshot).type_map[type_name(object_, role)]
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
    kind = input_type(snapshot, object_, TypeRole.FILTER)

    def check(value: JsonValue) -> None:
        try:
            with Suggesting(allowed=limits.introspection):
                check_input(kind, value, blame.field, blame.field, limits.depth)
        except BadUserInput as error:
            raise blame.error(error.message) from None

    return check
