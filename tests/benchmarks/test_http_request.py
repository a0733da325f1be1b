"""Requests on the wire and in files."""

from benchmarks.http_request import HttpRequest, read_requests, write_requests


def test_a_request_on_the_wire() -> None:
    request = HttpRequest(method="POST", path="/graphql", headers={"Accept": "application/json"}, body=b'{"a":1}')
    assert request.raw(8080) == (
        b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nAccept: application/json\r\nContent-Length: 7\r\n\r\n"
        b'{"a":1}'
    )


def test_a_request_without_a_body_says_no_length() -> None:
    assert HttpRequest(method="GET", path="/x?a=1").raw(80) == b"GET /x?a=1 HTTP/1.1\r\nHost: 127.0.0.1:80\r\n\r\n"


def test_requests_come_out_of_a_file_as_they_went_in() -> None:
    requests = [b"", b"GET / HTTP/1.1\r\n\r\n", b"12\nwith\nlines"]
    assert read_requests(write_requests(requests)) == requests
