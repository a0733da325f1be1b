"""The principal of a request: `me`, with its rights, its limits and the server; `fieldRights`, its rights on fields."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

from fieldstone.engine.metadata_api.model.facts import Fact
from fieldstone.engine.metadata_api.model.stats import find_seen
from fieldstone.engine.metadata_api.roles.rights import own_role
from fieldstone.engine.metadata_api.writes import Arguments
from fieldstone.engine.schema.roots.principals import FIELD_RIGHTS, ME
from fieldstone.metadata.access.effective import effective_rights, fields_to_give
from fieldstone.metadata.access.limits import role_limits
from fieldstone.metadata.access.role_checks import effective_settings
from fieldstone.metadata.access.view import view_of
from fieldstone.metadata.api_names import Verb, lacking
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Field, Object, Snapshot, relation_end
from fieldstone.metadata.roles.object_access import ObjectAccess
from fieldstone.metadata.roles.principal import Principal, SubjectKind
from fieldstone.metadata.roles.role import Action, Role


class ServerFacts(NamedTuple):
    """The facts of a server that a principal is told.

    Attributes:
        version: of the program.
        environment: `production` or `development`.
        rate: operations of a key in a window; 0 is no limit.
        session_rate: the same of its sessions.
        page: the largest page.
        cost: the highest price of an operation; 0 is no limit.
    """

    version: str = ""
    environment: str = "production"
    rate: int = 0
    session_rate: int = 0
    page: int = 0
    cost: int = 0


UNKNOWN_SERVER: Final = ServerFacts()


def principal_facts(server: ServerFacts) -> Mapping[str, Fact]:
    """Return the root fields `me` and `fieldRights`."""

    async def me(model: Snapshot, principal: Principal, _arguments: Arguments) -> JsonValue:
        return describe_principal(server, model, principal)

    async def field_rights(model: Snapshot, principal: Principal, arguments: Arguments) -> JsonValue:
        return describe_field_rights(view_of(model, principal.role), arguments["objects"])

    return {"me": Fact(me, ME), "fieldRights": Fact(field_rights, FIELD_RIGHTS)}


def describe_principal(facts: ServerFacts, model: Snapshot, principal: Principal) -> dict[str, JsonValue]:
    """Return the members of `Me`.

    Raises:
        Forbidden: its role is not there any more.
    """
    role = own_role(model, principal)
    ends = principal.expires_at
    return {
        "kind": principal.kind.value,
        "id": str(principal.subject_id),
        "name": principal.name,
        "role": role.name,
        "workspace": model.workspace.name,
        "settings": sorted(setting.value for setting in effective_settings(model, role)),
        "may": _describe_rights(model, role),
        "modelVersion": str(model.version),
        "principal": dict(principal.claims),
        "key": principal.key_prefix,
        "limits": _describe_limits(facts, model, principal),
        # A visitor without a key is not helped to know the faults of a release.
        "version": None if principal.kind is SubjectKind.ANONYMOUS else facts.version,
        "environment": facts.environment,
        "session": None if principal.session_id is None else str(principal.session_id),
        "expiresAt": None if ends is None else f"{datetime.fromtimestamp(int(ends), UTC):%Y-%m-%dT%H:%M:%SZ}",
    }


def describe_field_rights(view: Snapshot, names: Sequence[str]) -> list[JsonValue]:
    """Return the members of each `FieldRights`, in the order of the names or ids of objects.

    Raises:
        BadUserInput: there are too many.
        NotFound: the role sees no such object.
    """
    return [
        {
            "object": object_.name_singular,
            "objectMetadataId": str(object_.id),
            "read": _name(view, object_.by_name) if object_.rights.read else [],
            "readInSome": [name for name, field in object_.by_name.items() if field.id in object_.guarded],
            "create": _name_given(view, object_, Verb.CREATE, Action.CREATE),
            "update": _name_given(view, object_, Verb.UPDATE, Action.UPDATE),
        }
        for object_ in find_seen(view, names)
    ]


def _name_given(view: Snapshot, object_: Object, verb: Verb, action: Action) -> list[JsonValue]:
    return _name(view, fields_to_give(object_, action)) if lacking(object_, verb) is None else []


def _name(view: Snapshot, fields: Mapping[str, Field]) -> list[JsonValue]:
    """Return the names of fields, without relations that have no key and lead to no object that the role reads."""
    return [name for name, field in fields.items() if field.parts or relation_end(view, field) is not None]


def _describe_rights(model: Snapshot, role: Role) -> dict[str, JsonValue]:
    """Return the actions that are allowed on some records, for all objects under `*` and for those that differ."""
    rights = effective_rights(model, role)
    usual = _actions(rights.others)
    found: dict[str, JsonValue] = {"*": usual}
    for id_, access in rights.single.items():
        object_ = model.objects.get(id_)
        if object_ is not None and object_.is_active and access.is_visible and _actions(access) != usual:
            found[object_.name_singular] = _actions(access)
    return found


def _actions(access: ObjectAccess) -> list[JsonValue]:
    actions = [action.value for action in Action if access.ways(action)]
    return [*actions, *(["aggregate"] if access.aggregates else [])]


def _describe_limits(facts: ServerFacts, model: Snapshot, principal: Principal) -> dict[str, JsonValue]:
    """Return the limits as they hold: the lower one of the role and the server, and the role's rate; null is none."""
    limits = role_limits(model, principal.role)
    usual = facts.rate if principal.session_id is None else facts.session_rate
    costs = [cost for cost in (facts.cost, limits.cost) if cost]
    return {
        "maxPage": facts.page if limits.page is None else min(facts.page, limits.page),
        "maxCost": min(costs, default=None),
        "rateLimit": (usual if limits.rate is None else limits.rate) or None,
    }
