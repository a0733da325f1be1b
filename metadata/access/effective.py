"""The effective rights of a role: its ways and those of all roles that it inherits, for each object."""

from collections.abc import Mapping
from uuid import UUID

from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import Access, Field, Object, Snapshot
from fieldstone.metadata.roles.object_access import HIDDEN, WHOLE, ObjectAccess, preset_ids
from fieldstone.metadata.roles.role import WHOLLY, Action, Claim, Grant, Role, Way
from fieldstone.sql.frozen import frozen


@frozen
class Rights:
    """The effective rights of a role, without the relations that lead to hidden objects.

    Attributes:
        single: the rights on the objects that a grant of the role, or of one that it inherits, names.
        others: the rights on all other objects.
    """

    single: Mapping[UUID, ObjectAccess]
    others: ObjectAccess

    def on(self, object_id: UUID) -> ObjectAccess:
        """Return the rights on an object."""
        return self.single.get(object_id, self.others)


def allows_field(object_: Object, way: Way, field_id: UUID) -> bool:
    """Return whether a client may give a field's value by a way, which presets no end of its relation."""
    return way.fields.has(field_id) and preset_ids(way.presets).isdisjoint(object_.ends_beside(field_id))


def fields_to_give(object_: Object, action: Action) -> dict[str, Field]:
    """Return the fields that the role which sees an object may give at a create or an update, by their names."""
    rights = object_.rights
    return {
        name: field
        for name, field in object_.givable.items()
        if field.access is not Access.READ_ONLY
        and not (action is Action.UPDATE and field.access is Access.CREATE_ONLY)
        and field.type is not FieldType.TS_VECTOR
        and field.id not in rights.dropped
        and any(allows_field(object_, way, field.id) for way in rights.ways(action))
    }


def effective_rights(snapshot: Snapshot, role: Role) -> Rights:
    """Return the effective rights of a role.

    For each role by itself the grant for an object counts, even one of no ways, before the grant for all objects; the
    ways of the roles that it inherits come beside its own after that.
    """
    tables = [_index(one) for one in lineage(snapshot, role)]
    named = {object_id for table in tables for object_id in table if object_id is not None}
    return Rights(
        single={object_id: _join(tables, object_id) for object_id in named},
        others=_join(tables, None),
    )


def lineage(snapshot: Snapshot, role: Role) -> list[Role]:
    """Return a role and all roles that it inherits, each once; a circle, which is refused when it is saved, is cut."""
    found = {role.id: role}
    pending = [role]
    while pending:
        for parent_id in pending.pop().parents:
            parent = snapshot.roles.get(parent_id)
            if parent is not None and parent_id not in found:
                found[parent_id] = parent
                pending.append(parent)
    return list(found.values())


_Grants = Mapping[str, Grant]
"""The grants for one object, or for all, by the value of their action: a text's hash takes less time than an Enum's."""


def _index(role: Role) -> Mapping[UUID | None, _Grants]:
    found: dict[UUID | None, dict[str, Grant]] = {}
    for grant in role.grants:
        found.setdefault(grant.object_id, {})[grant.action.value] = grant
    return found


def _join(tables: list[Mapping[UUID | None, _Grants]], object_id: UUID | None) -> ObjectAccess:
    single = [table.get(object_id, {}) if object_id else {} for table in tables]
    every = [table.get(None, {}) for table in tables]
    granted = [{**usual, **own} for usual, own in zip(every, single, strict=True)]

    def ways(action: str) -> tuple[Way, ...]:
        return _simplified([way for grants in granted if action in grants for way in grants[action].ways])

    reads = [grants["read"] for grants in granted if "read" in grants]
    access = ObjectAccess(
        read=ways("read"),
        create=ways("create"),
        update=ways("update"),
        delete=ways("delete"),
        restore=ways("restore"),
        destroy=ways("destroy"),
        aggregates=any(grant.aggregates and grant.ways for grant in reads),
    )
    # One instance each, so that they are compared by identity.
    return next((known for known in (WHOLE, HIDDEN) if access == known), access)


def _simplified(ways: list[Way]) -> tuple[Way, ...]:
    """Return different ways in an order of their own; a way without restrictions makes all others needless."""
    found = tuple(dict.fromkeys(ways)) if len(ways) > 1 else tuple(ways)
    return WHOLLY if WHOLLY[0] in found else found


def effective_claims(snapshot: Snapshot, role: Role) -> tuple[Claim, ...]:
    """Return the claims of a role and of those that it inherits, each name once; all must allow that it is lacking."""
    found: dict[str, Claim] = {}
    for one in lineage(snapshot, role):
        for claim in one.claims:
            known = found.get(claim.name)
            if known is None or known.may_lack:
                found[claim.name] = claim
    return tuple(found.values())
