"""The program of docs/how-to/sql-and-bi.md runs as a SQL role that the page's commands make."""

import os
import subprocess
import sys

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.apis import sample_template
from tests.databases import Databases
from tests.processes.serving import run
from tests.project.documentation import snippets

pytestmark = pytest.mark.long


def test_the_page_runs(databases: Databases) -> None:
    with databases.clone(sample_template(databases)) as dsn:
        name = f"bi_of_{conninfo_to_dict(dsn)['dbname']}"
        made = run("sql-role", "create", name, DATABASE_URL=dsn)
        try:
            assert made.returncode == 0, made.stderr
            assert (
                f"SQL role '{name}' reads the schema views_default_viewer of workspace 'default' as viewer"
                in made.stderr
            )
            (password,) = made.stdout.split()
            address = make_conninfo(dsn, user=name, password=password)
            (program,) = (one for one in snippets("py") if one.options == ("read_people.py",))
            ran = subprocess.run(
                [sys.executable, "-c", program.text],
                env={**os.environ, "SQL_URL": address},
                capture_output=True,
                text=True,
                check=True,
            )
            with psycopg.connect(dsn) as connection:
                expected = connection.execute("""
                    SELECT company.name || ' ' || count(*) FROM workspace_default.person AS person
                    JOIN workspace_default.company AS company ON company.id = person."companyId"
                    WHERE person."deletedAt" IS NULL AND company."deletedAt" IS NULL
                    GROUP BY company.name ORDER BY count(*) DESC, company.name LIMIT 3
                """).fetchall()
            assert len(expected) == 3
            assert ran.stdout.splitlines() == [line for (line,) in expected]
            assert run("sql-role", "list", DATABASE_URL=dsn).stdout.split() == [name, "viewer", "views_default_viewer"]
            other = run("sql-role", "password", name, DATABASE_URL=dsn)
            assert other.returncode == 0
            assert other.stdout.split() != [password]
            again = run("sql-role", "create", name, DATABASE_URL=dsn)
            assert (again.returncode, again.stdout) == (1, "")
            assert again.stderr == f'fieldstone: the server has a login "{name}" already.\n'
            checked = run("doctor", "--views", DATABASE_URL=dsn)
            assert checked.returncode == 0, checked.stdout
        finally:
            dropped = run("sql-role", "drop", name, DATABASE_URL=dsn)
        assert (dropped.returncode, dropped.stderr) == (0, f"SQL role '{name}' is dropped.\n")
        missing = run("sql-role", "drop", name, DATABASE_URL=dsn)
        assert missing.stderr == f'fieldstone: the workspace has no SQL role "{name}".\n'
