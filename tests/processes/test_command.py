"""The command: its help, its exit codes, and one sentence for each mistake."""

import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.processes.embedded_runs import ROOT
from tests.processes.serving import environment, run


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--help"], ["serve", "migrate", "api-key", "workspace", "DATABASE_URL", "Exit codes"]),
        (["serve", "--help"], ["--port", "--host", "--demo", "SIGTERM"]),
        (["api-key", "--help"], ["create", "list", "revoke"]),
        (["api-key", "create", "--help"], ["--name", "--workspace", "--expires-at", "last line"]),
        (["workspace", "--help"], ["create", "list", "delete"]),
        (["migrate", "--help"], ["nothing else"]),
    ],
    ids=lambda value: " ".join(value) if value[-1] == "--help" else "",
)
def test_help_explains_itself(arguments: list[str], words: list[str]) -> None:
    done = run(*arguments, COLUMNS="120", NO_COLOR="1")
    assert done.returncode == 0
    assert [word for word in words if word not in done.stdout] == []


@pytest.mark.parametrize(
    "arguments", [["--help"], ["api-key", "revoke", "x"], ["serve", "--port", "70000"]], ids=" ".join
)
def test_the_module_that_is_run_does_what_the_one_does_that_is_forked(arguments: list[str]) -> None:
    variables = {"COLUMNS": "120", "NO_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "fieldstone.engine", *arguments],
        cwd=ROOT,
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    forked = run(*arguments, **variables)
    assert (done.returncode, done.stdout, done.stderr) == (forked.returncode, forked.stdout, forked.stderr)


def test_migrate_does_only_that_and_can_be_repeated(empty_database: str) -> None:
    first = run("migrate", DATABASE_URL=empty_database)
    again = run("migrate", DATABASE_URL=empty_database)
    assert (first.returncode, again.returncode) == (0, 0)
    assert first.stdout.startswith("The catalog is at version ")
    assert again.stdout.endswith("nothing to do.\n")
    with psycopg.connect(empty_database) as connection:
        assert connection.execute("SELECT count(*) FROM fieldstone.workspace").fetchall() == [(0,)]


def test_keys_are_made_listed_and_revoked(database: str) -> None:
    made = run("api-key", "create", "--name", "for tests", DATABASE_URL=database)
    assert made.returncode == 0, made.stderr
    assert made.stdout.splitlines()[-1].startswith("fs_")
    assert made.stdout.count("\n") == 1
    soon = run("api-key", "create", "--name", "soon", "--expires-at", "2999-01-01T10:00:00", DATABASE_URL=database)
    assert soon.returncode == 0, soon.stderr
    listed = run("api-key", "list", DATABASE_URL=database).stdout.splitlines()
    assert [line.split(maxsplit=1)[1].split("  ")[0] for line in listed] == ["valid", "expires 2999-01-01 10:00"]
    assert made.stdout.strip() not in "".join(listed)
    key_id = listed[0].split()[0]
    assert run("api-key", "revoke", key_id, DATABASE_URL=database).returncode == 0
    assert "revoked" in run("api-key", "list", DATABASE_URL=database).stdout.splitlines()[0]


def test_roles_are_listed_shown_and_bound_to_keys(database: str) -> None:
    made = run("api-key", "create", "--name", "reads", "--role", "viewer", "--claims", "{}", DATABASE_URL=database)
    assert made.returncode == 0, made.stderr
    assert "  viewer " in run("api-key", "list", DATABASE_URL=database).stdout
    listed = run("role", "list", DATABASE_URL=database).stdout.splitlines()
    assert [line.split()[0] for line in listed] == ["admin", "editor", "viewer"]
    shown = run("role", "show", "viewer", DATABASE_URL=database).stdout
    assert "grants:\n- object: '*'\n  aggregates: true\n  read: {}\n" in shown
    for arguments, words in (
        (("role", "show", "boss"), 'no role "boss"; the workspace has admin, editor, viewer'),
        (("api-key", "create", "--name", "x", "--role", "boss"), 'no role "boss"'),
        (
            ("api-key", "create", "--name", "x", "--claims", '{"a": 1}'),
            'the role admin declares no value "a": it declares none',
        ),
        (("api-key", "create", "--name", "x", "--claims", "[1]"), "fieldstone: claims must be a JSON object"),
        (("api-key", "create", "--name", "x", "--claims", "{"), "fieldstone: claims must be a JSON object"),
    ):
        refused = run(*arguments, DATABASE_URL=database)
        assert refused.returncode == 1
        assert words in refused.stderr


def test_names_are_printed_so_that_they_drive_no_terminal(database: str) -> None:
    """A key may have got its name before there was a rule."""
    refused = run("api-key", "create", "--name", "a\x1b[31mb", DATABASE_URL=database)
    assert refused.returncode == 1
    assert "must not contain control characters, such as U+001B" in refused.stderr
    assert "\x1b" not in refused.stderr
    assert run("api-key", "create", "--name", "made before", DATABASE_URL=database).returncode == 0
    forged = "x\r\n0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e  valid  admin\x1b]0;title\x07"
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("UPDATE fieldstone.api_key SET name = %s", [forged])
    listed = run("api-key", "list", DATABASE_URL=database).stdout
    assert listed.count("\n") == 1
    assert r"x\r\n0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e  valid  admin\x1b]0;title\x07" in listed
    revoked = run("api-key", "revoke", listed.split()[0], DATABASE_URL=database)
    assert (revoked.returncode, revoked.stderr.count("\n")) == (0, 1)
    assert r"\x1b" in revoked.stderr


def test_workspaces_are_made_and_have_keys_of_their_own(database: str) -> None:
    made = run("workspace", "create", "second", DATABASE_URL=database)
    assert made.returncode == 0, made.stderr
    assert run("workspace", "list", DATABASE_URL=database).stdout.split() == ["default", "second"]
    assert run("api-key", "create", "--name", "a", "--workspace", "second", DATABASE_URL=database).returncode == 0
    assert run("api-key", "list", DATABASE_URL=database).stdout == ""
    assert len(run("api-key", "list", "--workspace", "second", DATABASE_URL=database).stdout.splitlines()) == 1


def test_a_workspace_is_deleted_once_that_is_confirmed(database: str) -> None:
    assert run("workspace", "create", "second", DATABASE_URL=database).returncode == 0
    unasked = run("workspace", "delete", "second", DATABASE_URL=database)
    assert (unasked.returncode, "--yes confirms" in unasked.stderr) == (1, True)
    assert run("workspace", "list", DATABASE_URL=database).stdout.split() == ["default", "second"]
    done = run("workspace", "delete", "second", "--yes", DATABASE_URL=database)
    assert (done.returncode, done.stdout) == (0, "Workspace 'second' is deleted.\n"), done.stderr
    assert run("workspace", "list", DATABASE_URL=database).stdout.split() == ["default"]
    again = run("workspace", "delete", "second", "--yes", DATABASE_URL=database)
    assert (again.returncode, "fieldstone: there is no workspace" in again.stderr) == (1, True)


_AWAY = {"DATABASE_URL": "postgresql://u:hidden@127.0.0.1:1/d", "FIELDSTONE_STARTUP_TIMEOUT": "0.1"}


@pytest.mark.parametrize(
    ("arguments", "variables", "code", "sentence"),
    [
        (["serve", "--host", "no.such.host.invalid"], {}, 1, "there is no address 'no.such.host.invalid'"),
        (["serve", "--host", "a..b"], {}, 1, "there is no address 'a..b'"),
        (["serve", "--port", "70000"], {}, 1, "FIELDSTONE_PORT must be a whole number from 0 to 65535"),
        (["serve"], {"FIELDSTONE_ENV": "live"}, 1, "FIELDSTONE_ENV must be production or development, not 'live'."),
        (["serve", "--port", "0"], _AWAY, 1, "cannot connect to the database"),
        (["migrate"], _AWAY, 1, "unset DATABASE_URL to use Fieldstone's own PostgreSQL."),
        (["migrate"], {"FIELDSTONE_DATA_DIR": "/dev/null/x"}, 1, "FIELDSTONE_DATA_DIR names another folder"),
        (["export", "a\udcff", "a.csv", "--key", "k"], {}, 1, r"fieldstone: 'a\udcff' is not UTF-8."),
        (
            ["import", "people", "a\udcff.csv", "--key", "k"],
            {},
            1,
            r"fieldstone: a\udcff.csv cannot be read: No such file",
        ),
        (
            ["status"],
            {"FIELDSTONE_DATA_DIR": "/a\udcff"},
            1,
            "FIELDSTONE_DATA_DIR must be the path of a folder in UTF-8",
        ),
        (["serve", "--speed"], {}, 2, "No such option: --speed"),
        (["api-key", "revoke", "x"], {}, 2, "Invalid value for"),
        (["api-key", "create"], {}, 2, "Missing option"),
    ],
    ids=lambda value: ascii(" ".join(value)) if isinstance(value, list) else "",
)
def test_a_mistake_is_told_in_a_sentence(
    arguments: list[str], variables: Mapping[str, str], code: int, sentence: str
) -> None:
    done = run(*arguments, **variables, NO_COLOR="1", COLUMNS="120")
    assert (done.returncode, done.stdout) == (code, "")
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert "hidden" not in done.stderr
    if code == 1:
        assert [line for line in done.stderr.splitlines() if line.startswith("fieldstone: ")] != []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["api-key", "create", "--name", " "], "name must not be blank: it states the purpose of the key."),
        (["api-key", "create", "--name", "a", "--workspace", "nope"], 'there is no workspace "nope".'),
        (["api-key", "create", "--name", "a", "--expires-at", "2001-01-01"], "expiresAt must be in the future."),
        (["api-key", "revoke", "018cc5ca-0413-7028-876c-8f782314f028"], "there is no API key 018cc5ca"),
        (["workspace", "create", "default"], 'there is a workspace "default" already.'),
        (["workspace", "create", "A"], 'a workspace cannot be called "A"'),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_the_database_refuses_is_told_in_a_sentence(database: str, arguments: list[str], sentence: str) -> None:
    done = run(*arguments, DATABASE_URL=database)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"fieldstone: {sentence}")
    assert done.stderr.count("\n") == 1


