"""The rules of saved roles: each is planned once with its values before it is kept."""

from collections.abc import Iterator

from fieldstone.engine.planner.access.check import check_data, check_rule
from fieldstone.metadata.access.effective import effective_claims, lineage
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.model import Object, Snapshot
from fieldstone.metadata.model.shared_parts import find_differing
from fieldstone.metadata.roles.role import Role, Way


def check_role_rules(before: Snapshot, after: Snapshot) -> None:
    """Refuse a change of roles after which a rule, a check or a preset of one, or of its heirs, could not be planned.

    Raises:
        InvalidChange: a value is not of its field's type; the message and `field` name the place.
    """
    changed = {id_ for id_, _, role in find_differing(before.roles, after.roles) if role is not None}
    if not changed:
        return
    for role in after.roles.values():
        if role.id in changed:
            _check(after, role)
        elif changed.intersection(one.id for one in lineage(after, role)):
            _check_heir(after, role)


def _check_heir(after: Snapshot, role: Role) -> None:
    """Refuse claims of the roles that a role inherits if its rules cannot use them."""
    try:
        _check(after, role)
    except InvalidChange as error:
        raise InvalidChange(
            f"claims: the role {role.name} inherits them; its {error.message}", field="claims"
        ) from None


def _check(after: Snapshot, role: Role) -> None:
    claims = effective_claims(after, role)
    for object_, way, place in _ways(after, role):
        if way.rule is not None:
            check_rule(after, object_, way.rule, claims, place=f"{place}.rule")
        if way.check is not None:
            check_rule(after, object_, way.check, claims, place=f"{place}.check")
        if way.presets is not None:
            check_data(after, object_, way.presets, claims, place=f"{place}.preset")


def _ways(snapshot: Snapshot, role: Role) -> Iterator[tuple[Object, Way, str]]:
    """Yield the ways on single objects that have a rule, a check or presets, with their places in `grants`."""
    places = {id_: place for place, id_ in enumerate(dict.fromkeys(grant.object_id for grant in role.grants))}
    for grant in role.grants:
        object_ = None if grant.object_id is None else snapshot.objects.get(grant.object_id)
        for place, way in enumerate(grant.ways) if object_ else ():
            if object_ is not None and way.stored:
                several = f"[{place}]" if len(grant.ways) > 1 else ""
                yield object_, way, f"grants[{places[grant.object_id]}].{grant.action.value}{several}"
