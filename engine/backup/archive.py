"""The file of a backup: a ZIP whose members are written one after the other, each with its checksum in the manifest.

The manifest is the last member, and the directory of a ZIP stands at its end: a file that was cut off has neither.
"""

import errno
import hashlib
import os
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from fieldstone.engine.backup.errors import BackupRefused
from fieldstone.engine.backup.manifest import Manifest, Member, decode_manifest, encode_manifest
from fieldstone.sql.embedded.cluster import sync_folder
from fieldstone.sql.embedded.locks import open_lock, try_exclusive

STDOUT: Final = Path("-")
"""The path that stands for standard output."""

_MANIFEST: Final = "manifest.json"
_LEVEL: Final = 3
"""Deflate at 3 takes a third of the time of the default, 6, for files that are a tenth larger."""
_CHUNK: Final = 1 << 18
_NO_LINKS: Final = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS})
"""The answers of file systems without hard links, such as vfat, SMB and some in user space."""


class ArchiveWriter:
    """Writes the members of a backup.

    Attributes:
        members: those that are complete.
    """

    def __init__(self, file: zipfile.ZipFile) -> None:
        self.members: dict[str, Member] = {}
        self._file = file

    @contextmanager
    def member(self, name: str) -> Iterator["MemberWriter"]:
        """Write a member for the length of the block."""
        with self._file.open(name, "w", force_zip64=True) as stream:
            writer = MemberWriter(stream)
            yield writer
            writer.flush()
        self.members[name] = Member(size=writer.size, sha256=writer.digest.hexdigest())

    def finish(self, manifest: Manifest) -> None:
        """Write the manifest, behind all members."""
        self._file.writestr(_MANIFEST, encode_manifest(manifest))


class MemberWriter:
    """Writes one member.

    Attributes:
        size: the bytes so far.
        digest: their SHA-256.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self.size = 0
        self.digest = hashlib.sha256()
        self._stream = stream
        self._waiting = bytearray()

    def write(self, content: bytes) -> None:
        """Append to the member; a row of a table is too small to be compressed alone."""
        self._waiting += content
        if len(self._waiting) >= _CHUNK:
            self.flush()

    def flush(self) -> None:
        """Compress the rest."""
        self.size += len(self._waiting)
        self.digest.update(self._waiting)
        self._stream.write(self._waiting)
        self._waiting.clear()


@contextmanager
def write_archive(path: Path) -> Iterator[ArchiveWriter]:
    """Write a backup for the length of the block; the file appears complete or not at all.

    Until then it is beside its place, with `.unfinished` behind its name. Standard output gets it as it is made, and is
    no ZIP if the block fails.

    Raises:
        BackupRefused: there is such a file, another process writes it, or it cannot be written.
    """
    if path == STDOUT:
        try:
            with zipfile.ZipFile(sys.stdout.buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as file:
                try:
                    yield ArchiveWriter(file)
                except BaseException:
                    # Without its directory, which `close` writes in the mode "w", no reader takes this for a whole ZIP.
                    file.mode = "r"
                    raise
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            raise BackupRefused(f"standard output cannot be written: {error.strerror or error}") from error
        return
    if not path.name:
        raise BackupRefused(f"a backup is one file, and {path} names none")
    unfinished = path.with_name(f"{path.name}.unfinished")
    try:
        if path.exists():
            raise BackupRefused(f"{path} is there already, and a backup overwrites no file")
        with open_lock(unfinished) as lock:
            if not try_exclusive(lock):
                raise BackupRefused(f"another process writes {unfinished}")
            try:
                lock.truncate()
                with zipfile.ZipFile(lock, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as file:
                    yield ArchiveWriter(file)
                os.fsync(lock.fileno())
                _publish(unfinished, path)
            finally:
                unfinished.unlink(missing_ok=True)
        sync_folder(path.parent)
    except OSError as error:
        raise BackupRefused(f"{path} cannot be written: {error.strerror or error}") from error


def _publish(unfinished: Path, path: Path) -> None:
    """Give a file its name, which no other file may have; raises OSError."""
    try:
        # `link` overwrites nothing, where `rename` would.
        os.link(unfinished, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # The name is taken first, so that the file which is overwritten is an empty one of ours.
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        try:
            unfinished.replace(path)
        except OSError:
            path.unlink()
            raise


class ArchiveReader:
    """Reads a backup.

    Attributes:
        manifest: the backup's.
    """

    def __init__(self, file: zipfile.ZipFile) -> None:
        self.manifest = decode_manifest(file.read(_MANIFEST))
        self._file = file

    def read(self, name: str) -> Iterator[bytes]:
        """Yield the content of a member.

        Raises:
            BackupRefused: the member is damaged; some of its content may have been yielded.
        """
        expected = self.manifest.members.get(name)
        digest = hashlib.sha256()
        try:
            with self._file.open(name) as stream:
                while chunk := stream.read(_CHUNK):
                    digest.update(chunk)
                    yield chunk
        except (KeyError, OSError, EOFError, zipfile.BadZipFile, zipfile.zlib.error) as error:  # type: ignore[attr-defined]
            raise BackupRefused(f"the backup is damaged: {name} cannot be read ({error})") from error
        if expected is None or digest.hexdigest() != expected.sha256:
            raise BackupRefused(f"the backup is damaged: {name} has not the checksum that the manifest has")

    def check(self) -> None:
        """Read all members.

        Raises:
            BackupRefused: one is damaged.
        """
        for name in self.manifest.members:
            for _ in self.read(name):
                pass


@contextmanager
def read_archive(path: Path) -> Iterator[ArchiveReader]:
    """Read a backup for the length of the block.

    Raises:
        BackupRefused: there is no such file, or it is no complete backup.
    """
    try:
        file = zipfile.ZipFile(path)
    except OSError as error:
        raise BackupRefused(f"{path} cannot be read: {error.strerror or error}") from error
    except zipfile.BadZipFile as error:
        raise BackupRefused(f"{path} is no complete backup ({error})") from error
    with file:
        try:
            reader = ArchiveReader(file)
        except (KeyError, OSError, zipfile.BadZipFile) as error:
            raise BackupRefused(f"{path} is no complete backup: it has no manifest") from error
        yield reader
