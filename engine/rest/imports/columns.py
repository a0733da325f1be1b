"""The columns of a file, by the names that an export gives them, and the data that their cells are."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

from graphql.pyutils import did_you_mean

from fieldstone.engine.access.withheld import say_withheld
from fieldstone.engine.errors import ApiError, BadUserInput, Forbidden
from fieldstone.engine.rest.exports.csv_lines import columns_of
from fieldstone.engine.rest.imports.csv_rows import BuildRecord, Cells
from fieldstone.engine.rest.imports.options import OptionNames
from fieldstone.engine.rest.imports.rows import Decode
from fieldstone.engine.rest.input_types import BOOLEANS
from fieldstone.engine.schema.objects.unique_keys import unique_keys
from fieldstone.metadata import scalars
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.known_names import find_close
from fieldstone.metadata.model import Access, Field, Object, Part, Snapshot, relation_end

_NUMBERS = (scalars.INT, scalars.DOUBLE, scalars.DECIMAL)
_DELETED_AT = "deletedAt"

_NO_MAPPING: Mapping[str, str | None] = MappingProxyType({})

Convert = Callable[[str], JsonValue]
"""Returns the JSON value of a cell; a cell that is none of its type stays text, which the write refuses.

Raises ApiError for a cell that names no option of its field.
"""


class Column(NamedTuple):
    """A column: the member of a record's data that its cells are, or are a part of.

    Attributes:
        part: the name of the sub-field, or of the unique field by which a record to connect to is found.
        key_name: the name of a relation's key, if the column names a record by that unique field.
    """

    name: str
    convert: Convert
    part: str | None = None
    key_name: str | None = None


class RecordReader:
    """Reads the data of records, of the columns of CSV or the members of JSON Lines.

    Args:
        view: the model as the principal sees it.
        object_: the object of the records.
        decode: reads a cell of JSON.
        mapping: the columns of the object by those of the file with another name; None: the column is passed over.

    Attributes:
        ignored: the names of columns that are passed over, since the server writes their fields.
    """

    def __init__(
        self, view: Snapshot, object_: Object, decode: Decode, mapping: Mapping[str, str | None] = _NO_MAPPING
    ) -> None:
        self.ignored: list[str] = []
        self._view = view
        self._object = object_
        self._decode = decode
        self._mapping = mapping
        self._read_only = {
            name for name, field in object_.active.items() if field.access is Access.READ_ONLY and name != _DELETED_AT
        }

    def prepare(self, record: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
        """Return the data of a record of JSON Lines: without the members that an export shows and nobody writes.

        Raises:
            BadUserInput: the record is a deleted one.
        """
        self._refuse_deleted(record.get(_DELETED_AT))
        passed = self._read_only | {_DELETED_AT}
        self._ignore(name for name in record if name in passed)
        return {name: value for name, value in record.items() if name not in passed}

    def read_header(self, names: Sequence[str]) -> BuildRecord:
        """Return the function that makes the data of records of the cells under a header.

        Raises:
            BadUserInput: a column is none of the object, or is there twice.
            Forbidden: the role may not write a column.
        """
        columns: list[tuple[int, Column]] = []
        deleted = None
        seen: set[str] = set()
        titles = [name.strip() for name in names]
        if missing := next((name for name in self._mapping if name not in titles), None):
            raise BadUserInput(f"'mapping' names the column '{missing[:80]}', which the file lacks.", field="mapping")
        for place, title in enumerate(titles):
            name = self._mapping.get(title, title)
            if name is None:
                self._ignore([title])
                continue
            if name in seen:
                raise BadUserInput(f"The column '{name[:80]}' is in the header twice.", field=name[:80])
            seen.add(name)
            if name == _DELETED_AT and _DELETED_AT in self._object.active:
                deleted = place
                self._ignore([name])
            elif name in self._read_only:
                self._ignore([name])
            else:
                columns.append((place, self._find_column(name)))
        return lambda cells: self._build(columns, deleted, cells)

    def _ignore(self, names: Iterable[str]) -> None:
        self.ignored += [name for name in names if name not in self.ignored]

    def _refuse_deleted(self, deleted_at: JsonValue) -> None:
        if deleted_at is not None and _DELETED_AT in self._object.active:
            raise BadUserInput(
                f"'{_DELETED_AT}' cannot be written, and without it a deleted record would be a live one: leave the"
                " record out.",
                field=_DELETED_AT,
            )

    def _build(self, columns: Sequence[tuple[int, Column]], deleted: int | None, cells: Cells) -> dict[str, JsonValue]:
        if deleted is not None:
            self._refuse_deleted(cells[deleted])
        data: dict[str, JsonValue] = {}
        composites: dict[str, dict[str, JsonValue]] = {}
        for place, (name, convert, part, key_name) in columns:
            cell = cells[place]
            if part is None:
                data[name] = None if cell is None else convert(cell)
            elif key_name is not None:
                if cell is None:
                    data[key_name] = None
                else:
                    data[name] = {"connect": {"where": {part: convert(cell)}}}
            else:
                whole = data[name] = composites.setdefault(name, {})
                whole[part] = None if cell is None else convert(cell)
        # A composite without any value is null.
        return data | {name: None for name, whole in composites.items() if all(one is None for one in whole.values())}

    def _find_column(self, title: str) -> Column:
        """Return the column with a title; raises ApiError."""
        name, _, part = title.partition(".")
        object_ = self._object
        field = object_.active.get(name) or object_.held_keys.get(name)
        if field is None or not object_.knows(field):
            raise self._unknown(title)
        role = self._view.role
        if role is not None and not object_.givable.get(field.name):
            raise Forbidden(f"{say_withheld(role, field.name, object_)} Leave the column out.", field=title)
        if field.relation_id is not None:
            column = self._find_link(field, name, part)
        elif field.is_composite:
            found = next((one for one in field.parts if one.name and one.name == part), None)
            column = None if found is None else Column(name, self._converter(field, found, title), part)
        else:
            column = None if part else Column(name, self._converter(field, field.parts[0], title))
        if column is None:
            raise self._unknown(title)
        return column

    def _find_link(self, field: Field, name: str, part: str) -> Column | None:
        key_name = field.key_name
        if not field.parts:
            return None
        if name == key_name:
            return None if part else Column(key_name, _read_text)
        key = _link_keys(self._view, field).get(part)
        title = f"{name}.{part}"
        return None if key is None else Column(name, self._converter(key, key.parts[0], title), part, key_name)

    def _unknown(self, title: str) -> BadUserInput:
        return BadUserInput(
            f"'{title[:80]}' is no column of {self._object.label_plural}: columns are named as in an export, or by"
            f" 'mapping'{self._say_link(title)}.{self._suggest(title)}",
            field=title[:80],
        )

    def _say_link(self, title: str) -> str:
        """Return how a record to connect to is named: that of the relation that a title begins with, or of the first.

        The text is empty for an object without relations that the role may write.
        """
        object_ = self._object
        links = [field for field in object_.held_keys.values() if field.name in object_.givable]
        if not links:
            return ""
        link = next((one for one in links if one.name == title.partition(".")[0]), links[0])
        key = next((name for name in _link_keys(self._view, link) if name != "id"), None)
        by_key = "" if key is None else f" or by a unique field ('{link.name}.{key}')"
        return f"; a record to connect to is named by its id ('{link.key_name}'){by_key}"

    def _suggest(self, title: str) -> str:
        """Return " Did you mean ..?" with the columns whose name or label is close to a title; empty without any."""
        known, plain = titles_by_name(self._view, self._object), plain_name(title)
        close = [plain] if plain in known else find_close(plain, known)
        return did_you_mean([*dict.fromkeys(known[name] for name in close)])

    def _converter(self, field: Field, part: Part, title: str) -> Convert:
        scalar = part.scalar
        if part.options is not None:
            names = OptionNames(field, title)
            return names.read if scalar.element is None else partial(self._read_options, names)
        if scalar is scalars.JSON:
            return self._decode
        if scalar.element is not None:
            return self._read_list
        if scalar is scalars.BOOLEAN:
            return _read_boolean
        return self._read_number if scalar in _NUMBERS else _read_text

    def _read_options(self, names: OptionNames, cell: str) -> JsonValue:
        found = self._read_list(cell) if cell.lstrip().startswith("[") else names.split(cell)
        if not isinstance(found, list):
            return found
        return [names.read(one) if isinstance(one, str) else one for one in found]

    def _read_list(self, cell: str) -> JsonValue:
        return self._decode(cell) if cell.lstrip().startswith("[") else [cell]

    def _read_number(self, cell: str) -> JsonValue:
        try:
            value = self._decode(cell)
        except ApiError:
            return cell
        return value if isinstance(value, int | Decimal) else cell


def titles_by_name(view: Snapshot, object_: Object) -> dict[str, str]:
    """Return the columns of an object's files by their names and labels, as `plain_name` has them.

    Behind those of an export stand those that name the record of a relation by a unique field.
    """
    known: dict[str, str] = {}
    for title, label in (*_titles_of(object_), *_link_titles(view, object_)):
        known.setdefault(plain_name(title), title)
        known.setdefault(plain_name(label), title)
    return known


def text_titles(view: Snapshot, object_: Object) -> dict[str, str]:
    """Return, by the columns of relations, those of the unique text of the linked records, if they have just one."""
    found: dict[str, str] = {}
    for column, link in object_.foreign_keys.items():
        texts = [name for name, key in _link_keys(view, link).items() if key.type is FieldType.TEXT]
        if len(texts) == 1:
            found[column] = f"{link.name}.{texts[0]}"
    return found


def _titles_of(object_: Object) -> Iterator[tuple[str, str]]:
    for column in columns_of(object_):
        field = object_.by_name.get(column.name) or object_.foreign_keys[column.name]
        yield column.title, field.label if column.part is None else f"{field.label} {column.part}"


def _link_titles(view: Snapshot, object_: Object) -> Iterator[tuple[str, str]]:
    for link in object_.held_keys.values():
        for name, key in _link_keys(view, link).items():
            if name != "id":
                yield f"{link.name}.{name}", f"{link.label} {key.label}"


def _link_keys(view: Snapshot, link: Field) -> dict[str, Field]:
    """Return the unique fields by name, by which a column names the record of a relation."""
    end = relation_end(view, link)
    keys = () if end is None else unique_keys(view, end.target)
    return {key.name: key for key, *others in keys if not others and key.relation_id is None and not key.is_composite}


def plain_name(name: str) -> str:
    """Return the letters and digits of a name, without their case."""
    return "".join(character for character in name.casefold() if character.isalnum())


def _read_boolean(cell: str) -> JsonValue:
    return BOOLEANS.get(cell.lower(), cell)


def _read_text(cell: str) -> JsonValue:
    return cell