@pytest.fixture
def stranger(empty_database: str) -> Iterator[str]:
    """Yield the address of an empty database for a user that may connect to it and no more."""
    name = f"stranger_{uuid4().hex}"
    role = sql.Identifier(name)
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(role, sql.Literal(name)))
        try:
            yield make_conninfo(empty_database, user=name, password=name)
        finally:
            connection.execute(sql.SQL("DROP OWNED BY {}").format(role))
            connection.execute(sql.SQL("DROP ROLE {}").format(role))


@pytest.mark.parametrize("arguments", [["migrate"], ["serve", "--port", "0"]], ids=" ".join)
def test_a_user_without_rights_is_told_which_are_needed(stranger: str, arguments: list[str]) -> None:
    refused = run(*arguments, DATABASE_URL=stranger)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.splitlines()[-1].startswith("fieldstone: permission denied for database ")
    assert "granted CREATE on it" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.long
def test_a_user_needs_no_more_rights_than_it_is_told_of(stranger: str, empty_database: str) -> None:
    user = sql.Identifier(str(conninfo_to_dict(stranger)["user"]))
    with psycopg.connect(empty_database, autocommit=True) as connection:
        database = sql.Identifier(connection.info.dbname)
        connection.execute(sql.SQL("GRANT CREATE ON DATABASE {} TO {}").format(database, user))
    made = run("workspace", "create", "own", DATABASE_URL=stranger)
    assert made.returncode == 0, made.stderr


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_a_database_of_another_encoding_is_refused_before_it_is_migrated(empty_database: str, encoding: str) -> None:
    name = sql.Identifier(f"encoded_{uuid4().hex}")
    with closing(psycopg.connect(empty_database, autocommit=True)) as connection:
        make = "CREATE DATABASE {} TEMPLATE template0 ENCODING {} LOCALE 'C'"
        connection.execute(sql.SQL(make).format(name, sql.Literal(encoding)))
        try:
            done = run("migrate", DATABASE_URL=make_conninfo(empty_database, dbname=name.as_string().strip('"')))
        finally:
            connection.execute(sql.SQL("DROP DATABASE {}").format(name))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"fieldstone: the database has the encoding {encoding}, and UTF8 is needed: CREATE")


