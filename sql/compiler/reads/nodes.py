"""Nodes: records of several objects by ids that hold the object, in one statement."""

from fieldstone.sql.compiler import expressions
from fieldstone.sql.compiler.filters import compile_condition, row_source
from fieldstone.sql.compiler.output import NULL_TEXT, Fragment, aggregate_text, join_pieces
from fieldstone.sql.compiler.reads.pages.page_output import RecordWriter
from fieldstone.sql.compiler.scope import RowReference, StatementDraft
from fieldstone.sql.compiler.terms import Expression, Query, rows_source
from fieldstone.sql.plan.outputs import NodeId
from fieldstone.sql.plan.read import Nodes


def node_id(output: NodeId, row: RowReference) -> Expression:
    """Return the id of a row's record among those of all objects."""
    key = expressions.call("uuid_send", row.column(output.key.name))
    data = expressions.concatenation((expressions.bytes_literal(output.object_id), key))
    text = expressions.call("encode", data, expressions.text_literal("base64"))
    return expressions.call("translate", text, expressions.text_literal("+/="), expressions.text_literal("-_"))


def compile_nodes(nodes: Nodes, draft: StatementDraft, write: RecordWriter) -> Fragment:
    """Return the records, each read from its own table by its key."""
    arrays = [nodes.places, *[branch.ids for branch in nodes.branches]]
    names = [f"n{place}" for place in range(len(arrays))]
    unnested = expressions.call("unnest", *map(expressions.parameter, arrays))
    places = rows_source(unnested, draft.alias(), (*names, "position"))
    texts: list[Expression] = []
    for name, branch in zip(names[1:], nodes.branches, strict=True):
        row = RowReference(alias=draft.alias())
        query = Query().from_(row_source(branch.table, row.alias, draft))
        wanted = expressions.equal(row.column(branch.key.name), expressions.result(places.alias, name))
        query.only(expressions.all_of((wanted, compile_condition(branch.condition, row, draft))))
        texts.append(expressions.scalar(query.select(join_pieces(write(branch.record, row, draft)))))
    text = expressions.coalesce(*texts, NULL_TEXT) if texts else expressions.cast_to_text(NULL_TEXT)
    query = Query().from_(places)
    if not nodes.is_list:
        return Fragment(pieces=[text], query=query)
    listed = aggregate_text(text, order=expressions.result(places.alias, "position"))
    return Fragment(pieces=["[", listed, "]"], query=query)
