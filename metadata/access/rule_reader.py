"""The reader of rules and presets: it finds each name in the model and says where a name or a shape is wrong."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from fieldstone.metadata.access.stored_keys import CLAIM_NAME, KEY, claim_of, has_claim, key_of
from fieldstone.metadata.aggregates import BY_NAME, aggregated
from fieldstone.metadata.api_names import AGGREGATE_ENDING, JUNCTIONS, Quantifier
from fieldstone.metadata.errors import InvalidChange, InvalidValue
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.known_names import known_names
from fieldstone.metadata.model import Access, Field, Object, Part, RelationEnd, Snapshot, relation_end
from fieldstone.metadata.operators import ORDERED, Argument, Operator
from fieldstone.metadata.scalars import shown
from fieldstone.metadata.time_zones import coerce_zone

DEEPEST = 30
"""Levels of objects in a rule."""

_PRESENCE = frozenset({"is", "isNot"})
_WITHOUT_CLAIMS = frozenset({Argument.FLAG, Argument.PRESENCE, Argument.PERIOD, Argument.PATHS})


class _Place(NamedTuple):
    """A place in a rule; `depth` counts the objects around it, `is_kept` says that the catalog has the rule."""

    path: str
    depth: int = 0
    is_kept: bool = False

    def at(self, name: str) -> "_Place":
        """Return the place of a member.

        Raises:
            InvalidChange: it is too deep.
        """
        if self.depth >= DEEPEST:
            raise self.error(f"is nested too deeply: at most {DEEPEST} levels are allowed")
        return _Place(f"{self.path}.{name}", self.depth + 1, self.is_kept)

    def error(self, message: str) -> InvalidChange:
        """Return the refusal of this place, whose name `message` follows."""
        return InvalidChange(f"{self.path} {message}.", field=self.path)

    def unknown(self, name: str, kind: str, known: Sequence[str]) -> InvalidChange:
        """Return the refusal of a name that is not among the known ones."""
        return self.error(f"has no {kind} {shown(name)}{known_names(name, known)}")


def read_filter(
    snapshot: Snapshot, object_: Object, given: JsonValue, place: str, *, is_kept: bool = False
) -> JsonValue:
    """Return a filter of an object's records with ids in the place of the fields' names.

    One that is kept already may have time zones that an older release took.

    Raises:
        InvalidChange: a name or a shape in it is wrong.
    """
    return _filter(snapshot, object_, given, _Place(place, is_kept=is_kept))


def read_data(snapshot: Snapshot, object_: Object, given: JsonValue, place: str) -> JsonValue:
    """Return the data of a record with ids in the place of the fields' names.

    Raises:
        InvalidChange: a name or a value in it is wrong.
    """
    here = _Place(place)
    known = {name: field for name, field in object_.by_name.items() if field.relation_id is None and field.parts}
    read: dict[str, JsonValue] = {}
    for name, value in _members(given, here, "values by field").items():
        below = here.at(name)
        field, ending = (object_.foreign_keys[name], "Id") if name in object_.foreign_keys else (known.get(name), "")
        if field is None:
            if name in object_.by_name:
                keyed = f"{name}Id"
                hint = f"; preset {keyed}" if keyed in object_.foreign_keys else ""
                raise below.error(f"is a relation, whose records cannot be preset{hint}")
            raise here.unknown(name, "field", [*known, *object_.foreign_keys])
        if ending and relation_end(snapshot, field) is None:
            raise below.error("leads to an object that is not active")
        if field.access is Access.READ_ONLY:
            raise below.error("is computed and cannot be preset")
        if field.is_composite:
            parts = {part.name or "": part for part in field.parts}
            for sub, one in _members(value, below, "values by sub-field").items():
                if sub not in parts:
                    raise below.unknown(sub, "sub-field", list(parts))
                _check_part(parts[sub], one, below.at(sub))
        else:
            _check_part(field.parts[0], value, below)
            if value is None and not field.can_be_null:
                raise below.error("must not be null")
        read[key_of(field, ending)] = value
    return read


def _check_part(part: Part, value: JsonValue, place: _Place) -> None:
    """Check a preset value; a principal's value is checked by its type, which its role declares."""
    _check_value(value, place)
    items = value if isinstance(value, list) and part.scalar.element else [value]
    if value is None or any(claim_of(item) is not None for item in items):
        return
    try:
        part.scalar.coerce(value)
    except InvalidValue as error:
        raise place.error(error.message) from None
    if (
        part.options is not None
        and (wrong := next((one for one in items if one not in part.options), None)) is not None
    ):
        raise place.unknown(str(wrong), "option", list(part.options))


def _members(given: JsonValue, place: _Place, kind: str) -> Mapping[str, JsonValue]:
    if not isinstance(given, dict):
        raise place.error(f"must be an object of {kind}, not {shown(given)}")
    return given


def _filter(snapshot: Snapshot, object_: Object, given: JsonValue, place: _Place) -> dict[str, JsonValue]:
    read: dict[str, JsonValue] = {}
    for name, value in _members(given, place, "conditions").items():
        below = place.at(name)
        if name in ("and", "or"):
            items = value if isinstance(value, list) else [value]
            read[name] = [_filter(snapshot, object_, item, below.at(str(at))) for at, item in enumerate(items)]
        elif name == "not":
            read[name] = _filter(snapshot, object_, value, below)
        else:
            field, ending, condition = _condition(snapshot, object_, name, value, place)
            read[key_of(field, ending)] = condition
    return read


