"""The refusals of the model.

MetadataError
├── InvalidValue       a value is not of its type
├── InvalidChange      a change of the model breaks a rule
│   └── NameTaken      ... the rule that names differ
├── UnknownObject      no such object, field or workspace
│   └── UnknownWorkspace   ... no such workspace in this database, or not any more
├── UnknownRole        no such role, or not any more
├── PrincipalValueRefused  a principal lacks a value that its role needs
├── ChangeBlocked      the tables stayed locked by others for too long
├── ModelBusy          another change of the model did not end in time
├── LoginsRefused      the two logins of the database cannot be used together
├── SecretUnreadable   a secret is encrypted under a key that is not here
├── ChangeFailed       PostgreSQL refused the statements of a change
└── CatalogMismatch    the catalog is not as this program's migrations make it
    ├── CatalogTooNew  ... it was written by a newer program
    └── CatalogTooOld  ... it lacks migrations, and the program is to change nothing
"""

from uuid import UUID


class MetadataError(Exception):
    """A refusal, in one sentence that names the rule and a value that would pass.

    Attributes:
        change: the place of the refused change in a list of changes; None where there is no list.
        suggestion: a name that would pass in the place of a refused one.
    """

    def __init__(self, message: str, *, field: str | None = None, suggestion: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.suggestion = suggestion
        self.change: int | None = None


class InvalidValue(MetadataError):
    """A value is not of its type; the message stands behind the field's name ("must be ...")."""


class InvalidChange(MetadataError):
    """A change of the model breaks a rule."""


class NameTaken(InvalidChange):
    """A name, or one derived from it, is in use."""


class UnknownObject(MetadataError):
    """There is no such object, field or workspace."""


class UnknownWorkspace(UnknownObject):
    """There is no workspace with the id `workspace_id` in this database, or not any more."""

    def __init__(self, workspace_id: UUID) -> None:
        super().__init__(f"there is no workspace {workspace_id}")
        self.workspace_id = workspace_id


class PrincipalValueRefused(MetadataError):
    """A principal's value that its role needs is missing, or not of its type.

    Attributes:
        name: the value's.
        type: the declared type, as the API writes it.
    """

    def __init__(self, name: str, type_: str, reason: str) -> None:
        super().__init__(f"The role needs the principal's value '{name}' of the type {type_}, which {reason}.")
        self.name = name
        self.type = type_


class UnknownRole(MetadataError):
    """There is no such role, or not any more."""


class ChangeBlocked(MetadataError):
    """The tables of a change stayed locked by others for too long; nothing was changed."""


class ModelBusy(MetadataError):
    """Another change of the workspace's model did not end in time; nothing was changed."""


class LoginsRefused(MetadataError):
    """The two logins of the database cannot be used together."""


class SecretUnreadable(MetadataError):
    """A secret is encrypted under a key that is not here, or is not as it was encrypted."""


class ChangeFailed(MetadataError):
    """PostgreSQL refused the statements of a change; nothing was changed."""


class CatalogMismatch(MetadataError):
    """The catalog is not as this program's migrations make it."""


class CatalogTooNew(CatalogMismatch):
    """The catalog was written by a newer program."""


class CatalogTooOld(CatalogMismatch):
    """The catalog lacks migrations, and the program is to change nothing."""
