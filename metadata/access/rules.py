"""Rules, checks and presets: read from the language of the API, kept by the fields' ids, and shown in names again."""

from collections.abc import Iterator
from typing import NamedTuple
from uuid import UUID

from fieldstone.metadata.access.rule_reader import read_data, read_filter
from fieldstone.metadata.access.stored_keys import KEY, claim_of, name_of
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.json_text import JsonValue, dumps, loads
from fieldstone.metadata.model import Field, Object, Snapshot
from fieldstone.metadata.roles.role import Stored

LONGEST = 20_000
"""Characters of a rule, a check or presets, as they are kept."""


def store_filter(
    snapshot: Snapshot, object_: Object, given: JsonValue, *, place: str = "rule", is_kept: bool = False
) -> Stored:
    """Return a filter of an object's records as it is kept.

    Names and shapes are checked here; the values are checked by planning the rule once. One that is kept already may
    have time zones that an older release took.

    Raises:
        InvalidChange: it is no filter of these records; the message and `field` name the place below `place`.
    """
    return _kept(read_filter(snapshot, object_, given, place, is_kept=is_kept), place)


def store_data(snapshot: Snapshot, object_: Object, given: JsonValue, *, place: str = "preset") -> Stored:
    """Return presets of an object's fields as they are kept: values of fields, of sub-fields, and of keys.

    Raises:
        InvalidChange: it is no data of such a record; the message and `field` name the place below `place`.
    """
    return _kept(read_data(snapshot, object_, given, place), place)


def show(snapshot: Snapshot, stored: Stored, *, near: Object | None = None) -> JsonValue:
    """Return the filter or the data in the names that the fields have now; most of them are those of `near`.

    Raises:
        InvalidChange: a field that it names is not in the model.
    """
    own = near.by_id if near else {}
    fields = {field_id: own.get(field_id) or _find(snapshot, field_id) for field_id in fields_named(stored)}
    return _named(loads(stored.text), fields)


class Mention(NamedTuple):
    """A member of a filter or data that stands for a field.

    Attributes:
        ending: that of its name: `Id`, `Aggregate` or nothing.
        value: the condition on the field, which is an object, or the value for it.
        around: the name of the member that it stands in: `min` of an aggregate, for instance; None at the top.
    """

    field_id: UUID
    ending: str
    value: JsonValue
    around: str | None

    @property
    def texts(self) -> frozenset[str]:
        """All texts in its value."""
        return frozenset(one for one in _walk(self.value) if isinstance(one, str))


def find_mentions(stored: Stored) -> Iterator[Mention]:
    """Yield the members of a filter or data that stand for fields, the relations that it hops over among them."""
    pending: list[tuple[str | None, JsonValue]] = [(None, loads(stored.text))]
    while pending:
        around, value = pending.pop()
        match value:
            case dict():
                for key, member in value.items():
                    if found := KEY.fullmatch(key):
                        yield Mention(UUID(found[1]), ending=found[2], value=member, around=around)
                pending += value.items()
            case list():
                pending += [(around, item) for item in value]


def fields_named(stored: Stored) -> frozenset[UUID]:
    """Return the ids of the fields that a filter or data names, those of the relations that it hops over among them."""
    return frozenset(mention.field_id for mention in find_mentions(stored))


def claims_named(stored: Stored) -> frozenset[str]:
    """Return the names of the principal's values that a filter or data needs."""
    return frozenset(name for value in _walk(loads(stored.text)) if (name := claim_of(value)) is not None)


def _walk(value: JsonValue) -> Iterator[JsonValue]:
    """Yield a JSON value and all values inside it."""
    pending = [value]
    while pending:
        value = pending.pop()
        yield value
        match value:
            case dict():
                pending += value.values()
            case list():
                pending += value


def _find(snapshot: Snapshot, field_id: UUID) -> Field:
    for object_ in snapshot.objects.values():
        if field := object_.by_id.get(field_id):
            return field
    raise InvalidChange(f"The model has no field with the id {field_id}.")


def _named(value: JsonValue, fields: dict[UUID, Field]) -> JsonValue:
    match value:
        case dict():
            return {name_of(key, fields): _named(member, fields) for key, member in value.items()}
        case list():
            return [_named(item, fields) for item in value]
        case _:
            return value


def _kept(value: JsonValue, place: str) -> Stored:
    text = dumps(value)
    if len(text) > LONGEST:
        raise InvalidChange(f"{place} must have at most {LONGEST:,} characters, not {len(text):,}.", field=place)
    return Stored(text=text)
