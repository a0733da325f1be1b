"""The rows of an UpdateRows: the changes of each record, of those columns that its data names."""

from collections.abc import Callable, Mapping, Sequence

from fieldstone.engine.errors import BadUserInput, Forbidden
from fieldstone.engine.planner.access.admission import Admission, Completion, sample_rows
from fieldstone.engine.planner.arguments.column_values import ValueReader, build_value_reader, missing
from fieldstone.engine.planner.arguments.trees import Bindings, Blame
from fieldstone.engine.planner.context import PlanContext
from fieldstone.engine.planner.writes.creates import WAYS, find_links
from fieldstone.engine.planner.writes.nested.links import with_known
from fieldstone.engine.planner.writes.nested.nodes import Item
from fieldstone.engine.planner.writes.nested.steps import RowValue
from fieldstone.engine.planner.writes.values.assignments import fixed_fields
from fieldstone.engine.planner.writes.values.connects import known_reference, link_coercer, link_end, link_reference
from fieldstone.engine.planner.writes.values.rows import (
    KNOWN,
    LinkKind,
    LinkSource,
    check_morph,
    read_link,
    required_link,
)
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Access, Field, Object
from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.operands import Column
from fieldstone.sql.plan.writes.elements import Reference

_FIRST_VALUE = 3
"""The place of the first column's value in a row, behind id, parent and given."""


@frozen
class _PlainChange:
    """A field that some of the records change: its parts by name, each with the place of its value and its reader."""

    field: Field
    parts: Mapping[str | None, tuple[int, ValueReader]]


@frozen
class _LinkChange:
    """A relation that some of the records change.

    Attributes:
        bit: its key's place in the text of given columns.
        sources: where a row names the record to lead to, by how it names it; KNOWN has the lookup "" here.
    """

    field: Field
    key_name: str
    bit: int
    sources: Mapping[LinkKind, LinkSource]


@frozen
class ChangeWriter:
    """Makes the rows of an UpdateRows: id, parent and given, the columns' values, the references' inputs."""

    object_: Object
    columns: tuple[Column, ...]
    references: tuple[Reference, ...]
    plain: Mapping[str, _PlainChange]
    links: tuple[_LinkChange, ...]
    bits: int
    admission: Admission | None
    blame: Blame

    @property
    def keys(self) -> list[str]:
        """The keys of a row's values."""
        values = [f"v{index}" for index in range(len(self.columns))]
        marks = [WAYS] if self.admission is not None and self.admission.is_marked else []
        return ["id", "parent", "given", *values, *(str(reference.source) for reference in self.references), *marks]

    def write(self, items: Sequence[Item], bindings: Bindings) -> list[list[RowValue]]:
        """Return the rows of these records.

        Raises:
            BadUserInput: a value is wrong; `extensions.index` is that of the record.
            Forbidden: the role may not give a field, likewise.
        """
        completion = None if self.admission is None else Completion(self.admission, bindings)
        written: list[list[RowValue]] = []
        for item in items:
            try:
                written.append(self._row(item, completion))
            except (BadUserInput, Forbidden) as error:
                error.extensions["index"] = len(written)
                raise
        return written

    def _row(self, item: Item, completion: Completion | None) -> list[RowValue]:
        values: list[RowValue] = [None] * len(self.keys)
        bits = bytearray(b"0" * self.bits)
        data = with_known(item)
        if completion is not None:
            data, marks = completion.complete(data)
            if completion.admission.is_marked:
                values[-1] = marks
        for name, change in self.plain.items():
            if name in data:
                if change.field.access is not Access.READ_WRITE:
                    raise fixed_fields(self.object_, data, self.blame)
                self._write_plain(change, data[name], values, bits)
        connected = [link.field for link in self.links if self._write_link(link, item, data, values, bits)]
        for group in self.object_.morphs:
            chosen = [field for field in group if field in connected]
            check_morph(chosen, self.blame)
            for link in self.links:
                if chosen and link.field in group:
                    bits[link.bit] = _GIVEN
        values[:_FIRST_VALUE] = [item.id, item.parent, bits.decode()]
        return values

    def _write_plain(self, change: _PlainChange, value: JsonValue, values: list[RowValue], bits: bytearray) -> None:
        field = change.field
        whole = not field.is_composite or value is None
        for index, (name, (place, read)) in enumerate(change.parts.items()):
            if not whole and name not in value:
                continue
            given = value if whole else value[name]
            if given is None and index == 0 and not field.is_nullable:
                raise missing(field, self.blame)
            values[_FIRST_VALUE + place] = None if given is None else read(given)
            bits[place] = _GIVEN

    def _write_link(
        self, link: _LinkChange, item: Item, data: Mapping[str, JsonValue], values: list[RowValue], bits: bytearray
    ) -> bool:
        """Write the link that the data gives a relation; return whether it leads to a record now."""
        if not link.field.is_active:
            return False
        said = read_link(link.field, link.key_name, data, self.blame)
        if said is None:
            return False
        bits[link.bit] = _GIVEN
        if said.value is KNOWN:
            values[link.sources[("", None)].place] = item.links[link.field.name]
            return True
        if said.value is not None:
            source = link.sources[(said.lookup, said.preset)]
            values[source.place] = source.coerce(said.value)
            return True
        if not link.field.is_nullable:
            raise required_link(link.field, link.key_name, data, self.blame)
        return False


