"""The plan of a change of the model as a type, and the root fields that answer with one."""

from collections.abc import Callable, Mapping
from typing import Final

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLField,
    GraphQLFloat,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLString,
)

from fieldstone.engine.documents.allowances import IS_ALSO_WHOLE
from fieldstone.engine.schema.scope import FieldBuilders, TypeScope
from fieldstone.engine.schema.values.notation import BIG_INT, COUNT, JSON, TEXT, fixed, list_of, type_of

CHANGE: Final = "Change"
BROKEN_DOCUMENT: Final = "BrokenDocument"
PLAN: Final = "Plan"


_TEXTS = list_of(GraphQLString)
_PAGE = {
    "first": GraphQLArgument(GraphQLInt, description="At most so many; all unless given."),
    "offset": GraphQLArgument(GraphQLInt, description="So many at the beginning are left out."),
}


def _page(item: GraphQLOutputType, description: str) -> GraphQLField:
    """Return a list of a plan, of which a part can be asked for."""
    return GraphQLField(list_of(item), args=_PAGE, description=description)


_LOCK = type_of(
    "PlannedLock",
    "A lock that a change takes.",
    {
        "table": (TEXT, "The table's name."),
        "lock": (TEXT, "The lock's mode, as PostgreSQL names it."),
        "rowsWritten": (COUNT, "The records that are written under it, counted up to 1,000,000."),
        "when": (GraphQLString, "`after the commit` for a lock outside of the transaction; null for one in it."),
    },
)
_VALUE = type_of(
    "LostValue",
    "A value that goes.",
    {"value": (JSON, "The value as text."), "rows": (COUNT, "The records that have it.")},
)
_CONVERSION = type_of(
    "PlannedConversion",
    "The effect of another type on the values of a field.",
    {
        "field": (TEXT, "The field, as `object.field`."),
        "from": (TEXT, "Its type before."),
        "to": (TEXT, "Its new type."),
        "rowsLosing": (COUNT, "The number of records whose value is changed or lost."),
        "examples": (list_of(_VALUE), "The commonest of these values."),
        "needs": (GraphQLString, "`allowDataLoss` if the change is refused without it."),
    },
)
_LOSS = type_of(
    "PlannedLoss",
    "Records or values that go with a change, or do not come back with a rollback.",
    {
        "kind": (TEXT, "`DELETED`, or in a rollback also `COMES_BACK_EMPTY` or `STAYS_LOST`."),
        "name": (TEXT, "The object, or the field as `object.field`."),
        "message": (TEXT, "The loss as a sentence."),
        "records": (GraphQLInt, "The number of the records or values that go, counted up to 1,000,000."),
        "total": (GraphQLInt, "The number of the object's records, counted up to 1,000,000, deleted ones included."),
        "examples": (
            list_of(_VALUE),
            "The commonest values of a field that goes, cut at 100 characters; none of lists and JSON.",
        ),
    },
)
_BUILD = type_of(
    "PlannedBuild",
    "Work on a big table after the commit, beside readers and writers.",
    {
        "kind": (TEXT, "`INDEX`, `FOREIGN_KEY` or `REQUIRED`."),
        "name": (TEXT, "The fields, as `object.field` or `object(field, field)`."),
        "table": (TEXT, "The table's name."),
        "statement": (TEXT, "The statement."),
    },
)
_CLIENT = type_of(
    "OperationClient",
    "A client of an operation.",
    {
        "name": (
            GraphQLString,
            "Its key's name; null for users, visitors, sessions of browsers and further keys together.",
        ),
        "requests": (COUNT, "The number of its requests since the process has kept the operation."),
        "perMinute": (GraphQLNonNull(GraphQLFloat), "Their mean in a minute."),
    },
)
_BROKEN = type_of(
    "BrokenOperation",
    "An operation that was served lately and would not be valid any more.",
    {
        "operation": (GraphQLString, "Its name."),
        "hash": (TEXT, "The SHA-256 of its document."),
        "reasons": (_TEXTS, "The first reasons, without the document's values."),
        "role": (GraphQLString, "The role that has sent it; null for one without restrictions."),
        "clients": (list_of(_CLIENT), "Its clients, the most frequent one first."),
    },
)
_BROKEN_DOCUMENT = type_of(
    BROKEN_DOCUMENT,
    "A trusted document that is not valid.",
    {
        "client": (TEXT, "The client that it was imported for."),
        "documentId": (TEXT, "The id under which the client sends it."),
        "operation": (GraphQLString, "The name of its operation."),
        "reasons": (_TEXTS, "The first reasons, without the document's values."),
    },
)
_PROBLEM = type_of(
    "PlanProblem",
    "The refusal of a change.",
    {
        "change": (GraphQLInt, "The place of the change in the list, from 0."),
        "code": (TEXT, "The error's code."),
        "message": (TEXT, "The reason, and a right value where there is one."),
        "field": (GraphQLString, "The input at fault."),
        "suggestion": (GraphQLString, "A name that would pass in the place of a refused one."),
    },
)
_ACCESS_KINDS = (
    "`READABLE` for roles that read an object or field that is new or active again, `WIDENED` for those that may do"
    " more than before, `CANNOT_CREATE` for those that give no value to a field that has become required, `UNINDEXED`"
    " for those whose rules find records by a field that no index serves."
)
_ACCESS = type_of(
    "PlannedAccess",
    "The effect of a change on the rights of roles.",
    {
        "kind": (TEXT, _ACCESS_KINDS),
        "name": (TEXT, "The object, the field as `object.field`, `*` for all other objects, or `settings`."),
        "roles": (_TEXTS, "The names of the roles."),
        "message": (TEXT, "The effect as a sentence."),
    },
)
_LISTS: Mapping[str, tuple[GraphQLOutputType, str]] = {
    "problems": (_PROBLEM, "Each change that is refused; the rest of the plan leaves these changes out."),
    "changes": (JSON, "The changes, with the ids of new objects, fields and indexes."),
    "sql": (GraphQLString, "The statements of the transaction."),
    "later": (GraphQLString, "The statements after its commit, which run beside readers and writers."),
    "builds": (_BUILD, "The same as work: an index, a key or a requirement each."),
    "locks": (_LOCK, "The locks of the statements."),
    "conversions": (_CONVERSION, "The effects of other types on the values."),
    "lost": (_LOSS, "The records and values that go."),
    "appears": (GraphQLString, "The types, fields, root fields and enum values that the schema gets."),
    "alters": (GraphQLString, "The fields that get another type."),
    "vanishes": (GraphQLString, "The types, fields, root fields and enum values that go."),
    "breaking": (GraphQLString, "The part of these differences that breaks clients."),
    "roles": (_ACCESS, "The effects on the rights of roles."),
    "operations": (_BROKEN, "The operations served lately that would break."),
    "documents": (_BROKEN_DOCUMENT, "The trusted documents that would break, by client."),
}
_COUNTS = type_of(
    "PlanCounts",
    "The lengths of the lists of a plan.",
    {name: (COUNT, f"The length of `{name}`.") for name in _LISTS},
)
_PLAN = GraphQLObjectType(
    PLAN,
    {
        "version": GraphQLField(
            GraphQLNonNull(BIG_INT), description="The model's version: after the changes if they were made."
        ),
        "counts": GraphQLField(GraphQLNonNull(_COUNTS), description="The lengths of the lists."),
        **{name: _page(item, described) for name, (item, described) in _LISTS.items()},
        "documentsUnchecked": GraphQLField(
            COUNT, description="The trusted documents that were too many to be looked at."
        ),
    },
    description="The effect of changes of the model.",
)

