"""What the model refuses.

MetadataError
├── InvalidValue       a value is not of its type
├── InvalidChange      a change of the model breaks a rule
│   └── NameTaken      ... the rule that names differ
├── UnknownObject      no such object, field or workspace
├── ChangeBlocked      the tables stayed locked by others for too long
├── ModelBusy          another change of the model did not end in time
├── ChangeFailed       PostgreSQL refused the statements of a change
└── CatalogMismatch    the catalog is not what this program's migrations make
    └── CatalogTooNew  ... it was written by a newer program
"""

from typing import ClassVar


class MetadataError(Exception):
    """A refusal, in one sentence that names the rule and what would pass."""

    code: ClassVar[str] = "metadata_error"

    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class InvalidValue(MetadataError):
    """A value is not of its type; the message stands behind the field's name ("must be ...")."""

    code = "invalid_value"


class InvalidChange(MetadataError):
    """A change of the model breaks a rule."""

    code = "invalid_change"


class NameTaken(InvalidChange):
    """A name, or one derived from it, is in use."""

    code = "name_taken"


class UnknownObject(MetadataError):
    """There is no such object, field or workspace."""

    code = "unknown_object"


class ChangeBlocked(MetadataError):
    """The tables of a change stayed locked by others for too long; nothing was changed."""

    code = "change_blocked"


class ModelBusy(MetadataError):
    """Another change of the workspace's model did not end in time; nothing was changed."""

    code = "model_busy"


class ChangeFailed(MetadataError):
    """PostgreSQL refused the statements of a change; nothing was changed."""

    code = "change_failed"


class CatalogMismatch(MetadataError):
    """The catalog is not what this program's migrations make."""

    code = "catalog_mismatch"


class CatalogTooNew(CatalogMismatch):
    """The catalog was written by a newer program."""

    code = "catalog_too_new"