def _condition(
    snapshot: Snapshot, object_: Object, name: str, value: JsonValue, place: _Place
) -> tuple[Field, str, JsonValue]:
    """Return the field that a member of a filter names, the name's ending, and the condition on it."""
    below = place.at(name)
    if holder := object_.foreign_keys.get(name):
        return holder, "Id", _operators(holder.parts[0].operators, value, below)
    field = object_.by_name.get(name)
    if field is None:
        totalled = object_.by_name.get(name.removesuffix(AGGREGATE_ENDING)) if name.endswith(AGGREGATE_ENDING) else None
        end = relation_end(snapshot, totalled) if totalled else None
        if totalled is None or end is None or end.to_one:
            raise place.unknown(name, "field", [*object_.by_name, *object_.foreign_keys, *JUNCTIONS])
        return totalled, AGGREGATE_ENDING, _totals(snapshot, end, value, below)
    if field.relation_id is not None:
        end = relation_end(snapshot, field)
        if end is None:
            raise below.error("leads to an object that is not active")
        return field, "", (_one if end.to_one else _many)(snapshot, end, value, below)
    if field.is_composite:
        parts = {part.name or "": part for part in field.parts}
        read: dict[str, JsonValue] = {}
        for sub, member in _members(value, below, "conditions by sub-field").items():
            if sub not in parts:
                raise below.unknown(sub, "sub-field", list(parts))
            read[sub] = _operators(parts[sub].operators, member, below.at(sub))
        return field, "", read
    return field, "", _operators(field.parts[0].operators, value, below)


def _one(snapshot: Snapshot, end: RelationEnd, value: JsonValue, place: _Place) -> dict[str, JsonValue]:
    members = dict(_members(value, place, "conditions"))
    presence = {name: members.pop(name) for name in _PRESENCE if name in members and name not in end.target.by_name}
    for name, said in presence.items():
        if said not in (None, "NULL", "NOT_NULL"):
            raise place.at(name).error(f"must be NULL or NOT_NULL, not {shown(said)}")
    return presence | _filter(snapshot, end.target, members, place)


def _many(snapshot: Snapshot, end: RelationEnd, value: JsonValue, place: _Place) -> dict[str, JsonValue]:
    read: dict[str, JsonValue] = {}
    for name, member in _members(value, place, "some, every, none or isEmpty").items():
        below = place.at(name)
        if name == Quantifier.IS_EMPTY.value:
            if not isinstance(member, bool):
                raise below.error(f"must be true or false, not {shown(member)}")
            read[name] = member
        elif name in [quantifier.value for quantifier in Quantifier]:
            read[name] = _filter(snapshot, end.target, member, below)
        else:
            raise place.unknown(name, "quantifier", [quantifier.value for quantifier in Quantifier])
    return read


def _totals(snapshot: Snapshot, end: RelationEnd, value: JsonValue, place: _Place) -> dict[str, JsonValue]:
    """Return the conditions on the aggregates of the records that a to-many relation leads to."""
    read: dict[str, JsonValue] = {}
    for name, member in _members(value, place, "aggregates").items():
        below = place.at(name)
        if name == "filter":
            read[name] = _filter(snapshot, end.target, member, below)
        elif name == "count":
            read[name] = _operators(ORDERED, member, below)
        elif aggregation := BY_NAME.get(name):
            known = {word: (field, parts) for word, field, parts in aggregated(end.target, aggregation.role)}
            read[name] = {}
            for word, said in _members(member, below, "conditions by field").items():
                if word not in known:
                    raise below.unknown(word, "field", list(known))
                field, parts = known[word]
                operators = parts[0].operators if aggregation.name in ("min", "max") else ORDERED
                ending = "Id" if field.relation_id is not None else ""
                read[name][key_of(field, ending)] = (
                    {sub: _operators(operators, one, below.at(word).at(sub)) for sub, one in said.items()}
                    if field.is_composite and isinstance(said, dict)
                    else _operators(operators, said, below.at(word))
                )
        else:
            raise place.unknown(name, "aggregate", ["filter", "count", *BY_NAME])
    return read


def _operators(operators: Sequence[Operator], value: JsonValue, place: _Place) -> dict[str, JsonValue]:
    """Return operators with their arguments; only an argument whose value is no part of a plan may be a claim."""
    known = {operator.name: operator for operator in operators}
    read = dict(_members(value, place, "operators"))
    for name, argument in read.items():
        if name not in known:
            raise place.unknown(name, "operator", tuple(known))
        _check_value(argument, place.at(name))
        if known[name].argument in _WITHOUT_CLAIMS and has_claim(argument):
            raise place.at(name).error("cannot be given by a principal's value")
        if known[name].argument is Argument.PERIOD and isinstance(argument, dict) and not place.is_kept:
            _check_zone(argument.get("timeZone"), place.at(name).at("timeZone"))
    return read


def _check_zone(name: JsonValue, place: _Place) -> None:
    """Refuse a text that is no time zone's name; a value of another type is refused by the schema."""
    try:
        if isinstance(name, str):
            coerce_zone(name)
    except InvalidValue as error:
        raise place.error(error.message) from None


def _check_value(value: JsonValue, place: _Place) -> None:
    """Refuse a value that would be taken for something else: a key that stands for a field, a nameless claim."""
    match value:
        case dict():
            for key, member in value.items():
                if KEY.fullmatch(key):
                    raise place.error(f"must not have the key {shown(key)}, which stands for a field")
                _check_value(member, place.at(key))
        case list():
            for item in value:
                _check_value(item, place)
        case _ if (name := claim_of(value)) is not None and not CLAIM_NAME.fullmatch(name):
            raise place.error(f"must name a principal's value as in $principal.userId, not by {shown(value)}")
