"""Which media type a client gets, and which it may send."""

import pytest

from fieldstone.engine.server.http.requests.negotiation import (
    GRAPHQL_RESPONSE,
    JSON,
    choose_media_type,
    is_json,
    prefers_html,
    takes_encoding,
    takes_event_stream,
)


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, JSON),
        (b"", JSON),
        (b"*/*", JSON),
        (b"application/*", JSON),
        (b"application/json", JSON),
        (b"APPLICATION/JSON", JSON),
        (b"application/graphql-response+json", GRAPHQL_RESPONSE),
        (b"application/graphql-response+json; charset=utf-8, application/json; charset=utf-8", GRAPHQL_RESPONSE),
        (b"application/json, application/graphql-response+json", GRAPHQL_RESPONSE),
        (b"application/json, */*", JSON),
        (b"application/graphql-response+json, */*;q=0.1", GRAPHQL_RESPONSE),
        (b"application/graphql-response+json;q=0.5, application/json", JSON),
        (b"application/graphql-response+json, application/json;q=0.9", GRAPHQL_RESPONSE),
        (b"application/json;q=0, */*", GRAPHQL_RESPONSE),
        (b"application/graphql-response+json;q=0, application/json;q=0.1", JSON),
        (b'application/json; charset="utf-8"', JSON),
        (b"text/html, application/xhtml+xml, */*;q=0.8", JSON),
        (b"application/json;q=0", None),
        (b"*/*;q=0.000", None),
        (b"text/html", None),
        (b"application/json; charset=iso-8859-1", None),
    ],
)
def test_the_answer_has_the_type_that_the_client_wants_most(accept: bytes | None, chosen: bytes | None) -> None:
    assert choose_media_type(accept) == chosen


def test_a_header_too_long_to_be_remembered_is_understood_too() -> None:
    assert choose_media_type(b"text/html, " * 100 + b"application/graphql-response+json") == GRAPHQL_RESPONSE


@pytest.mark.parametrize(
    ("accept", "is_wanted"),
    [
        (b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", True),
        (b"text/html;q=0.5, application/json;q=0.4", True),
        (b"application/json, text/html;q=0.9", False),
        (b"application/graphql-response+json, application/json, text/html;q=0.1", False),
        (b"text/html;q=0", False),
        (b"*/*", False),
        (None, False),
    ],
)
def test_browsers_get_the_page(accept: bytes | None, is_wanted: bool) -> None:
    assert prefers_html(accept) is is_wanted


@pytest.mark.parametrize(
    ("content_type", "is_taken"),
    [
        (b"application/json", True),
        (b"application/json; charset=utf-8", True),
        (b'Application/JSON;charset="UTF-8"', True),
        (b"application/json; charset=US-ASCII", True),
        (b"application/json; charset=utf-16", False),
        (b"application/x-www-form-urlencoded", False),
        (b"application/jsonp", False),
        (b"text/plain", False),
        (b"", False),
        (None, False),
        (b"application/json;" + b" " * 1000, False),
    ],
)
def test_a_body_is_json_in_utf8(content_type: bytes | None, is_taken: bool) -> None:
    assert is_json(content_type) is is_taken


@pytest.mark.parametrize(
    ("accept", "is_taken"),
    [
        (None, True),
        (b"text/event-stream", True),
        (b"application/json, Text/*;q=0.5", True),
        (b"application/json", False),
        (b"text/event-stream;q=0, */*", False),
    ],
)
def test_an_event_stream_is_for_a_client_that_takes_one(accept: bytes | None, is_taken: bool) -> None:
    assert takes_event_stream(accept) is is_taken


@pytest.mark.parametrize(
    ("accept_encoding", "is_taken"),
    [
        (None, False),
        (b"br, GZIP", True),
        (b"gzip; q=0.5", True),
        (b"gzip;q=0.00", False),
        (b"*", False),
    ],
)
def test_a_coding_is_for_a_client_that_names_it(accept_encoding: bytes | None, is_taken: bool) -> None:
    assert takes_encoding(accept_encoding, b"gzip") is is_taken
