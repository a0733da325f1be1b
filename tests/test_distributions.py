"""The sdist and the wheel: built, installed beside `python-sql`, and imported by a host with modules of our names."""

import re
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldstone.sql.embedded.folder import DataFolder
from fieldstone.sql.embedded.locks import exclusively, open_lock, take_shared
from tests.databases import quick_place, remove_left_behind
from tests.project.modules import SOURCES
from tests.release import build, install, lowest_versions, pip, run, serve_from

# Each of these makes an environment and fills it from the package registry.
pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]

SERVED = """
import asyncio, os, engine, metadata, sql

assert [one.WHOSE for one in (engine, metadata, sql)] == ["host"] * 3

import httpx
from fieldstone.engine import create_app

async def main():
    app = create_app(database_url=os.environ["OURS"], log_level="error")
    async with app.lifespan_context():
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://host") as client:
            key = {"authorization": f"Bearer {os.environ['KEY']}"}
            print((await client.post("/graphql", json={"query": "{ people { totalCount } }"}, headers=key)).text)
            print((await client.get("/graphql", headers={"accept": "text/html"}, follow_redirects=True)).text)

asyncio.run(main())
"""


@pytest.fixture(scope="session")
def distributions(run_folder: Path) -> Path:
    """A folder with the sdist, the wheel of the sources, and, in `again`, the wheel of the sdist."""
    built = run_folder / "distributions"
    with exclusively(run_folder / "distributions.lock"):
        if not built.exists():
            unfinished = run_folder / "distributions.unfinished"
            python = build(unfinished, run_folder / "builder")
            (sdist,) = unfinished.glob("*.tar.gz")
            options = ("-q", "--no-deps", "--no-build-isolation", "-w", unfinished / "again")
            pip(python, "wheel", *options, sdist)
            unfinished.rename(built)
    return built


def content(folder: Path) -> dict[str, bytes]:
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def test_the_wheel_has_all_sources_below_fieldstone(distributions: Path) -> None:
    found = content(distributions)
    assert {name.split("/")[0] for name in found} == {"fieldstone", "fieldstone-0.1.0.dist-info"}
    tracked = run("git", "ls-files", "--", *SOURCES).splitlines()
    assert len(tracked) > 300
    assert [name for name in tracked if f"fieldstone/{name}" not in found and "/ui/" not in name] == []
    assert any(name.startswith("fieldstone/engine/server/console/ui/dist/") for name in found)


def test_the_sdist_builds_the_same_wheel(distributions: Path) -> None:
    assert content(distributions / "again") == content(distributions)


_PREFIX = "fieldstone-wheel-"


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that any account may enter, as the one that PostgreSQL runs under.

    Those of killed sessions are removed: in memory they would stay.
    """
    remove_left_behind(quick_place(), f"{_PREFIX}*")
    with (
        tempfile.TemporaryDirectory(prefix=_PREFIX, dir=quick_place()) as made,
        open_lock(DataFolder(root=Path(made)).users_lock) as held,
    ):
        take_shared(held)
        Path(made).chmod(0o755)
        yield Path(made)


def test_the_wheel_serves_without_node_and_runs_beside_python_sql_in_a_host_with_modules_of_our_names(
    distributions: Path, open_folder: Path, tmp_path: Path, empty_database: str
) -> None:
    (wheel,) = distributions.glob("*.whl")
    python = serve_from(wheel, open_folder)
    install(python, "python-sql")
    assert "No broken requirements" in pip(python, "check")
    host = tmp_path / "host"
    for module in ("engine.py", "metadata.py", "sql/__init__.py"):
        (host / module).parent.mkdir(parents=True, exist_ok=True)
        (host / module).write_text('WHOSE = "host"\n', encoding="utf-8")
    command = python.with_name("fieldstone")
    run(command, "migrate", cwd=host, DATABASE_URL=empty_database)
    made = re.search(
        r"fs_\S+", run(command, "api-key", "create", "--name", "host", cwd=host, DATABASE_URL=empty_database)
    )
    assert made is not None
    said = run(python, "-c", SERVED, cwd=host, OURS=empty_database, KEY=made[0], FIELDSTONE_ENV="development")
    assert '"totalCount":0' in said
    assert "<html" in said.lower()
    # Elsewhere `sql` is that of python-sql, and the two others are nobody's.
    run(python, "-c", "import fieldstone.sql, sql; sql.Table('fruit').select()", cwd=tmp_path)
    for name in ("engine", "metadata"):
        run(python, "-c", f"import importlib.util as u; assert u.find_spec({name!r}) is None", cwd=tmp_path)


def test_the_wheel_serves_with_the_lowest_versions_that_its_bounds_allow(
    distributions: Path, open_folder: Path, tmp_path: Path
) -> None:
    (wheel,) = distributions.glob("*.whl")
    constraints = tmp_path / "lowest.txt"
    constraints.write_text(lowest_versions(), encoding="utf-8")
    python = serve_from(wheel, open_folder, constraints)
    assert "Usage: fieldstone" in run(python.with_name("fieldstone"), "--help")
    override = "from fieldstone.engine import create_app; create_app(database_url='postgresql://host/given')"
    run(python, "-c", override, cwd=tmp_path, DATABASE_URL="postgresql://host/of-the-environment")
