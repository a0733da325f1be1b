"""The root fields of trusted documents, with the types that only they use."""

from collections.abc import Callable, Mapping
from typing import Final

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLString,
)

from fieldstone.engine.schema.notation import COUNT, JSON, TEXT
from fieldstone.engine.schema.roots.model_plans import BROKEN_DOCUMENT
from fieldstone.engine.schema.roots.mutation_notation import input_member, mutation
from fieldstone.engine.schema.scope import TypeScope

_INPUT = GraphQLInputObjectType(
    "ImportDocumentsInput",
    {
        "client": input_member(TEXT, "The name of the client that sends the documents."),
        "manifest": input_member(
            GraphQLNonNull(JSON), "The manifest that Apollo, Relay or graphql-codegen have written of them."
        ),
        "role": input_member(
            GraphQLString,
            "The role of the client's users, as which changes of the model are held against the documents.",
        ),
        "replace": input_member(GraphQLBoolean, "True: the client's other documents are removed."),
    },
    description="Documents to trust.",
)

_IMPORTED = GraphQLObjectType(
    "ImportedDocuments",
    {
        "written": GraphQLField(COUNT, description="The documents that are new or have another text."),
        "removed": GraphQLField(COUNT, description="The documents that were removed."),
    },
    description="The effect of an import or a removal of documents.",
)

BROKEN_DOCUMENTS: Final = "BrokenDocuments"


def _broken(scope: TypeScope) -> GraphQLObjectType:
    document = GraphQLNonNull(scope.object_type(BROKEN_DOCUMENT))
    return GraphQLObjectType(
        BROKEN_DOCUMENTS,
        {
            "documents": GraphQLField(
                GraphQLNonNull(GraphQLList(document)), description="Those that the model refuses, by client and id."
            ),
            "unchecked": GraphQLField(COUNT, description="The documents that were too many to be looked at."),
        },
        description="The trusted documents that are not valid.",
    )


DOCUMENT_TYPES: Mapping[str, Callable[[TypeScope], GraphQLInputObjectType | GraphQLObjectType]] = {
    _INPUT.name: lambda _: _INPUT,
    _IMPORTED.name: lambda _: _IMPORTED,
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
