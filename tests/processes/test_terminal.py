"""The command and the person at the terminal: names in messages, variables with a slip, questions."""

import os
import pty
import subprocess
import sys
from pathlib import Path

from tests.processes.embedded_runs import ROOT
from tests.processes.serving import environment, run


def test_names_stand_in_messages_as_they_were_given(database: str, tmp_path: Path) -> None:
    missing = run("schema", "apply", "nofile.yaml", DATABASE_URL=database)
    assert (missing.returncode, missing.stderr.partition(" cannot")[0]) == (1, "fieldstone: nofile.yaml")
    file = tmp_path / "model.yaml"
    fields = "fields: {colour: {type: PAINT}}"
    file.write_text(
        "version: 1\nobjects:\n  gizmo: {namePlural: gizmos, labelSingular: G, labelPlural: Gs, " + fields + "}\n"
    )
    refused = run("schema", "diff", str(file), DATABASE_URL=database)
    assert (refused.returncode, refused.stderr.partition(":")[2][:13]) == (1, " gizmo.colour"), refused.stderr


def test_variables_that_are_no_settings_are_told(database: str) -> None:
    given = {"FIELDSTONE_POOLSIZE": "hidden", "FIELDSTONE_DATABASE_URL": "hidden", "FIELDSTONE_SPEED": "hidden"}
    done = run("workspace", "list", DATABASE_URL=database, **given)
    assert (done.returncode, done.stdout) == (0, "default\n")
    assert done.stderr.splitlines() == [
        "fieldstone: FIELDSTONE_DATABASE_URL is not a setting: did you mean DATABASE_URL?",
        "fieldstone: FIELDSTONE_POOLSIZE is not a setting: did you mean FIELDSTONE_POOL_SIZE?",
        "fieldstone: FIELDSTONE_SPEED is not a setting; docs/reference/configuration.md lists the settings.",
    ]


def test_a_question_is_answered_or_interrupted(database: str) -> None:
    assert run("workspace", "create", "second", DATABASE_URL=database).returncode == 0
    assert _answer(b"n\n", database) == 1
    assert _answer(b"\x04", database) == 1
    assert _answer(b"\x03", database) == 130
    assert run("workspace", "list", DATABASE_URL=database).stdout.split() == ["default", "second"]
    assert _answer(b"y\n", database) == 0
    assert run("workspace", "list", DATABASE_URL=database).stdout.split() == ["default"]


_AT_A_TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.executable, [sys.executable, "-m", "fieldstone.engine", *sys.argv[1:]])
"""


def _answer(typed: bytes, database: str) -> int:
    """Return the exit code of a deletion whose question is answered at a terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", _AT_A_TERMINAL, "workspace", "delete", "second"],
        cwd=ROOT,
        env=environment(DATABASE_URL=database),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        shown = b""
        while b"[y/N]" not in shown:
            shown += os.read(ours, 1024)
        os.write(ours, typed)
        return process.wait(timeout=60)
    finally:
        process.kill()
        process.wait()
        os.close(ours)
