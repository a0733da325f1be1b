"""The file of a backup: complete or not there, and each damage is noticed."""

import contextlib
import errno
import os
import zipfile
from pathlib import Path

import pytest

from fieldstone.engine.backup.archive import STDOUT, read_archive, write_archive
from fieldstone.engine.backup.errors import BackupRefused
from fieldstone.engine.backup.manifest import FORMAT, Manifest


def manifest_of(members: dict[str, object], version: int = FORMAT) -> Manifest:
    return Manifest(
        format=version,
        program="0",
        server="18",
        made_at="2026-01-01T00:00:00Z",
        is_whole=True,
        migrations={1: "x"},
        extensions={},
        workspaces=(),
        tables=(),
        sequences=(),
        members=members,  # type: ignore[arg-type]
    )


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """A file with two members, which do not compress to nothing."""
    path = tmp_path / "a.backup"
    with write_archive(path) as archive:
        for name in ("one", "two"):
            with archive.member(name) as member:
                for number in range(20_000):
                    member.write(b"%d\n" % (number * number))
        archive.finish(manifest_of(dict(archive.members)))
    return path


def test_members_are_read_as_they_were_written(backup: Path) -> None:
    with read_archive(backup) as archive:
        archive.check()
        assert b"".join(archive.read("two")).split()[-1] == b"%d" % (19_999**2)
        assert archive.manifest.members["one"].size == len(b"".join(archive.read("one")))
    with zipfile.ZipFile(backup) as opened:
        assert opened.testzip() is None


@pytest.mark.parametrize("number", [errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_file_system_without_hard_links_gets_the_backup(
    backup: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole backup was made, and then deleted."""

    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "link", refuse)
    path = backup.with_name("b.backup")
    with write_archive(path) as archive:
        archive.finish(manifest_of(dict(archive.members)))
    with read_archive(path) as read:
        read.check()
    other = backup.with_name("c.backup")
    with pytest.raises(BackupRefused, match="File exists"), write_archive(other):
        other.write_text("of another")
    assert other.read_text() == "of another"
    assert sorted(one.name for one in backup.parent.iterdir()) == ["a.backup", "b.backup", "c.backup"]


def test_a_path_without_a_name_is_refused() -> None:
    with pytest.raises(BackupRefused, match="a backup is one file"), write_archive(Path("")):  # noqa: PTH201 - as the command line gives it
        pass


@pytest.mark.parametrize("kept", [0, 0.3, 0.9, 0.999])
def test_a_file_that_was_cut_off_is_no_backup(backup: Path, kept: float) -> None:
    content = backup.read_bytes()
    backup.write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(BackupRefused, match="no complete backup"), read_archive(backup):
        pass


@pytest.mark.parametrize("fails", [False, True])
def test_standard_output_is_no_zip_where_a_backup_fails(
    tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes], fails: bool
) -> None:
    """It was one that `unzip -t` passed, without the members that were still to come."""
    with contextlib.suppress(LookupError), write_archive(STDOUT) as archive, archive.member("one") as member:
        member.write(b"1\n" * 200_000)
        if fails:
            raise LookupError
    received = tmp_path / "received.backup"
    received.write_bytes(capsysbinary.readouterr().out)
    assert received.stat().st_size > 0
    assert zipfile.is_zipfile(received) is not fails


@pytest.mark.parametrize("at", [100, 0.25, 0.5, 0.6])
def test_a_changed_byte_is_noticed(backup: Path, at: float) -> None:
    content = bytearray(backup.read_bytes())
    place = int(at if at > 1 else len(content) * at)
    content[place] ^= 0x10
    backup.write_bytes(content)
    with pytest.raises(BackupRefused, match="the backup is damaged"), read_archive(backup) as archive:
        archive.check()


def test_a_member_in_the_place_of_another_is_noticed(backup: Path, tmp_path: Path) -> None:
    """The checksums of the ZIP are right, and those of the manifest are not."""
    forged = tmp_path / "forged.backup"
    with zipfile.ZipFile(backup) as old, zipfile.ZipFile(forged, "w") as new:
        for name in old.namelist():
            new.writestr(name, b"1\n" if name == "two" else old.read(name))
    with pytest.raises(BackupRefused, match="two has not the checksum"), read_archive(forged) as archive:
        archive.check()


@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        (None, "it has no manifest"),
        (b"{", "the manifest of the backup cannot be read"),
        (b'{"format": 1}', "the manifest of the backup cannot be read"),
        (b'{"format": 2, "later": true}', "the layout 2, and this program knows layouts up to 1: run a newer"),
    ],
)
def test_another_manifest_is_refused(tmp_path: Path, manifest: bytes | None, words: str) -> None:
    path = tmp_path / "b.backup"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("x", b"")
        if manifest is not None:
            file.writestr("manifest.json", manifest)
    with pytest.raises(BackupRefused, match=words), read_archive(path):
        pass


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("no ZIP", encoding="utf-8")
    for name, words in (("none", "cannot be read: No such file"), ("text", "no complete backup")):
        with pytest.raises(BackupRefused, match=words), read_archive(tmp_path / name):
            pass
    with pytest.raises(BackupRefused, match="cannot be written: No such file"), write_archive(tmp_path / "no" / "x"):
        pass


def test_a_failed_backup_leaves_no_file_and_two_do_not_mix(tmp_path: Path) -> None:
    path = tmp_path / "c.backup"
    with pytest.raises(ZeroDivisionError), write_archive(path) as archive, archive.member("x"):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []
    with write_archive(path) as archive:
        with pytest.raises(BackupRefused, match="another process writes"), write_archive(path):
            pass
        archive.finish(manifest_of({}))
    assert list(tmp_path.iterdir()) == [path]
    # The remains of a killed one are overwritten.
    unfinished = tmp_path / "d.backup.unfinished"
    unfinished.write_bytes(b"x" * 10_000)
    with write_archive(tmp_path / "d.backup") as archive:
        archive.finish(manifest_of({}))
    with read_archive(tmp_path / "d.backup") as reader:
        reader.check()
    assert not unfinished.exists()
