"""Runs `fieldstone serve` as a process of its own."""

import contextlib
import os
import re
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

import httpx

from fieldstone.engine.settings import Settings
from tests.citus_cluster import ON_CITUS
from tests.processes.forking import Forked
from tests.settings_table import configuration_table

# A slow machine refuses no operation for the time that it would wait.
_USUAL = {"FIELDSTONE_ENV": "development", "API_RATE_LIMITING_LIMIT": "0", "FIELDSTONE_MAX_QUEUE_MS": "0"}
if ON_CITUS:
    _USUAL["FIELDSTONE_DISTRIBUTE"] = "citus"
SHEDDING = {"FIELDSTONE_MAX_QUEUE_MS": str(Settings.model_fields["max_queue_ms"].default)}
"""For a server that refuses operations which would wait too long, as every server does that is not told otherwise."""
_READY = re.compile(r"^Fieldstone is ready at (\S+)$")
_LINK = re.compile(r"^(http\S+)/console/#code=(\S+)$")
_CURL = re.compile(r"^curl .*Bearer (fs_\S+)'")


def environment(**variables: str) -> dict[str, str]:
    """Return this process's environment without settings of Fieldstone, but with these."""
    ours = {variable.name for variable in configuration_table()}
    return {name: value for name, value in os.environ.items() if name not in ours} | variables


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command of `fieldstone` to its end."""
    return run_given(b"", *arguments, **variables)


def run_given(given: bytes, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end that is given these bytes, no more than a pipe holds, to read."""
    reading, writing = os.pipe()
    with os.fdopen(writing, "wb") as written:
        written.write(given)
    with (
        os.fdopen(reading, "rb") as read,
        tempfile.TemporaryFile("w+", newline="") as output,
        tempfile.TemporaryFile("w+", newline="") as errors,
    ):
        stdin, stdout, stderr = read.fileno(), output.fileno(), errors.fileno()
        process = Forked(arguments, environment(**variables), stdin=stdin, stdout=stdout, stderr=stderr)
        try:
            status = process.wait(timeout=180)
        finally:
            process.kill()
        for file in (output, errors):
            file.seek(0)
        return subprocess.CompletedProcess(arguments, status, output.read(), errors.read())


@dataclass(slots=True)
class Served:
    """A server in another process.

    Attributes:
        url: where it listens.
        key: the one that it made for this start.
        code: the one of the link that it told to open.
        curl: the line that it told to paste.
        errors: its output on standard error so far.
    """

    process: Forked | subprocess.Popen[str]
    stdout: IO[str]
    stderr: IO[str]
    url: str = ""
    key: str = ""
    code: str = ""
    curl: str = ""
    errors: list[str] = field(default_factory=list)
    reader: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        """Read standard error from the beginning: a full pipe would hold the server up."""
        self.reader = threading.Thread(target=self._collect, daemon=True)
        self.reader.start()

    def _collect(self) -> None:
        self.errors.extend(self.stderr)

    def client(self) -> httpx.Client:
        """Return a client with the key of this start."""
        return httpx.Client(base_url=self.url, headers={"authorization": f"Bearer {self.key}"}, timeout=30)

    def wait(self) -> int:
        """Return its exit code when it has ended; `errors` then has all of its output."""
        code = self.process.wait(timeout=120)
        self.reader.join()
        return code

    def stop(self) -> int:
        """Ask it to end, and return its exit code as `wait` does."""
        self.process.terminate()
        return self.wait()


def start(*options: str, **variables: str) -> Served:
    """Start a development server on a free port; it is not ready yet."""
    variables = {**_USUAL, **variables}
    (stdout, their_stdout), (stderr, their_stderr) = os.pipe(), os.pipe()
    process = Forked(
        ["serve", "--port", "0", *options], environment(**variables), stdout=their_stdout, stderr=their_stderr
    )
    os.close(their_stdout)
    os.close(their_stderr)
    return Served(process, os.fdopen(stdout), os.fdopen(stderr))


def wait_until_ready(served: Served) -> None:
    """Read the server's output up to the line to paste."""
    for line in served.stdout:
        if ready := _READY.match(line):
            served.url = ready[1]
        if link := _LINK.match(line):
            assert link[1] == served.url
            served.code = link[2]
        if curl := _CURL.match(line):
            served.key, served.curl = curl[1], line.strip()
            return
    raise AssertionError(f"the server ended with {served.process.wait()}: {''.join(served.errors)}")


@contextlib.contextmanager
def serving(*options: str, **variables: str) -> Iterator[Served]:
    """Run a development server for the length of the block; it must end with code 0."""
    served = start(*options, **variables)
    try:
        wait_until_ready(served)
        yield served
        if served.process.poll() is None:
            assert served.stop() == 0, "".join(served.errors)
    except BaseException:
        # The report of the failure shows it.
        sys.stderr.write(
            f"The server, whose exit code is {served.process.poll()}, has logged:\n{''.join(served.errors)}"
        )
        raise
    finally:
        close(served)


def close(served: Served) -> None:
    """End the process, however it fares, and close its pipes."""
    served.process.kill()
    served.process.wait()
    served.reader.join()
    served.stdout.close()
    served.stderr.close()


def metric(client: httpx.Client, name: str) -> float:
    """A server's figures about itself, without a request that would make it look."""
    found = re.search(rf"^{re.escape(name)} (\S+)$", client.get("/metrics").text, re.MULTILINE)
    assert found is not None
    return float(found[1])