PLAN_TYPES: Final = fixed(
    _LOCK,
    _VALUE,
    _CONVERSION,
    _LOSS,
    _BUILD,
    _CLIENT,
    _BROKEN,
    _BROKEN_DOCUMENT,
    _PROBLEM,
    _ACCESS,
    _COUNTS,
    _PLAN,
)
"""The types of a plan."""


def _answering(
    arguments: Callable[[TypeScope], dict[str, GraphQLArgument]], description: str, *, is_also_whole: bool = False
) -> Callable[[TypeScope], GraphQLField]:
    extensions = {IS_ALSO_WHOLE: True} if is_also_whole else None
    return lambda scope: GraphQLField(
        GraphQLNonNull(_PLAN), args=arguments(scope), description=description, extensions=extensions
    )


def _changes(scope: TypeScope) -> dict[str, GraphQLArgument]:
    listed = GraphQLNonNull(GraphQLList(GraphQLNonNull(scope.input_type(CHANGE))))
    return {"changes": GraphQLArgument(listed, description="The changes, in order.")}


def _to(_scope: TypeScope) -> dict[str, GraphQLArgument]:
    return {"to": GraphQLArgument(GraphQLNonNull(BIG_INT), description="A version of `metadataHistory`.")}


_DRY = {"dryRun": GraphQLArgument(GraphQLBoolean, description="True: nothing is changed, and no table locked.")}

PLAN_QUERIES: FieldBuilders = {
    "planChanges": _answering(_changes, "The plan of changes, with all of their problems; nothing is changed."),
    "planRollback": _answering(_to, "The plan of a rollback to a version; nothing is changed."),
}
"""The queries that answer with plans."""

PLAN_MUTATIONS: FieldBuilders = {
    "applyChanges": _answering(
        lambda scope: {**_changes(scope), **_DRY},
        "Makes several changes, all or none, as one version, and answers with their plan.",
        is_also_whole=True,
    ),
    "rollback": _answering(
        lambda scope: {**_to(scope), **_DRY},
        "Undoes the changes after a version, as a new version, and answers with the plan.",
        is_also_whole=True,
    ),
}
"""The mutations that answer with plans. Each may be asked for without a selection, and answers with all members."""
