"""A log that nobody reads."""

import http.client
import os
import re
from urllib.parse import urlsplit

import pytest

from tests.processes.forking import Forked
from tests.processes.serving import environment

pytestmark = pytest.mark.long

PATH = "/" + "x" * 190
REQUESTS = 600
"""Their lines are some 180 KiB; a pipe takes 64."""


def test_a_server_whose_log_nobody_reads_answers_and_ends(dsn: str) -> None:
    stdout, their_stdout = os.pipe()
    stderr, their_stderr = os.pipe()
    variables = environment(DATABASE_URL=dsn, FIELDSTONE_LOG_FORMAT="json", FIELDSTONE_ENV="development")
    process = Forked(["serve", "--port", "0"], variables, stdout=their_stdout, stderr=their_stderr)
    os.close(their_stdout)
    os.close(their_stderr)
    try:
        with os.fdopen(stdout) as printed:
            ready = next(found for line in printed if (found := re.match(r"Fieldstone is ready at (\S+)", line)))
            connection = http.client.HTTPConnection(urlsplit(ready[1]).netloc, timeout=60)
            for _ in range(REQUESTS):
                connection.request("GET", PATH)
                answer = connection.getresponse()
                answer.read()
                assert answer.status == 404
            connection.request("GET", "/healthz")
            assert connection.getresponse().status == 200
            connection.close()
            process.terminate()
            assert process.wait(timeout=60) == 0
    finally:
        process.kill()
        os.close(stderr)
