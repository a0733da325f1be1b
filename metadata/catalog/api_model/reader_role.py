"""The role in the catalog's own model of a principal that does not see all of its workspace's model."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from fieldstone.metadata.access.effective import effective_claims, lineage
from fieldstone.metadata.catalog.api_model.notation import catalog_id
from fieldstone.metadata.json_text import JsonValue, dumps, loads
from fieldstone.metadata.model import Object, Snapshot, relation_end
from fieldstone.metadata.roles.principal import Principal
from fieldstone.metadata.roles.role import PRINCIPAL_PREFIX, Action, Claim, Fields, Grant, Role, Stored, Way, find_role
from fieldstone.metadata.scalars import JSON, STRING
from fieldstone.metadata.scalars import UUID as UUID_SCALAR

_LISTS: Final = {"object": "objects", "field": "fields", "relation": "fields", "index": "indexes"}
"""The claims that list the ids of the records that are shown, by the catalog's object."""


_ALL, _UNBOUND, _OWN, _VALUES, _LACKED = "allRoles", "rolesWithoutValues", "ownRoles", "ownValues", "lackedValues"
"""The claims about the webhooks whose deliveries are shown."""
_SHOWN: Final = "shownRoles"
"""The claim that lists the roles whose webhooks are shown: their operations name objects that the reader sees, too."""


def _named(claim: str) -> str:
    return f"{PRINCIPAL_PREFIX}{claim}"


def _delivery_ways() -> tuple[Way, ...]:
    """Return the ways to deliveries: of all webhooks, and of those whose role reads nothing that the reader does not.

    A position counts the events of all workspaces, so the second way has neither it nor the body, which has it, too.
    """
    role, claims = (f"@{catalog_id('webhook', name)}" for name in ("role", "claims"))
    own = {
        role: {"in": _named(_OWN)},
        claims: {"contains": _named(_VALUES)},
        "not": {claims: {"hasAnyKeys": _named(_LACKED)}},
    }
    covered = {"or": [{role: {"in": _named(_UNBOUND)}}, own]}
    withheld = Fields(ids=frozenset(catalog_id("webhookDelivery", name) for name in ("position", "request")))
    webhook = f"@{catalog_id('webhookDelivery', 'webhook')}"
    return (
        Way(rule=Stored(text=dumps({webhook: {role: {"in": _named(_ALL)}}}))),
        Way(rule=Stored(text=dumps({webhook: covered})), fields=withheld),
    )


def _try_ways() -> tuple[Way, ...]:
    """Return the ways to attempts: those of the deliveries that are shown."""
    delivery = f"@{catalog_id('webhookTry', 'delivery')}"
    rules = [loads(way.rule.text) for way in _delivery_ways() if way.rule is not None]
    return (Way(rule=Stored(text=dumps({delivery: {"or": rules}}))),)


def _rule(name: str, claim: str, field: str = "id") -> Stored:
    return Stored(text=dumps({f"@{catalog_id(name, field)}": {"in": _named(claim)}}))


READER: Final = Role(
    id=catalog_id("the role of readers"),
    name="reader",
    label="Reader",
    grants=(
        Grant(object_id=None, action=Action.READ),
        *(
            Grant(object_id=catalog_id(name), action=Action.READ, ways=(Way(rule=_rule(name, claim)),))
            for name, claim in _LISTS.items()
        ),
        Grant(object_id=catalog_id("webhook"), action=Action.READ, ways=(Way(rule=_rule("webhook", _SHOWN, "role")),)),
        Grant(object_id=catalog_id("webhookDelivery"), action=Action.READ, ways=_delivery_ways()),
        Grant(object_id=catalog_id("webhookTry"), action=Action.READ, ways=_try_ways()),
    ),
    claims=(
        *(Claim(name=name, scalar=UUID_SCALAR, is_list=True) for name in dict.fromkeys(_LISTS.values())),
        *(Claim(name=name, scalar=STRING, is_list=True) for name in (_SHOWN, _ALL, _UNBOUND, _OWN, _LACKED)),
        Claim(name=_VALUES, scalar=JSON),
    ),
)
"""It reads the objects, fields, relations and indexes that its claims list, the webhooks of the roles that it may bind
or inherits, the deliveries of those whose role reads no more than it does, and the rest of the catalog.
"""


def covered_webhooks(
    model: Snapshot, principal: Principal, *, is_whole: bool, binds_all: bool
) -> Mapping[str, JsonValue]:
    """Return the claims of a reader about webhooks: the roles and values of those that read no more than it does.

    Args:
        model: the model with the roles.
        principal: the reader.
        is_whole: whether its role sees the whole model.
        binds_all: whether it may bind any role to a webhook.
    """
    role = find_role(model.roles, principal.role)
    inherited = () if role is None else lineage(model, role)
    declared = [] if role is None else [claim.name for claim in effective_claims(model, role)]
    values = {name: principal.claims[name] for name in declared if name in principal.claims}
    # A list contains each shorter one, whose webhook may read less than this principal, or more.
    has_lists = any(isinstance(value, list) for value in values.values())
    every = [one.name for one in model.roles.values()]
    return {
        _SHOWN: every if is_whole or binds_all else [one.name for one in inherited],
        _ALL: every if is_whole else [],
        _UNBOUND: [one.name for one in inherited if not effective_claims(model, one)],
        _OWN: [] if has_lists else [one.name for one in inherited],
        _VALUES: values,
        _LACKED: [name for name in declared if name not in values],
    }


def shown_parts(view: Snapshot) -> Mapping[str, JsonValue]:
    """Return the claims of a reader: the ids of the parts of a model that are in the schema of the view's role."""
    shown = {id_: shown_fields(view, object_) for id_, object_ in view.objects.items() if object_.is_active}
    readable = {field.id for id_ in shown for field in view.objects[id_].by_name.values()}
    return {
        "objects": [str(id_) for id_ in shown],
        "fields": [str(id_) for ids in shown.values() for id_ in ids],
        "indexes": [str(index.id) for index in view.indexes.values() if readable.issuperset(index.field_ids)],
    }


def shown_fields(view: Snapshot, object_: Object) -> list[UUID]:
    """Return the fields of an object that a role reads or gives, but for relations that its schema leaves out.

    A relation that holds a key is in the schema by its key at least.
    """
    return [
        field.id
        for field in object_.known.values()
        if field.relation_id is None or field.parts or relation_end(view, field) is not None
    ]


def all_parts(model: Snapshot) -> Mapping[str, JsonValue]:
    """Return the claims of a reader that sees all of a model, its hidden parts too."""
    return {
        "objects": [str(id_) for id_ in model.objects],
        "fields": [str(field.id) for object_ in model.objects.values() for field in object_.fields],
        "indexes": [str(id_) for id_ in model.indexes],
    }
