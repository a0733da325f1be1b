"""The report of wrk."""

import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from benchmarks.http_request import MARK, HttpRequest, write_requests
from benchmarks.wrk import Load, WrkError, parse_output, require_wrk, run_wrk

_REPORT = (
    'RESULT {"seconds":2.0,"requests":5000,"bytes":10,"mean":810.5,"p50":700,"p90":900,"p99":1500,"p99_9":4000,'
    '"max":9000,"connect":1,"read":2,"write":0,"status":3,"timeout":0,"refused":4}'
)


def test_the_report_is_found_among_what_else_is_said() -> None:
    load = parse_output(f"Running 2s test @ http://127.0.0.1:1/\n  1 threads\n{_REPORT}\n")
    assert load == Load(
        seconds=2.0, requests=5000, bytes=10, mean=810.5, p50=700, p90=900, p99=1500, p99_9=4000, max=9000, failed=10
    )
    assert load.rate == 2500


@pytest.mark.parametrize("output", ["", "unable to connect to 127.0.0.1:1 Connection refused"])
def test_no_report_is_an_error(output: str) -> None:
    with pytest.raises(WrkError):
        parse_output(output)


def test_a_missing_wrk_is_named_with_the_way_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(WrkError, match="apt-get install wrk"):
        require_wrk()


class _Recorder(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen: Counter[bytes]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.seen[body] += 1
        answer = b'{"errors":[]}' if body == b"wrong" else b'{"data":{}}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_arguments: object) -> None:
        return


@pytest.fixture
def recorder() -> Iterator[tuple[int, Counter[bytes]]]:
    _Recorder.seen = Counter()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Recorder)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield int(server.server_address[1]), _Recorder.seen
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.system
def test_the_script_sends_each_request_in_turn_with_numbers_of_its_own(
    recorder: tuple[int, Counter[bytes]], tmp_path: Path
) -> None:
    port, seen = recorder
    bodies = [b"plain", b"wrong", b"n=" + MARK]
    requests = tmp_path / "requests"
    requests.write_bytes(
        write_requests([HttpRequest(method="POST", path="/x", body=body).raw(port) for body in bodies])
    )
    load = run_wrk(port, requests, connections=2, seconds=1, first_number=41, check_errors=True)
    numbered = {body: count for body, count in seen.items() if body.startswith(b"n=")}
    assert min(numbered) == b"n=000000000042"
    assert set(numbered.values()) == {1}
    # A request under way at the end has been seen by the server, but not by wrk.
    assert 0 <= seen[b"wrong"] - load.failed <= 2
    assert 0 <= seen.total() - load.requests <= 2
