"""The manifest of a backup: its origin, its workspaces, and the content of each of its members."""

from typing import Final
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from fieldstone.engine.backup.errors import BackupRefused
from fieldstone.sql.frozen import frozen

FORMAT: Final = 1
"""The version of the file's layout."""


@frozen
class SavedWorkspace:
    """A workspace of the backup.

    Attributes:
        schema: the schema of its tables in the database that was saved.
        version: that of its model.
        relations: its tables, indexes and TOAST tables, each of which a restoration locks.
    """

    id: UUID
    name: str
    schema: str
    version: int
    relations: int


@frozen
class SavedTable:
    """The rows of a table, as text of COPY with these columns."""

    schema: str
    name: str
    columns: tuple[str, ...]
    rows: int

    @property
    def member(self) -> str:
        """The member of the file with the rows."""
        return f"{self.schema}/{self.name}.copy"


@frozen
class SavedSequence:
    """A sequence, with the last value that it gave."""

    schema: str
    name: str
    value: int


@frozen
class Member:
    """The size in bytes and the SHA-256 of a member."""

    size: int
    sha256: str


@frozen
class Manifest:
    """The manifest of a backup.

    Attributes:
        format: the version of the file's layout.
        program: the version of Fieldstone that made it.
        server: the version of the PostgreSQL server.
        made_at: the time of the snapshot, ISO 8601 in UTC.
        is_whole: True for a backup of the whole database, False for one of a workspace.
        migrations: the checksums of the catalog's migrations, by their versions.
        extensions: the schemas of the extensions.
        members: the members of the file other than the manifest.
    """

    format: int
    program: str
    server: str
    made_at: str
    is_whole: bool
    migrations: dict[int, str]
    extensions: dict[str, str]
    workspaces: tuple[SavedWorkspace, ...]
    tables: tuple[SavedTable, ...]
    sequences: tuple[SavedSequence, ...]
    members: dict[str, Member]

    @property
    def catalog(self) -> int:
        """The version of the catalog."""
        return max(self.migrations)

    def find(self, name: str | None) -> SavedWorkspace:
        """Return the workspace of this name, or the only one.

        Raises:
            BackupRefused: there is none, or several without a name.
        """
        if name is None and len(self.workspaces) == 1:
            return self.workspaces[0]
        found = next((one for one in self.workspaces if one.name == name), None)
        if found is None:
            there = ", ".join(one.name for one in self.workspaces[:20]) or "none"
            raise BackupRefused(f'the backup has no workspace "{name}"; it has {there}')
        return found


_ADAPTER: Final = TypeAdapter(Manifest)


def encode_manifest(manifest: Manifest) -> bytes:
    """Return the manifest as JSON."""
    return _ADAPTER.dump_json(manifest, indent=1)


def decode_manifest(text: bytes) -> Manifest:
    """Return the manifest of its JSON.

    Raises:
        BackupRefused: the text is no manifest, or one of a newer layout.
    """
    try:
        version = TypeAdapter(dict[str, object]).validate_json(text).get("format")
        if isinstance(version, int) and version > FORMAT:
            raise BackupRefused(
                f"the backup has the layout {version}, and this program knows layouts up to {FORMAT}: run a newer"
                " Fieldstone"
            )
        return _ADAPTER.validate_json(text)
    except ValidationError as error:
        raise BackupRefused(f"the manifest of the backup cannot be read: {error.errors()[0]['msg']}") from error
