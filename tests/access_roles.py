"""Roles for tests: the rights on objects, by the names of these and of their fields."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import uuid4

from fieldstone.metadata.model import Object, Snapshot
from fieldstone.metadata.roles.role import WHOLLY, Action, Claim, Fields, Grant, Role, Stored, Way

Rights = Mapping[Action, Sequence[Way]]

READ_ONLY: Rights = {Action.READ: WHOLLY}
ALL: Rights = dict.fromkeys(Action, WHOLLY)
NONE: Rights = dict.fromkeys(Action, ())


def only(object_: Object, *names: str) -> Fields:
    """Return these fields of an object."""
    return Fields(ids=frozenset(object_.by_name[name].id for name in names), only=True)


def all_but(object_: Object, *names: str) -> Fields:
    """Return all fields of an object but these."""
    return Fields(ids=frozenset(object_.by_name[name].id for name in names))


def rule(object_: Object, name: str, value: str) -> Stored:
    """Return the rule that a field has a value, which is JSON."""
    return Stored(text=f'{{"@{object_.by_name[name].id}":{{"eq":{value}}}}}')


def make_role(
    snapshot: Snapshot,
    name: str,
    rights: Mapping[str, Rights],
    *,
    parents: Sequence[Role] = (),
    aggregates: bool = True,
    claims: Sequence[Claim] = (),
) -> Role:
    """Return a role with these rights by nameSingular, `*` for all objects."""
    return Role(
        id=uuid4(),
        name=name,
        label=name.title(),
        parents=tuple(parent.id for parent in parents),
        claims=tuple(claims),
        grants=tuple(
            Grant(
                object_id=None if singular == "*" else snapshot.by_singular[singular].id,
                action=action,
                ways=tuple(ways),
                aggregates=aggregates,
            )
            for singular, granted in rights.items()
            for action, ways in granted.items()
        ),
    )


def with_roles(snapshot: Snapshot, *roles: Role) -> Snapshot:
    """Return the snapshot with these roles beside its own."""
    return replace(snapshot, roles={**snapshot.roles, **{role.id: role for role in roles}})
