"""`fieldstone export` and `fieldstone import` against a server over a socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from fieldstone.engine.rest.export_addresses import Format
from fieldstone.engine.server.cli.command_error import CommandError
from fieldstone.engine.server.cli.transfers import files
from fieldstone.engine.server.cli.transfers.resuming import find_whole
from fieldstone.sql.concurrency.tasks import end_tasks
from tests.engine.server.fast_path.conftest import serve
from tests.engine.server.fast_path.talking import Serve, Serving
from tests.processes.serving import run_given

pytestmark = pytest.mark.long

__all__ = ["serve"]


async def run(serving: Serving, *arguments: str, given: bytes = b"") -> tuple[int, str, str]:
    """The exit code of a command, and its two outputs."""
    host, port = serving.server.servers[0].sockets[0].getsockname()
    key = serving.client.headers["authorization"].removeprefix("Bearer ")
    variables = {"FIELDSTONE_URL": f"http://{host}:{port}", "FIELDSTONE_KEY": key}
    done = await asyncio.to_thread(run_given, given, *arguments, **variables)
    return done.returncode, done.stdout, done.stderr


def names_in(folder: Path) -> list[str]:
    return [one.name for one in folder.iterdir()]


async def count(client: httpx.AsyncClient) -> int:
    found: int = (await client.get("/rest/people?limit=0")).json()["totalCount"]
    return found


@pytest.mark.parametrize("extension", ["csv", "jsonl"])
async def test_records_go_out_and_come_in(serve: Serve, tmp_path: Path, extension: str) -> None:
    path = tmp_path / f"people.{extension}"
    async with serve() as serving:
        code, output, errors = await run(serving, "export", "people", str(path))
        assert (code, output) == (0, ""), errors
        assert "2/2" in errors
        assert names_in(tmp_path) == [path.name]
        assert b"Ada@example.com" in path.read_bytes()
        assert (await serving.client.delete("/rest/people?filter=id[is]:NOT_NULL")).status_code == 200
        code, output, errors = await run(serving, "import", "people", str(path))
        assert (code, output) == (0, "people: 2 created, 0 updated, 0 refused.\n"), errors
        assert "100%" in errors or "import people" in errors
        code, output, _ = await run(serving, "import", "people", str(path), "--on-conflict", "email")
        assert (code, output, await count(serving.client)) == (0, "people: 0 created, 2 updated, 0 refused.\n", 2)
        code, _, errors = await run(serving, "export", "people", str(path))
        assert (code, errors) == (1, f"fieldstone: {path} is there already.\n")


async def test_rows_that_are_refused(serve: Serve, tmp_path: Path) -> None:
    path, wrong = tmp_path / "people.txt", tmp_path / "wrong.csv"
    path.write_text("email,city\na@x,Bonn\nAda@example.com,Ulm\n")
    async with serve() as serving:
        options = ("--format", "csv", "--errors", str(wrong))
        code, output, errors = await run(serving, "import", "people", str(path), *options)
        assert (code, output) == (1, "people: 1 created, 0 updated, 1 refused.\n")
        assert "line 3: Another Person has this value of 'email'." in errors
        assert errors.endswith("fieldstone: 1 rows were refused, and the others were written.\n")
        header, row = wrong.read_text().splitlines()
        assert header == "row,line,field,message,code"
        assert row.startswith("2,3,email,")
        code, _, errors = await run(serving, "import", "people", str(path), *options, "--all-or-nothing")
        assert (code, await count(serving.client)) == (1, 3)
        assert errors.endswith("fieldstone: No record was written, because of the rows in 'errors'.\n")


async def test_columns_with_other_names(serve: Serve, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("E-mail,First Name,Notes\na@x,Eve,x\n")
    mapping = '{"E-mail": "email", "First Name": "firstName", "Notes": null}'
    async with serve() as serving:
        code, output, errors = await run(serving, "import", "people", str(path), "--mapping", mapping)
        assert (code, output) == (0, "people: 1 created, 0 updated, 0 refused.\n"), errors
        (eve,) = (await serving.client.get("/rest/people?filter=email[eq]:a@x")).json()["data"]["people"]
        assert eve["firstName"] == "Eve"


async def test_an_import_is_held_to_the_rules_of_its_role(serve: Serve, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("email,city\na@x,Bonn\nb@x,Ulm\nAda@example.com,Bonn\n")
    made = """mutation {
        createRole(input: { name: "clerk" label: "Clerk" grants: [{ object: "person" read: {}
            create: { check: { city: { eq: "Bonn" } } } update: { rule: { city: { eq: "Bonn" } } } }] }) { id }
        createApiKey(input: { name: "clerk" role: "clerk" }) { token } }"""
    async with serve() as serving:
        answer = (await serving.client.post("/metadata", json={"query": made})).json()
        options = ("--key", answer["data"]["createApiKey"]["token"], "--on-conflict", "email")
        for created, updated in [(1, 0), (0, 1)]:
            code, output, errors = await run(serving, "import", "people", str(path), *options)
            # Ulm is not for the role, nor is a person without a city.
            assert (code, output) == (1, f"people: {created} created, {updated} updated, 2 refused.\n"), errors
            assert "line 3: " in errors
            assert "line 4: " in errors
        assert await count(serving.client) == 3
        cities = (await serving.client.get("/rest/people?filter=city[is]:NOT_NULL")).json()["data"]["people"]
        assert [one["email"] for one in cities] == ["a@x"]


async def test_standard_input_and_output(serve: Serve) -> None:
    async with serve() as serving:
        code, output, _ = await run(
            serving, "import", "people", "-", "--format", "jsonl", given=b'{"email": "a@x"}\n{"email": "b@x"}\n'
        )
        assert (code, output) == (0, "people: 2 created, 0 updated, 0 refused.\n")
        options = ("--format", "csv", "--filter", "email[endsWith]:@x", "--order-by", "email[DESC]", "--limit", "1")
        code, output, errors = await run(serving, "export", "people", "-", *options)
        assert (code, len(output.splitlines())) == (0, 2), errors
        assert ",b@x," in output


@pytest.mark.long
async def test_commands_that_cannot_do_their_work(serve: Serve, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    async with serve() as serving:
        path.write_text("mail\n1\n")
        for arguments, message in [
            (("import", "people", str(path)), "'mail' is no column of People"),
            (("import", "nothing", str(path)), "There is nothing at /rest/nothing"),
            (("import", "person", str(path)), "do you mean /rest/people"),
            (("import", "people", str(tmp_path / "none.csv")), "cannot be read"),
            (("import", "people", str(tmp_path / "none")), "neither the extension csv nor jsonl"),
            (("export", "people", str(tmp_path / "a" / "b.csv")), "cannot be written"),
            (("export", "people", str(tmp_path / "b.csv"), "--filter", "x"), "'filter'"),
            (("export", "people", str(tmp_path / "b.csv"), "--key", "no"), "key"),
            (("export", "people", str(tmp_path / "b.csv"), "--url", "http://127.0.0.1:1"), "could not be made"),
            (("import", "people", str(path), "--url", "http://127.0.0.1:1"), "All connection attempts failed."),
            (("export", "people", str(tmp_path / "b.csv"), "--url", "http://[::1"), "http://[::1 is not the address"),
            (("import", "people", str(path), "--url", "127.0.0.1:3000"), "127.0.0.1:3000 is not the address"),
            (("export", "people", str(tmp_path / "b.csv"), "--key", "schlüssel"), "give it by --key"),
            (("export", "pe\nople", str(tmp_path / "b.csv")), "There is nothing at /rest/pe"),
        ]:
            code, output, errors = await run(serving, *arguments)
            assert (code, output) == (1, ""), errors
            assert message in errors.splitlines()[-1]
        assert names_in(tmp_path) == ["people.csv"]


@asynccontextmanager
async def cutting(port: int, after: int, times: int) -> AsyncIterator[str]:
    """The address of a proxy that cuts the first few long answers behind some bytes."""
    left = times
    tasks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.create_task(pass_on(reader, writer)))

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal left
        other_reader, other_writer = await asyncio.open_connection("127.0.0.1", port)

        async def ask() -> None:
            while data := await reader.read(65_536):
                other_writer.write(data)

        asking = asyncio.create_task(ask())
        tasks.add(asking)
        passed = 0
        try:
            while data := await other_reader.read(1_000):
                passed += len(data)
                if passed > after and left:
                    left -= 1
                    break
                writer.write(data)
                await writer.drain()
        finally:
            asking.cancel()
            for one in (writer, other_writer):
                one.close()

    server = await asyncio.start_server(accept, "127.0.0.1")
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        await end_tasks(*tasks)
    # The transports end in the next turn of the loop.
    await asyncio.sleep(0)
    assert left == 0


@pytest.mark.parametrize("extension", ["csv", "jsonl"])
async def test_an_export_that_is_cut_goes_on(
    serve: Serve, tmp_path: Path, extension: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(files, "_PAUSE", 0.3)
    path, whole = tmp_path / f"people.{extension}", tmp_path / f"whole.{extension}"
    async with serve() as serving:
        text = "email,city\n" + "".join(f'{number}@x,"a ""b"",\r\nc"\n' for number in range(1_000))
        assert (await serving.client.post("/rest/people.csv", content=text)).status_code == 200
        whole.write_bytes((await serving.client.get(f"/rest/people.{extension}")).content)
        key = serving.client.headers["authorization"].removeprefix("Bearer ")
        host, port = serving.server.servers[0].sockets[0].getsockname()
        assert host == "127.0.0.1"
        async with cutting(port, after=50_000, times=3) as url:
            await files.export(files.Source(url, key, "people", None), path, {})
        assert path.read_bytes() == whole.read_bytes()
        assert f"people: 1,002 records in {path}." in capsys.readouterr().err
        async with cutting(port, after=50_000, times=1) as url:
            limited = files.Source(url, key, "people", None)
            with pytest.raises(CommandError, match="was lost"):
                await files.export(limited, tmp_path / f"other.{extension}", {"order_by": "email"})


def test_the_last_whole_record_may_have_a_cell_of_any_length(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(b"id,city\r\n1,x\r\n2," + b"x" * 140_000 + b"\r\n3,")
    assert find_whole(path, Format.CSV) == (9 + 5 + 140_004, 2, "2")
