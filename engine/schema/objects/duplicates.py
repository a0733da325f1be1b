"""The root field that looks for the duplicates of records, and the arguments of the one that merges them."""

from graphql import GraphQLBoolean, GraphQLField, GraphQLInt, GraphQLList, GraphQLNonNull

from fieldstone.engine.schema.scope import TypeScope
from fieldstone.engine.schema.values.notation import InputMember, field_of
from fieldstone.engine.schema.values.scalars import SCALARS
from fieldstone.metadata.api_names import TypeRole
from fieldstone.metadata.model import Object
from fieldstone.metadata.scalars import DATE_TIME, UUID


def duplicates_field(scope: TypeScope, object_: Object) -> GraphQLField:
    """Return the root field for the duplicates of records that are there, or that may be created."""
    connection = GraphQLNonNull(scope.output_of(object_, TypeRole.CONNECTION))
    ids = GraphQLList(GraphQLNonNull(SCALARS[UUID.name]))
    data = GraphQLList(GraphQLNonNull(scope.input_of(object_, TypeRole.INPUT)))
    return field_of(
        GraphQLNonNull(GraphQLList(connection)),
        f"For each given record, in their order, its likely duplicates among {object_.label_plural}.",
        {
            "ids": (ids, "The ids of records."),
            "data": (data, "Data of records that need not exist, in place of `ids`."),
        },
    )


def merge_arguments() -> dict[str, InputMember]:
    """Return the arguments of the mutation that merges records."""
    ids = GraphQLNonNull(GraphQLList(GraphQLNonNull(SCALARS[UUID.name])))
    kept = "The place in `ids`, from 0, of the record that is kept; its values count before all others."
    return {
        "ids": (ids, "The ids of the records, from two to nine."),
        "conflictPriorityIndex": (GraphQLNonNull(GraphQLInt), kept),
        "dryRun": (GraphQLBoolean, "True: answer the record as it would be, and write nothing."),
        "ifUpdatedAt": (
            GraphQLList(GraphQLNonNull(SCALARS[DATE_TIME.name])),
            "The `updatedAt` that each record must have, in the order of `ids`, to the digits given; else CONFLICT.",
        ),
    }
