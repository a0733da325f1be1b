"""The embedded server at a TCP port: clients need a password, which is made and shown once."""

import os
import signal
import socket
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from fieldstone.sql.embedded import TcpAddress, start, stop
from fieldstone.sql.embedded.server import restart
from fieldstone.sql.errors import EmbeddedServerError
from tests.ports import free_port
from tests.processes.embedded_runs import postmaster_of
from tests.processes.serving import run

pytestmark = pytest.mark.long

LOCAL = "127.0.0.1"


def address(port: int, password: str, user: str = "fieldstone") -> str:
    return make_conninfo(host=LOCAL, port=port, user=user, password=password, dbname="fieldstone", connect_timeout=30)


def ask(dsn: str, question: str = "SELECT current_user") -> str:
    with psycopg.connect(dsn) as connection:
        ((answer,),) = connection.execute(question.encode()).fetchall()
        return str(answer)


def test_a_client_needs_the_password_that_is_made_once(new_data_dir: Path) -> None:
    tcp = TcpAddress(host=LOCAL, port=free_port())
    server = start(new_data_dir, tcp=tcp)
    try:
        password = server.password
        assert password is not None
        assert (server.tcp, server.port) == (tcp, tcp.port)
        assert ask(server.dsn) == ask(address(tcp.port, password)) == "fieldstone"
        assert ask(server.dsn, "SHOW listen_addresses") == LOCAL
        for wrong in ("", "x", f"{password}x"):
            with pytest.raises(psycopg.OperationalError, match="password"):
                ask(address(tcp.port, wrong))
        with psycopg.connect(server.dsn, autocommit=True) as connection:
            connection.execute("CREATE ROLE visitor LOGIN")
        with pytest.raises(psycopg.OperationalError, match="password"):
            ask(address(tcp.port, "", "visitor"))
        assert ask(server.dsn, "SELECT rolpassword FROM pg_authid WHERE rolname = 'fieldstone'").startswith("SCRAM-")
        # Another user of the server, which does not ask for TCP.
        other = start(new_data_dir)
        assert (other.dsn, other.tcp, other.password) == (server.dsn, tcp, None)
        stop(other)
    finally:
        stop(server)
    again = start(new_data_dir, tcp=tcp)
    try:
        assert again.password is None
        assert ask(address(tcp.port, password)) == "fieldstone"
    finally:
        stop(again)
    closed = start(new_data_dir)
    try:
        assert ask(closed.dsn, "SHOW listen_addresses") == ""
        with pytest.raises(psycopg.OperationalError, match="refused"):
            ask(address(tcp.port, password))
    finally:
        stop(closed)


def test_a_killed_server_comes_back_at_its_port(data_dir: Path) -> None:
    tcp = TcpAddress(host=LOCAL, port=free_port())
    server = start(data_dir, tcp=tcp)
    try:
        assert server.password is not None
        os.kill(postmaster_of(data_dir), signal.SIGKILL)
        assert restart(server)
        assert ask(server.dsn) == ask(address(tcp.port, server.password)) == "fieldstone"
    finally:
        stop(server)


def test_a_server_that_runs_keeps_its_address(data_dir: Path, caplog: pytest.LogCaptureFixture) -> None:
    server = start(data_dir)
    try:
        other = start(data_dir, tcp=TcpAddress(host=LOCAL, port=free_port()))
        assert (other.dsn, other.tcp, other.password) == (server.dsn, None, None)
        stop(other)
        assert "was started by a process with another FIELDSTONE_DATABASE_PORT" in caplog.text
    finally:
        stop(server)


def test_a_port_that_is_taken_is_an_error(data_dir: Path) -> None:
    with socket.socket() as taken:
        taken.bind((LOCAL, 0))
        taken.listen()
        with pytest.raises(EmbeddedServerError, match="could not create any TCP/IP sockets"):
            start(data_dir, tcp=TcpAddress(host=LOCAL, port=taken.getsockname()[1]))


def test_commands_show_the_password_once_and_sql_roles_use_the_port(data_dir: Path) -> None:
    port = free_port()
    settings = {"FIELDSTONE_DATA_DIR": str(data_dir), "FIELDSTONE_DATABASE_PORT": str(port)}
    made = run("sql-role", "create", "bi", **settings)
    assert made.returncode == 0, made.stderr
    told = f"PostgreSQL listens at {LOCAL}:{port}. The password of its user fieldstone"
    assert told in made.stderr
    password = made.stdout.strip()
    listed = run("sql-role", "list", **settings)
    assert told not in listed.stderr
    assert "bi" in listed.stdout
    server = start(data_dir, tcp=TcpAddress(host=LOCAL, port=port))
    try:
        assert ask(address(port, password, "bi"), "SELECT count(*) FROM people") == "0"
        with pytest.raises(psycopg.OperationalError, match="password"):
            ask(address(port, "x", "bi"))
    finally:
        stop(server)
    refused = run("sql-role", "list", FIELDSTONE_PORT=str(port), **settings)
    assert "FIELDSTONE_DATABASE_PORT must be another port than FIELDSTONE_PORT" in refused.stderr
