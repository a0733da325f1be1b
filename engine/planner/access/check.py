"""The check of a rule or of presets when a role is saved: held against the schema, and planned once in vain."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, cast

from graphql import (
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLScalarType,
    get_named_type,
    validate_input_value,
)

from fieldstone.engine.documents.document import DocumentLimits, parse_operation
from fieldstone.engine.errors import ApiError
from fieldstone.engine.planner.access.rules import stored_tree
from fieldstone.engine.planner.arguments.input_values import is_of
from fieldstone.engine.planner.arguments.trees import Bindings, Blame, PrincipalValueUnusable
from fieldstone.engine.planner.context import ParameterList, PlanContext, RecordLimits
from fieldstone.engine.planner.reads.filters.conditions import filter_condition
from fieldstone.engine.planner.reads.search.filter_types import input_type
from fieldstone.metadata import scalars
from fieldstone.metadata.access.claims import notation
from fieldstone.metadata.access.rules import claims_named, show
from fieldstone.metadata.access.stored_keys import claim_of
from fieldstone.metadata.api_names import TypeRole
from fieldstone.metadata.errors import InvalidChange, InvalidValue
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Object, Part, Snapshot
from fieldstone.metadata.roles.role import Claim, Stored
from fieldstone.metadata.scalars import Scalar

_SAMPLES: Final[Mapping[Scalar, JsonValue]] = {
    scalars.UUID: "ffffffff-ffff-4fff-bfff-ffffffffffff",
    scalars.STRING: "text",
    scalars.BOOLEAN: True,
    scalars.INT: 2**31 - 1,
    scalars.DECIMAL: 1.5,
    scalars.DATE: "2024-02-29",
    scalars.DATE_TIME: "2024-02-29T23:59:59.999999Z",
}
"""A value of each type of claims that no narrower type has."""


def check_rule(
    snapshot: Snapshot, object_: Object, rule: Stored, claims: Sequence[Claim], *, place: str = "rule"
) -> None:
    """Refuse a rule or a check that could not be planned, or whose values are not of the fields' types.

    Args:
        snapshot: the whole model.
        object_: the object of the records, whole.
        rule: as it is kept.
        claims: the principal's values that the role declares, those of its parents among them.
        place: the rule's place in the role, for the message.

    Raises:
        InvalidChange: the model has no such rule, or the rule names a value that is not declared.
    """
    samples = _samples(rule, claims, place)
    given = show(snapshot, rule)
    _hold_against_schema(snapshot, object_, given, samples, place)
    context = PlanContext(
        snapshot=snapshot,
        operation=parse_operation("{ __typename }", None, DocumentLimits()),
        variables={},
        limits=RecordLimits(),
        parameters=ParameterList(tried=Bindings(variables={}, actor="", claims=samples)),
        is_rule=True,
    )
    try:
        condition = filter_condition(context, object_, stored_tree(given), Blame(field=place, path=()))
    except ApiError as error:
        message = error.detail if isinstance(error, PrincipalValueUnusable) else error.message
        raise InvalidChange(f"{place}: {message}", field=place) from None
    if condition is None and given != {}:
        raise InvalidChange(f"{place} says nothing; to mean all records write {{}}.", field=place)


def check_data(
    snapshot: Snapshot, object_: Object, data: Stored, claims: Sequence[Claim], *, place: str = "preset"
) -> None:
    """Refuse presets whose principal's values are not declared, or not of the fields' types.

    Raises:
        InvalidChange: the presets are refused.
    """
    samples = _samples(data, claims, place)
    for name, value in show(snapshot, data).items():
        field = object_.held_keys.get(name) or object_.active[name]
        if field.is_composite and isinstance(value, dict):
            parts = {part.name: part for part in field.parts}
            for sub, one in value.items():
                _check_value(parts[sub], one, samples, f"{place}.{name}.{sub}")
        else:
            _check_value(field.parts[0], value, samples, f"{place}.{name}")


def _check_value(part: Part, value: JsonValue, samples: Mapping[str, JsonValue], place: str) -> None:
    if value is None:
        return
    given = _with_samples(value, samples)
    try:
        part.scalar.coerce(given)
    except InvalidValue as error:
        raise InvalidChange(f"{place} {error.message}.", field=place) from None


def _samples(stored: Stored, claims: Iterable[Claim], place: str) -> Mapping[str, JsonValue]:
    """Return a value for each claim; of a list a list of two."""
    declared = {claim.name: claim for claim in claims}
    for name in sorted(claims_named(stored)):
        if name not in declared:
            known = ", ".join(f"{claim.name}: {notation(claim)}" for claim in declared.values()) or "no values"
            raise InvalidChange(
                f"{place} names the principal's value '{name}', which the role's claims do not declare; "
                f"they declare {known}.",
                field=place,
            )
    values = {name: _SAMPLES[claim.scalar] for name, claim in declared.items()}
    return {name: [value, value] if declared[name].is_list else value for name, value in values.items()}


def _hold_against_schema(
    snapshot: Snapshot, object_: Object, given: JsonValue, samples: Mapping[str, JsonValue], place: str
) -> None:
    """Refuse a value that no client could send as this object's filter; the planner judges the claims."""
    for path, message in refused_places(input_type(snapshot, object_, TypeRole.FILTER), _with_samples(given, samples)):
        if not _is_claim(given, path):
            where = ".".join(map(str, (place, *path)))
            raise InvalidChange(f"{where}: {message}", field=where)


def refused_places(kind: GraphQLInputType, given: JsonValue) -> list[tuple[tuple[str | int, ...], str]]:
    """Return the places in a value that no client could send as this type, each with its refusal."""
    refused: list[tuple[tuple[str | int, ...], str]] = []

    def refuse(error: GraphQLError, path: list[str | int]) -> None:
        if not _is_leaf(kind, given, path):
            refused.append((tuple(path), error.message))

    validate_input_value(given, kind, refuse)
    return refused


def _is_claim(given: JsonValue, path: Sequence[str | int]) -> bool:
    """Return whether a claim stands at a place, or a list that a claim is."""
    for step in path:
        if isinstance(given, dict):
            given = given.get(step)
        elif isinstance(given, list) and isinstance(step, int):
            given = given[step]
    return claim_of(given) is not None


def _is_leaf(declared: GraphQLInputType, given: JsonValue, path: Sequence[str | int]) -> bool:
    """Return whether a client could send the value at a place: graphql-core's numbers take no Decimal."""
    for step in path:
        given = given[step]
        if isinstance(step, str):
            declared = cast("GraphQLInputObjectType", get_named_type(declared)).fields[step].type
    leaf = get_named_type(declared)
    return isinstance(leaf, GraphQLScalarType) and given is not None and is_of(leaf, given)


def _with_samples(value: JsonValue, samples: Mapping[str, JsonValue]) -> JsonValue:
    match value:
        case dict():
            return {name: _with_samples(member, samples) for name, member in value.items()}
        case list():
            return [_with_samples(item, samples) for item in value]
        case _:
            claim = claim_of(value)
            return value if claim is None else samples[claim]
