"""The schemas of the members of the Metadata API that are JSON there: their names say which form the JSON has."""

from collections.abc import Mapping
from typing import Final

from fieldstone.engine.rest.open_api.references import ANY_VALUE, MAPPING, TEXT, Part, listed, nullable

_MEMBERS: Final[Mapping[str, Part]] = {
    **dict.fromkeys(("settings", "limits", "claims", "rule", "check", "preset", "relationCreationPayload"), MAPPING),
    **dict.fromkeys(("options", "grants", "morphRelationsCreationPayload"), listed(MAPPING)),
    **dict.fromkeys(("defaultValue", "backfillValue"), ANY_VALUE),
    "duplicateCriteria": listed(listed(TEXT)),
    "labelFields": listed(TEXT),
    "optionMapping": {"type": "object", "additionalProperties": nullable(TEXT)},
}
_ROLE_CLAIMS: Final = listed(TEXT)
"""A role names its claims, and a key or a webhook has values for them."""


def find_json_member(type_name: str, name: str) -> Part:
    """Return the schema of a member that is JSON."""
    return _ROLE_CLAIMS if (type_name, name) == ("Role", "claims") else _MEMBERS[name]
