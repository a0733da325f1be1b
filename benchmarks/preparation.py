"""Before the measuring: each server's requests, and the proof that all give the same answers to them."""

import contextlib
import http.client
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from benchmarks.database import SharedDatabase
from benchmarks.equality import Unequal, canonical, read_data, require_equal
from benchmarks.http_request import MARK, HttpRequest, HttpResponse, send, write_requests
from benchmarks.paths import WORK
from benchmarks.process import RunningServer
from benchmarks.workloads import Variables, Workload, Written

_COMPARED = 12
"""Requests of each workload whose answers are compared; those of every server are read for their size."""
_OF_THE_RECORD_ITSELF = frozenset(
    ("id", "email", "name", "createdAt", "updatedAt", "createdBySource", "createdByName", "createdByContext")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A workload, ready to be sent to one server.

    Attributes:
        requests: the file that wrk's script reads.
        size: bytes of an answer, on the average.
    """

    workload: Workload
    server: RunningServer
    requests: Path
    size: float


def prepare(workload: Workload, servers: Sequence[RunningServer], database: SharedDatabase) -> list[Prepared]:
    """Return the workload for each server.

    Raises:
        Unequal: they do not give the same answers.
    """
    values = workload.variables()
    prepared: list[Prepared] = []
    expected: list[object] | None = None
    able = [server for server in servers if workload.operation in server.server.operations]
    for place, server in enumerate(able):
        with contextlib.closing(server.connect()) as connection:
            cursor = workload.cursor
            own = [_with_cursor(server, connection, cursor, one) for one in values] if cursor else values
            requests = [server.server.ask(workload.operation, one) for one in own]
            if workload.written:
                found_by = [_found_by(workload.written, one) for one in own[:_COMPARED]]
                sizes, answers = _write(connection, requests[:_COMPARED], found_by, place, database)
            else:
                sizes, answers = _read(connection, requests, workload.leave_out)
        if expected is None:
            expected = answers
        for number, (one, other) in enumerate(zip(expected, answers, strict=True)):
            require_equal(f"{workload.name}, request {number}, {server.server.label}", one, other)
        path = WORK / "requests" / f"{workload.name}-{server.server.name}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(write_requests([request.raw(server.port) for request in requests]))
        prepared.append(Prepared(workload=workload, server=server, requests=path, size=mean(sizes)))
    return prepared


def _with_cursor(
    server: RunningServer, connection: http.client.HTTPConnection, operation: str, values: Variables
) -> Variables:
    data = read_data(_send(connection, server.server.ask(operation, values), 0).body)
    match data:
        case {"people": {"edges": [{"cursor": str(cursor)}]}} | {"companies": {"pageInfo": {"endCursor": str(cursor)}}}:
            return {"after": cursor}
        case _:
            raise Unequal(f"{server.server.label} gives no cursor: {data!r}")


def _read(
    connection: http.client.HTTPConnection, requests: Sequence[HttpRequest], leave_out: frozenset[str]
) -> tuple[list[int], list[object]]:
    """Return the sizes of all answers, and the text of some of them."""
    responses = [_send(connection, request, 0) for request in requests]
    answers = [_flat(canonical(read_data(response.body), leave_out=leave_out)) for response in responses[:_COMPARED]]
    return [response.size for response in responses], answers


def _write(
    connection: http.client.HTTPConnection,
    requests: Sequence[HttpRequest],
    found_by: Sequence[tuple[sql.Composed, str]],
    place: int,
    database: SharedDatabase,
) -> tuple[list[int], list[object]]:
    """Return the sizes of the answers, and their forms with the records that are there afterwards."""
    first = 900_000_000_000 + place * 1_000
    responses = [_send(connection, request, first + number) for number, request in enumerate(requests)]
    answers: list[object] = []
    with psycopg.connect(database.dsn, row_factory=dict_row) as reading:
        for number, response in enumerate(responses):
            form = _form(_flat(read_data(response.body)))
            condition, value = found_by[number]
            query = sql.SQL("SELECT * FROM {}.").format(sql.Identifier(database.schema)) + condition
            row = reading.execute(query, [value.replace(MARK.decode(), f"{first + number:012d}")]).fetchone()
            if row is None or str(row["id"]) not in response.body.decode():
                raise Unequal(f"the answer is not of the record that was written: {response.body[:300]!r}")
            answers.append([form, {key: value for key, value in row.items() if key not in _OF_THE_RECORD_ITSELF}])
    return [response.size for response in responses], answers


def _found_by(written: Written, values: Variables) -> tuple[sql.Composed, str]:
    """Return the table and the condition of the record that a request writes, with its value."""
    data = values["data"]
    if not isinstance(data, dict):
        raise TypeError("the data of a write is an object")
    condition = sql.SQL("{} WHERE {} = %s").format(sql.Identifier(written.table), sql.Identifier(written.column))
    return condition, str(data[written.column])


def _form(answer: object) -> object:
    """Return an answer without the values that are each record's own: its keys, the lengths of its lists, its flags."""
    match answer:
        case dict():
            return {key: _form(value) for key, value in answer.items()}
        case list():
            return [_form(value) for value in answer]
        case bool():
            return answer
        case _:
            return None


def _send(connection: http.client.HTTPConnection, request: HttpRequest, number: int) -> HttpResponse:
    response = send(connection, request, number=number)
    if response.status != http.HTTPStatus.OK:
        raise Unequal(f"status {response.status}: {response.body[:500]!r}")
    return response


def _flat(answer: object) -> object:
    """Return the answer without the levels that not all have: PostGraphile's of two kinds, and those of lists."""
    match answer:
        case {"createPerson": {"person": dict(created)}}:
            return {"createPerson": created}
        case {"opportunitiesAggregate": {"aggregates": dict(inner), **outer}}:
            return {"opportunitiesAggregate": {**outer, **inner}}
        case {"edges": list(edges)} if all(edge.keys() == {"node"} for edge in edges):
            return [_flat(edge["node"]) for edge in edges]
        case dict():
            return {key: _flat(value) for key, value in answer.items()}
        case list():
            return [_flat(value) for value in answer]
        case _:
            return answer


def is_expected_size(prepared: Prepared, received: int, requests: int) -> bool:
    """Tell whether so many bytes are the weight of right answers: a failed one is shorter, or longer."""
    return requests == 0 or abs(received / requests - prepared.size) <= 0.05 * prepared.size