_GIVEN = ord("1")


def build_change_writer(
    context: PlanContext,
    object_: Object,
    sample: Sequence[Mapping[str, JsonValue]],
    blame: Blame,
    *,
    known: Sequence[Field],
    admission: Admission | None,
) -> ChangeWriter:
    """Return the writer of changes such as these; `known` are relations to records that the request finds or makes."""
    if admission is not None:
        sample = sample_rows(admission, sample, context.sample)
    named = {name for row in sample for name in row} | {field.name for field in known}
    columns: list[Column] = []
    plain: dict[str, _PlainChange] = {}
    for name, field in object_.active.items():
        if name in named and field.relation_id is None and field.parts:
            parts: dict[str | None, tuple[int, ValueReader]] = {}
            for part in field.parts:
                parts[part.name] = (len(columns), build_value_reader(field, part, blame))
                columns.append(part.column)
            plain[name] = _PlainChange(field=field, parts=parts)
    references: list[Reference] = []
    linked: list[tuple[Field, str, list[tuple[LinkKind, Callable[[JsonValue], RowValue]]]]] = []
    for key_name, field in _linked(object_, named):
        found: list[tuple[LinkKind, Callable[[JsonValue], RowValue]]] = []
        for lookup, preset in find_links(sample, key_name, field):
            end = link_end(context, field, blame.at(field.name), preset)
            found.append(((lookup, preset), link_coercer(end, lookup, blame.at(field.name))))
            source = f"s{len(references)}"
            references.append(
                link_reference(context, end, lookup, source, blame.at(field.name), preset, changes=object_)
            )
        if field in known:
            found.append((("", None), str))
            references.append(known_reference(context, field, f"s{len(references)}", blame))
        linked.append((field, key_name, found))
        if not found:
            columns.append(field.parts[0].column)
    return ChangeWriter(
        object_=object_,
        columns=tuple(columns),
        references=tuple(references),
        plain=plain,
        links=_place_links(columns, linked),
        bits=len(columns) + sum(1 for _, _, found in linked if found),
        admission=admission,
        blame=blame,
    )


def _linked(object_: Object, named: set[str]) -> list[tuple[str, Field]]:
    """Return the relations that the data names, and with one part of a morph relation its others, active or not."""
    chosen = {field.id: key_name for key_name, field in object_.held_keys.items() if {field.name, key_name} & named}
    for group in object_.morphs:
        if any(field.id in chosen for field in group):
            chosen |= {field.id: field.key_name for field in group}
    return [(key_name, object_.by_id[field_id]) for field_id, key_name in chosen.items()]


def _place_links(
    columns: Sequence[Column],
    linked: Sequence[tuple[Field, str, list[tuple[LinkKind, Callable[[JsonValue], RowValue]]]]],
) -> tuple[_LinkChange, ...]:
    places = {column.name: place for place, column in enumerate(columns)}
    bit = source = len(columns)
    links: list[_LinkChange] = []
    for field, key_name, found in linked:
        sources: dict[LinkKind, LinkSource] = {}
        for kind, coerce in found:
            sources[kind] = LinkSource(_FIRST_VALUE + source, coerce)
            source += 1
        own = places[field.parts[0].column.name] if not found else bit
        bit += bool(found)
        links.append(_LinkChange(field=field, key_name=key_name, bit=own, sources=sources))
    return tuple(links)
