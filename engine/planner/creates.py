"""Creates: the data argument of a create becomes the columns, references and rows of an Insert."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.planner.context import PlanContext
from engine.planner.inputs import Binder, Bindings, Blame, Tree, value_of
from engine.planner.links import link_coercer, link_end, link_reference
from engine.planner.rows import LinkSource, build_row_writer, written_fields
from metadata.json_text import JsonValue, dumps
from metadata.model import Field, Object
from metadata.scalars import Cell
from sql.arrays import array_text
from sql.plan import Column
from sql.types import SqlType
from sql.write_plan import Reference


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateInput:
    """The data argument: one record, or `many` of them."""

    tree: Tree
    many: bool
    blame: Blame

    def rows(self, bindings: Bindings) -> Sequence[Mapping[str, JsonValue]]:
        """Return the records' data for a request."""
        value = value_of(self.tree, bindings)
        rows = value if isinstance(value, list) else [value]
        if None in rows:
            raise self.blame.error("'data' must not have null in its list.")
        return rows


def build_create(
    context: PlanContext, thing: Object, data: CreateInput
) -> tuple[tuple[Column, ...], tuple[Reference, ...], Binder]:
    """Return an Insert's columns and references, and the binder of its rows, or of its only one."""
    sample = data.rows(Bindings(variables=context.variables, actor=""))
    references: list[Reference] = []
    sources: dict[tuple[str, str], LinkSource] = {}
    for key_name, field in thing.foreign_keys.items():
        for lookup in _lookups(sample, key_name, field):
            blame = data.blame.at(field.name)
            end = link_end(context, field, blame)
            key = f"{end.foreign_key.column.name}:{lookup}"
            references.append(link_reference(context, end, lookup, key, blame))
            sources[(field.name, lookup)] = LinkSource(key=key, coerce=link_coercer(end, lookup, blame))
    plain = written_fields(thing, with_created_at=any(row.get("createdAt") is not None for row in sample))
    writer = build_row_writer(thing, plain, sources, many=data.many, blame=data.blame)
    most = context.limits.bulk

    def bind(bindings: Bindings) -> bytes:
        rows = data.rows(bindings)
        if len(rows) > most:
            raise data.blame.error(f"A request may write at most {most} records, not {len(rows)}.")
        return dumps(writer.write(rows, bindings.actor)).encode()

    def bind_one(bindings: Bindings) -> bytes:
        (cells,) = writer.write(data.rows(bindings), bindings.actor)
        return array_text([_cell_text(cells[name], kind) for name, kind in kinds]).encode()

    columns = tuple(part.column for field in plain for part in field.parts)
    kinds = [(column.name, column.type) for column in columns]
    kinds += [(str(reference.source), reference.lookup.type) for reference in references]
    return columns, tuple(references), bind if data.many else bind_one


def _cell_text(cell: Cell, kind: SqlType) -> str | None:
    if cell is None:
        return None
    match kind:
        case SqlType.TEXT_ARRAY:
            return array_text(cell)
        case SqlType.JSONB:
            return dumps(cell)
        case _:
            return str(cell)


def _lookups(rows: Sequence[Mapping[str, JsonValue]], key_name: str, field: Field) -> list[str]:
    """Return by which unique fields the rows connect a relation, in a fixed order.

    What it looks at is the shape that `engine/variables.py` gives the data of a create.
    """
    found: set[str] = set()
    for row in rows:
        if row.get(key_name) is not None:
            found.add("id")
        if isinstance(link := row.get(field.name), dict):
            connect = link.get("connect")
            if isinstance(connect, dict):
                found.update(connect["where"] if isinstance(connect.get("where"), dict) else ())
            else:
                found.add("id")
    return sorted(found)
