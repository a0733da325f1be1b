"""The root fields of trusted documents, with the types that only they use."""

from collections.abc import Callable, Mapping
from typing import Final

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLField,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLString,
)

from fieldstone.engine.schema.roots.model_plans import BROKEN_DOCUMENT
from fieldstone.engine.schema.roots.mutation_notation import mutation
from fieldstone.engine.schema.scope import TypeScope
from fieldstone.engine.schema.values.notation import COUNT, JSON, TEXT, fixed, input_type_of, type_of

_INPUT = input_type_of(
    "ImportDocumentsInput",
    "Documents to trust.",
    {
        "client": (TEXT, "The name of the client that sends the documents."),
        "manifest": (GraphQLNonNull(JSON), "The manifest that Apollo, Relay or graphql-codegen have written of them."),
        "role": (
            GraphQLString,
            "The role of the client's users, as which changes of the model are held against the documents.",
        ),
        "replace": (GraphQLBoolean, "True: the client's other documents are removed."),
    },
)

_IMPORTED = type_of(
    "ImportedDocuments",
    "The effect of an import or a removal of documents.",
    {
        "written": (COUNT, "The documents that are new or have another text."),
        "removed": (COUNT, "The documents that were removed."),
    },
)

BROKEN_DOCUMENTS: Final = "BrokenDocuments"


def _broken(scope: TypeScope) -> GraphQLObjectType:
    document = GraphQLNonNull(scope.object_type(BROKEN_DOCUMENT))
    return type_of(
        BROKEN_DOCUMENTS,
        "The trusted documents that are not valid.",
        {
            "documents": (GraphQLNonNull(GraphQLList(document)), "Those that the model refuses, by client and id."),
            "unchecked": (COUNT, "The documents that were too many to be looked at."),
        },
    )


DOCUMENT_TYPES: Mapping[str, Callable[[TypeScope], GraphQLNamedType]] = {
    **fixed(_INPUT, _IMPORTED),
    BROKEN_DOCUMENTS: _broken,
}
"""The types that only these root fields use."""


def _remove(scope: TypeScope) -> GraphQLField:
    return GraphQLField(
        GraphQLNonNull(scope.object_type(_IMPORTED.name)),
        args={
            "client": GraphQLArgument(TEXT, description="The name of the client."),
            "ids": GraphQLArgument(
                GraphQLList(TEXT), description="The ids of its documents; all of them where it is left out."
            ),
        },
        description="Removes trusted documents of a client.",
    )


DOCUMENT_FIELDS: Mapping[str, Callable[[TypeScope], GraphQLField]] = {
    "importDocuments": mutation(
        _IMPORTED.name, "Imports the documents of a client, to be trusted.", input_name=_INPUT.name
    ),
    "removeDocuments": _remove,
}
"""The mutations."""

DOCUMENT_QUERIES: Final[Mapping[str, Callable[[TypeScope], GraphQLField]]] = {
    "brokenDocuments": lambda scope: GraphQLField(
        GraphQLNonNull(scope.object_type(BROKEN_DOCUMENTS)),
        args={"client": GraphQLArgument(GraphQLString, description="The name of a client; of all if left out.")},
        description="The trusted documents that the model as it is refuses, each as the role of its client sees it.",
    ),
}
"""The queries; `trustedDocuments` is one of the catalog's objects."""