def test_a_busy_port_is_told_before_anything_is_started(database: str) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as busy:
        port = busy.getsockname()[1]
        done = run("serve", "--port", str(port), DATABASE_URL=database)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"fieldstone: port {port} of 127.0.0.1 is in use: stop the program that uses it, or choose"
        " another with --port.\n"
    )


def test_a_catalog_of_a_newer_program_is_refused_by_both_versions(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("INSERT INTO fieldstone.migration (version, name, checksum) VALUES (9999, 'later', 'x')")
    done = run("serve", "--port", "0", DATABASE_URL=database)
    assert (done.returncode, done.stdout) == (1, "")
    assert "at version 9999" in done.stderr
    assert "versions up to" in done.stderr


def test_the_doctor_names_what_was_done_by_hand_and_its_repair(database: str) -> None:
    well = run("doctor", DATABASE_URL=database)
    assert (well.returncode, well.stdout) == (0, "The catalog and the tables agree. Workspaces: 1.\n"), well.stderr
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("ALTER TABLE workspace_default.person DROP COLUMN phone")
    ill = run("doctor", DATABASE_URL=database)
    assert ill.returncode == 2
    assert "default: The column person.phone of person.phone is not there." in ill.stdout
    assert 'repair: ALTER TABLE "workspace_default"."person" ADD COLUMN "phone" text' in ill.stdout
    assert ill.stderr == "fieldstone: 1 difference from the models.\n"


def test_the_doctor_makes_a_table_anew_that_has_little_room(database: str) -> None:
    with psycopg.connect(database, autocommit=True) as connection:
        for action in ("ADD COLUMN {} int", "DROP COLUMN {}"):
            steps = ", ".join(action.format(f"old{number}") for number in range(120))
            connection.execute(f"ALTER TABLE workspace_default.person {steps}".encode())
    done = run("doctor", "--rewrite", DATABASE_URL=database)
    assert done.returncode == 0, done.stderr
    assert "rewriting person; activity, company, opportunity, person cannot be used meanwhile" in done.stdout
    assert "person has room for 120 more columns" in done.stdout
    assert "anew" not in run("doctor", "--rewrite", DATABASE_URL=database).stdout
    unknown = run("doctor", "--rewrite", "--object", "nothing", DATABASE_URL=database)
    assert (unknown.returncode, unknown.stderr) == (1, 'fieldstone: no workspace has an object "nothing".\n')


def test_a_model_is_exported_changed_and_applied(database: str, tmp_path: Path) -> None:
    exported = run("schema", "export", DATABASE_URL=database)
    assert exported.returncode == 0, exported.stderr
    file = tmp_path / "model.yaml"
    file.write_text(exported.stdout)
    assert run("schema", "diff", str(file), DATABASE_URL=database).returncode == 0
    file.write_text(exported.stdout.replace("label: City", "label: Town"))
    differs = run("schema", "apply", str(file), "--check", DATABASE_URL=database)
    assert (differs.returncode, differs.stdout) == (2, 'updateField  person.city  label: "Town"\n'), differs.stderr
    unasked = run("schema", "apply", str(file), DATABASE_URL=database)
    assert (unasked.returncode, "--yes" in unasked.stderr) == (1, True)
    applied = run("schema", "apply", str(file), "--yes", DATABASE_URL=database)
    assert applied.stdout.endswith("Changes made: 1.\n"), applied.stderr
    assert run("schema", "apply", str(file), "--check", DATABASE_URL=database).returncode == 0
    assert run("schema", "export", DATABASE_URL=database).stdout == file.read_text()
    file.write_text("version: [")
    assert "cannot be read as YAML" in run("schema", "diff", str(file), DATABASE_URL=database).stderr


def test_tables_are_imported_with_their_rows(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute(
            "CREATE SCHEMA old; CREATE TABLE old.ships (id int PRIMARY KEY, name text, hull box);"
            " INSERT INTO old.ships VALUES (1, 'Ark')"
        )
    printed = run("schema", "import", "old", "--print", DATABASE_URL=database)
    assert (printed.returncode, "  ship:\n    namePlural: ships" in printed.stdout) == (0, True), printed.stderr
    assert "note  ships: the column hull is left out" in printed.stderr
    assert run("schema", "import", "old", "--check", DATABASE_URL=database).returncode == 2
    done = run("schema", "import", "old", "--from", database, "--with-rows", "--yes", DATABASE_URL=database)
    assert done.stdout.endswith("Changes made: 3. Rows copied: 1.\n"), done.stderr
    with psycopg.connect(database) as connection:
        found = connection.execute('SELECT "sourceId", name FROM workspace_default.ship').fetchall()
    assert found == [(1, "Ark")]
    nowhere = run("schema", "import", "nothing", DATABASE_URL=database)
    assert nowhere.stderr == 'fieldstone: there is no table in a schema "nothing".\n'


@pytest.mark.long
def test_a_model_is_carried_to_another_workspace(database: str, tmp_path: Path) -> None:
    file = tmp_path / "model.yaml"
    exported = run("schema", "export", DATABASE_URL=database).stdout
    task = """  task:
    namePlural: tasks
    labelSingular: Task
    labelPlural: Tasks
    fields:
      company:
        type: RELATION
        relation:
          target: company
          inverse: tasks
"""
    file.write_text(exported + task)
    assert run("workspace", "create", "other", DATABASE_URL=database).returncode == 0
    for name in ("default", "other"):
        applied = run("schema", "apply", str(file), "--yes", "--workspace", name, DATABASE_URL=database)
        assert applied.stdout.endswith("Changes made: 2.\n"), applied.stderr
    first, second = (
        run("schema", "export", "--workspace", name, DATABASE_URL=database) for name in ("default", "other")
    )
    assert first.stdout == second.stdout
    file.write_text(exported)
    assert run("schema", "diff", str(file), DATABASE_URL=database).returncode == 0
    pruned = run("schema", "diff", str(file), "--prune", DATABASE_URL=database)
    assert (pruned.returncode, "deleteObject" in pruned.stdout, "Task vanishes" in pruned.stdout) == (2, True, True)
    assert run("schema", "apply", str(file), "--prune", "--yes", DATABASE_URL=database).returncode == 0
    assert run("schema", "export", DATABASE_URL=database).stdout == exported


def test_secrets_are_rotated_from_the_command_line(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute(
            "INSERT INTO fieldstone.webhook (id, workspace_id, target_url, secret, start_position)"
            " SELECT gen_random_uuid(), id, 'http://127.0.0.1', 'known', 0 FROM fieldstone.workspace"
        )
    without = run("secrets", "rotate", DATABASE_URL=database)
    assert (without.returncode, "FIELDSTONE_SECRET_KEY is not set" in without.stderr) == (1, True)
    old, new = "o" * 32, "n" * 32
    for keys, said in ((old, "encrypted 1"), (f"{new},{old}", "encrypted 1"), (new, "nothing to do")):
        done = run("secrets", "rotate", DATABASE_URL=database, FIELDSTONE_SECRET_KEY=keys)
        assert (done.returncode, done.stdout) == (0, f"All secrets are encrypted under the first key: {said}.\n")
    lacking = run("secrets", "rotate", DATABASE_URL=database, FIELDSTONE_SECRET_KEY=old)
    assert (lacking.returncode, "which FIELDSTONE_SECRET_KEY does not list" in lacking.stderr) == (1, True)
    refused = run("serve", "--port", "0", DATABASE_URL=database)
    assert (refused.returncode, "which FIELDSTONE_SECRET_KEY does not list" in refused.stderr) == (1, True)
