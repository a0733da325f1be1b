"""The rights of a principal in the Metadata API: the settings that a root field needs, and roles that it may bind."""

from collections.abc import Iterable, Mapping
from typing import Final
from uuid import UUID

from fieldstone.engine.documents.document import Selected
from fieldstone.engine.errors import ApiError, BadUserInput, Forbidden
from fieldstone.engine.schema.roots.metadata_changes import MUTATIONS, alias_of
from fieldstone.metadata.access.claims import find_undeclared
from fieldstone.metadata.access.effective import effective_claims
from fieldstone.metadata.access.role_checks import effective_settings, reads_all
from fieldstone.metadata.access.view import type_claims
from fieldstone.metadata.api_names import find_query
from fieldstone.metadata.changes import Change
from fieldstone.metadata.changes.kinds.kind import Subject
from fieldstone.metadata.changes.kinds.table import kind_of
from fieldstone.metadata.errors import PrincipalValueRefused
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.principal import Principal
from fieldstone.metadata.roles.role import Role, Setting, find_role
from fieldstone.metadata.scalars import shown

_OF_SUBJECT = {subject: Setting.ROLES if subject is Subject.ROLE else Setting.DATA_MODEL for subject in Subject}

_OF_MUTATION: Final[Mapping[str, Setting]] = {
    **{action: _OF_SUBJECT[asked.answer] for action, asked in MUTATIONS.items()},
    **{alias_of(action, asked): _OF_SUBJECT[asked.answer] for action, asked in MUTATIONS.items() if asked.has_alias},
    **dict.fromkeys(("createApiKey", "revokeApiKey", "rotateApiKey"), Setting.API_KEYS),
    **dict.fromkeys(("createWebhook", "updateWebhook", "deleteWebhook", "testWebhook"), Setting.WEBHOOKS),
    **dict.fromkeys(("redeliver", "redeliverFailed"), Setting.WEBHOOKS),
    **dict.fromkeys(("importDocuments", "removeDocuments", "brokenDocuments"), Setting.DOCUMENTS),
    "rollback": Setting.DATA_MODEL,
    **dict.fromkeys(("planRollback", "deriveNames", "builds"), Setting.DATA_MODEL),
    **dict.fromkeys(("metrics", "processes"), Setting.METRICS),
}
"""The settings that root fields need by name. A list of changes needs those of its changes; any other needs ROLES."""

_OF_RECORDS: Final[Mapping[str, Setting | None]] = {
    **dict.fromkeys(("object", "field", "relation", "index"), None),
    "apiKey": Setting.API_KEYS,
    "role": Setting.ROLES,
    "metadataChange": Setting.HISTORY,
    "auditEntry": Setting.AUDIT,
    "slowOperation": Setting.METRICS,
    "trustedDocument": Setting.DOCUMENTS,
    "webhook": Setting.WEBHOOKS,
    "webhookDelivery": Setting.WEBHOOKS,
    "webhookTry": Setting.WEBHOOKS,
}
"""The settings that reading the catalog's objects needs; the model itself is shown as far as the role sees it."""

_OTHERS: Final = "a role or claims other than its own"
_LISTS = frozenset({"applyChanges", "planChanges"})
_FOR_ALL = frozenset(
    {
        *("__typename", "__schema", "__type", "me", "modelVersion", "fieldTypes", "objectStats", "modelChanged"),
        *("events", "fieldRights", "views", "createView", "updateView", "deleteView", "preferences", "setPreferences"),
    }
)


def own_role(snapshot: Snapshot, principal: Principal) -> Role:
    """Return the role of a principal.

    Raises:
        Forbidden: it is not there any more.
    """
    role = find_role(snapshot.roles, principal.role)
    if role is None:
        raise Forbidden("The role of this request does not exist, or not any more.")
    return role


def require(snapshot: Snapshot, principal: Principal, setting: Setting, name: str) -> None:
    """Refuse a root field, or another act, that a principal's role has not the setting for.

    Raises:
        Forbidden: it names the role and the setting.
    """
    role = own_role(snapshot, principal)
    if setting not in effective_settings(snapshot, role):
        raise Forbidden(f"The role '{role.name}' lacks the setting {setting.value}, which {name} needs.")
    if setting is Setting.DATA_MODEL and not reads_all(snapshot, role):
        raise Forbidden(
            f"The role '{role.name}' may not use its setting DATA_MODEL, which {name} needs: it does not read all"
            " records of all objects."
        )


def may_ask_for(snapshot: Snapshot, catalog: Snapshot, principal: Principal, name: str) -> bool:
    """Return whether a principal's role has the settings for a root field."""
    try:
        for setting in _settings_of(catalog, name, {}):
            require(snapshot, principal, setting, name)
    except Forbidden:
        return False
    return True


