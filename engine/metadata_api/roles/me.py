"""`me`: the principal of a request, with its role and the settings that it may see and change."""

from fieldstone.engine.metadata_api.roles.rights import own_role
from fieldstone.metadata.access.role_checks import effective_settings
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.principal import Principal


def describe_principal(model: Snapshot, principal: Principal) -> JsonValue:
    """Return the members of `Me`.

    Raises:
        Forbidden: its role is not there any more.
    """
    role = own_role(model, principal)
    return {
        "kind": principal.kind.value,
        "id": str(principal.subject_id),
        "name": principal.name,
        "role": role.name,
        "workspace": model.workspace.name,
        "settings": sorted(setting.value for setting in effective_settings(model, role)),
    }
