"""The root fields of trusted documents, with the types that only they use."""

from typing import Final

from graphql import GraphQLBoolean, GraphQLList, GraphQLNonNull, GraphQLObjectType, GraphQLString

from fieldstone.engine.schema.roots.model_plans import BROKEN_DOCUMENT
from fieldstone.engine.schema.roots.mutation_notation import mutation
from fieldstone.engine.schema.scope import FieldBuilders, TypeBuilders, TypeScope
from fieldstone.engine.schema.values.notation import (
    COUNT,
    JSON,
    TEXT,
    field_of,
    fixed,
    input_type_of,
    root_field,
    type_of,
)

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


DOCUMENT_TYPES: TypeBuilders = {
    **fixed(_INPUT, _IMPORTED),
    BROKEN_DOCUMENTS: _broken,
}
"""The types that only these root fields use."""


DOCUMENT_FIELDS: FieldBuilders = {
    "importDocuments": mutation(
        _IMPORTED.name, "Imports the documents of a client, to be trusted.", input_name=_INPUT.name
    ),
    "removeDocuments": root_field(
        GraphQLNonNull(_IMPORTED),
        "Removes trusted documents of a client.",
        {
            "client": (TEXT, "The name of the client."),
            "ids": (GraphQLList(TEXT), "The ids of its documents; all of them where it is left out."),
        },
    ),
}
"""The mutations."""

DOCUMENT_QUERIES: Final[FieldBuilders] = {
    "brokenDocuments": lambda scope: field_of(
        GraphQLNonNull(scope.object_type(BROKEN_DOCUMENTS)),
        "The trusted documents that the model as it is refuses, each as the role of its client sees it.",
        {"client": (GraphQLString, "The name of a client; of all if left out.")},
    ),
}
"""The queries; `trustedDocuments` is one of the catalog's objects."""
