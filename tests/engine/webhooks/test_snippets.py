"""The checks of signatures that the documentation shows, in each of its languages."""

import json
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from fieldstone.engine.webhooks.sending.sender import sign
from tests.npm_clients import NODE, PHP, install_once
from tests.project.modules import ROOT

pytestmark = pytest.mark.long

SECRET = "schlüssel"  # noqa: S105 - of this test alone
BODY = '{"id":"1","record":{"firstName":"Åsa"}}'

Case: TypeAlias = tuple[str, str, str]
"""A secret, the value of the header, and the body as it came."""
Check: TypeAlias = Callable[[list[Case]], list[bool]]
"""Says of each case whether it is from Fieldstone."""


def snippet(language: str) -> str:
    """The block in a language of docs/how-to/receive-webhooks.md."""
    page = (ROOT / "docs" / "how-to" / "receive-webhooks.md").read_text(encoding="utf-8")
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    return str(found)


def run(*command: str | Path, given: str) -> list[bool]:
    done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    answered: list[bool] = json.loads(done.stdout)
    return answered


def check_in_python(cases: list[Case]) -> list[bool]:
    names: dict[str, Any] = {}
    exec(compile(snippet("python"), "docs/how-to/receive-webhooks.md", "exec"), names)  # noqa: S102 - it is our own
    return [names["is_from_fieldstone"](secret, header, body.encode()) for secret, header, body in cases]


def check_in_javascript(cases: list[Case]) -> list[bool]:
    code = (
        f"{snippet('js').replace('export ', '')}\nconst cases = {json.dumps(cases)};\n"
        "console.log(JSON.stringify(cases.map(([s, h, b]) => isFromFieldstone(s, h, Buffer.from(b)))));"
    )
    return run(NODE, "--input-type=module", "-", given=code)


@pytest.fixture(scope="session")
def php(run_folder: Path) -> Path:
    """The folder of PHP."""
    return install_once(run_folder, PHP)


@pytest.fixture(params=["python", "js", "php"])
def check(request: pytest.FixtureRequest) -> Check:
    """The documented check in a language."""
    match request.param:
        case "python":
            return check_in_python
        case "js":
            return check_in_javascript
        case _:
            folder: Path = request.getfixturevalue("php")

            def check_in_php(cases: list[Case]) -> list[bool]:
                code = (
                    f"<?php\n{snippet('php')}\n$cases = json_decode(<<<'CASES'\n{json.dumps(cases)}\nCASES);\n"
                    "echo json_encode(array_map(fn ($one) => is_from_fieldstone(...$one), $cases));"
                )
                return run(NODE, folder / "run.js", given=code)

            return check_in_php


def test_what_is_ours_passes_and_nothing_else_does(check: Check) -> None:
    now = int(time.time())
    good = sign(SECRET, BODY.encode(), now)
    seconds, digest = good.removeprefix("t=").split(",v1=")
    cases = {
        "as it was sent": ((SECRET, good, BODY), True),
        "a minute old": ((SECRET, sign(SECRET, BODY.encode(), now - 60), BODY), True),
        "another body": ((SECRET, good, BODY + " "), False),
        "another secret": (("other", good, BODY), False),
        "sent again later": ((SECRET, sign(SECRET, BODY.encode(), now - 1_000), BODY), False),
        "from the future": ((SECRET, sign(SECRET, BODY.encode(), now + 1_000), BODY), False),
        "a newer time on an old signature": ((SECRET, f"t={int(seconds) + 1},v1={digest}", BODY), False),
        "no signature": ((SECRET, f"t={seconds}", BODY), False),
        "an empty signature": ((SECRET, f"t={seconds},v1=", BODY), False),
        "half a signature": ((SECRET, f"t={seconds},v1={digest[:32]}", BODY), False),
        "no time": ((SECRET, f"v1={digest}", BODY), False),
        "a time that is none": ((SECRET, f"t=soon,v1={digest}", BODY), False),
        "nothing": ((SECRET, "", BODY), False),
        "noise": ((SECRET, ",,=,é,t", BODY), False),
    }
    answered = check([case for case, _ in cases.values()])
    assert dict(zip(cases, answered, strict=True)) == {name: expected for name, (_, expected) in cases.items()}
