"""The binding of a key or a webhook to a role."""

from collections.abc import Mapping
from uuid import UUID

from fieldstone.metadata.json_text import JsonValue
from fieldstone.sql.frozen import frozen


@frozen
class Binding:
    """A role, None where it has been deleted, and the values that the rules of the role may name."""

    role_id: UUID | None
    claims: Mapping[str, JsonValue]