def require_root(
    snapshot: Snapshot, catalog: Snapshot, principal: Principal, root: Selected, arguments: Mapping[str, JsonValue]
) -> None:
    """Refuse a root field that a principal's role has not the settings for.

    Raises:
        Forbidden: it names the role and the setting, and the field's place.
    """
    try:
        for setting in _settings_of(catalog, root.name, arguments):
            require(snapshot, principal, setting, root.name)
    except ApiError as error:
        error.path, error.locations = (root.key,), root.location
        raise


def _settings_of(catalog: Snapshot, name: str, arguments: Mapping[str, JsonValue]) -> Iterable[Setting]:
    if name in _FOR_ALL:
        return ()
    if name in _LISTS:
        return _settings_of_list(arguments.get("changes"))
    if name in _OF_MUTATION:
        return (_OF_MUTATION[name],)
    read = find_query(catalog, name)
    setting = _OF_RECORDS.get(read.object.name_singular, Setting.ROLES) if read else Setting.ROLES
    return () if setting is None else (setting,)


def _settings_of_list(changes: JsonValue) -> Iterable[Setting]:
    listed = changes if isinstance(changes, list) else [changes]
    actions = {action for change in listed if isinstance(change, dict) for action in change}
    known = {_OF_SUBJECT[asked.answer] for action in actions if (asked := MUTATIONS.get(action))}
    # An unknown change is refused later; the problems of the others are then told.
    return known or {Setting.DATA_MODEL}


def require_for_changes(snapshot: Snapshot, principal: Principal, changes: Iterable[Change]) -> None:
    """Refuse changes of roles, as they stand in a rollback, to a principal without the setting for them.

    Raises:
        Forbidden: it names the role and the setting.
    """
    if any(map(_is_of_role, changes)):
        require(snapshot, principal, Setting.ROLES, "a rollback over changes of roles")


def _is_of_role(change: Change) -> bool:
    mutation = kind_of(change).mutation
    return mutation is not None and mutation.answer is Subject.ROLE


def bind_role(
    snapshot: Snapshot, principal: Principal, given: Mapping[str, JsonValue]
) -> tuple[UUID, Mapping[str, JsonValue]]:
    """Return the role and the claims that a new key or webhook has: the given ones, or the principal's own.

    Raises:
        BadUserInput: there is no such role, or the claims are not those that it declares.
        Forbidden: they are not the principal's own, and it has not the setting for that.
    """
    own = own_role(snapshot, principal)
    name, claims = given.get("role"), given.get("claims")
    role = own if name is None else name_role(snapshot, principal, str(name))
    if claims is not None and not isinstance(claims, dict):
        raise BadUserInput(
            f'claims must be an object of values by name, such as {{ userId: ".." }}, not {shown(claims)}.',
            field="claims",
        )
    chosen = (dict(principal.claims) if role is own else {}) if claims is None else claims
    require_binding(snapshot, principal, role.id, chosen)
    # A token may bring more values than its role declares, and a key or a webhook of that role has them all.
    is_own = role is own and chosen == principal.claims
    if not is_own and (fault := find_undeclared(role.name, effective_claims(snapshot, role), chosen)):
        raise BadUserInput(f"claims: {fault}", field="claims")
    try:
        type_claims(snapshot, role, chosen)
    except PrincipalValueRefused as error:
        raise BadUserInput(f"claims: {error.message}", field="claims") from None
    return role.id, chosen


def name_role(snapshot: Snapshot, principal: Principal, name: str) -> Role:
    """Return the role of a name that a principal gives: its own, or with the setting for roles any.

    Raises:
        BadUserInput: there is no such role.
        Forbidden: it may be another's: the names of roles are for holders of the setting alone.
    """
    role = find_role(snapshot.roles, name)
    if role is None or role is not own_role(snapshot, principal):
        require(snapshot, principal, Setting.ROLES, _OTHERS)
    if role is None:
        known = ", ".join(role.name for role in snapshot.roles.values())
        raise BadUserInput(f"role: there is no role {shown(name)}; the workspace has {known}.", field="role")
    return role


def require_binding(
    snapshot: Snapshot, principal: Principal, role_id: UUID | None, claims: Mapping[str, JsonValue]
) -> None:
    """Refuse to bind a role and claims, or to change a key or a webhook that has them, if they are another's.

    Raises:
        Forbidden: the principal may bind its own role alone.
    """
    own = own_role(snapshot, principal)
    if role_id != own.id or dict(claims) != dict(principal.claims):
        require(snapshot, principal, Setting.ROLES, _OTHERS)
