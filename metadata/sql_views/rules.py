"""The rules of a role in the views of its SQL roles: the ways that a SQL role has, and the columns that they read."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from uuid import UUID

from fieldstone.metadata.access.claims import coerce_claims
from fieldstone.metadata.access.effective import effective_claims
from fieldstone.metadata.access.rules import claims_named, fields_named
from fieldstone.metadata.access.view import restrict
from fieldstone.metadata.errors import PrincipalValueRefused
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Object, Snapshot
from fieldstone.metadata.roles.role import Role
from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.elements import Table
from fieldstone.sql.plan.operands import Column


@frozen
class RowRules:
    """The rules on an object's records as SQL over the table's row, which is called `alias` there.

    Attributes:
        rows: the condition on the records that are read; None: all of them are.
        guards: the condition on the records in which a column has its value, by the names of columns; in the others it
            is NULL.
    """

    alias: str
    rows: str | None
    guards: Mapping[str, str]


CompileRules = Callable[[Snapshot, Object, Mapping[str, JsonValue]], RowRules | None]
"""Compiles the rules of an object, as a role sees it, with the principal's values; None: a value is refused."""


def typed_values(model: Snapshot, role: Role, given: Mapping[str, JsonValue]) -> Mapping[str, JsonValue]:
    """Return the values that a role declares, typed, without those that are missing or not of their type."""
    found: dict[str, JsonValue] = {}
    for claim in effective_claims(model, role):
        try:
            found |= coerce_claims((claim,), given)
        except PrincipalValueRefused:
            continue
    return found


def limit_ways(object_: Object, values: Mapping[str, JsonValue], *, has_rules: bool) -> Object:
    """Return an object, as a role sees it, without the ways of reading whose rules need a value that is not given.

    Args:
        object_: the object in the role's view.
        values: the principal's values.
        has_rules: False: the ways that have a rule are left out, whatever they need.
    """
    access = object_.rights
    ways = tuple(
        way for way in access.read if way.rule is None or (has_rules and claims_named(way.rule).issubset(values.keys()))
    )
    return object_ if ways == access.read else restrict(object_.whole, replace(access, read=ways))


def rule_fields(object_: Object) -> frozenset[UUID]:
    """Return the ids of the fields that the rules of an object's ways of reading name."""
    return frozenset[UUID]().union(*(fields_named(way.rule) for way in object_.rights.read if way.rule is not None))


def rule_columns(model: Snapshot, object_: Object) -> frozenset[tuple[Table, Column]]:
    """Return the columns, each with its table, that the rules of an object's ways of reading may need."""
    named = rule_fields(object_)
    return frozenset(_columns(model.whole, named)) if named else frozenset()


def fields_around(model: Snapshot, ids: frozenset[UUID]) -> frozenset[UUID]:
    """Return the ids of the fields that a rule names if it reads records of one of these objects."""
    own = {field.id for id_ in ids if (object_ := model.objects.get(id_)) for field in object_.fields}
    ends = {
        end
        for relation in model.relations.values()
        if relation.source_object_id in ids or relation.target_object_id in ids
        for end in (relation.source_field_id, relation.target_field_id)
    }
    return frozenset(own | ends)


def _columns(model: Snapshot, named: frozenset[UUID]) -> Iterator[tuple[Table, Column]]:
    fields, objects = set(named), set[UUID]()
    for relation in model.relations.values():
        ends = {relation.source_field_id, relation.target_field_id}
        if not ends.isdisjoint(named):
            fields |= ends
            objects |= {relation.source_object_id, relation.target_object_id}
    for object_ in model.objects.values():
        found = fields & object_.by_id.keys()
        for id_ in found:
            yield from ((object_.table, part.column) for part in object_.by_id[id_].parts)
        if found or object_.id in objects:
            yield object_.table, object_.key
            if object_.deleted_at is not None:
                yield object_.table, object_.deleted_at
