"""Fixtures that every test may use: a real server, databases on it, and the APIs over one of them."""

import contextlib
import functools
import gc
import os
import signal
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from enum import IntEnum
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from graphql.type import definition as _definition
from graphql.type.assert_name import assert_name
from httpx._config import DEFAULT_TIMEOUT_CONFIG, create_ssl_context
from httpx._transports import default as _http
from hypothesis import HealthCheck, settings

from tests.apis import Apis, open_apis, workspace_template
from tests.citus.limits import reason_of
from tests.citus_cluster import ON_CITUS
from tests.databases import Databases, add_extensions, quick_place, running_databases
from tests.npm_clients import install_once

_TESTS = Path(__file__).parent

# The same examples each time; a run that asks for more examples gets others. No example has a time limit: the machine
# may be busy.
settings.register_profile(
    "steady",
    derandomize="FIELDSTONE_TEST_EXAMPLES" not in os.environ,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("steady")

# httpx waits for five seconds unless it is told otherwise: less than an answer may take of a busy machine.
for _phase in ("connect", "read", "write", "pool"):
    setattr(DEFAULT_TIMEOUT_CONFIG, _phase, 60.0)

# Each client of httpx reads the certificates of all authorities, which takes 25 ms.
vars(_http)["create_ssl_context"] = functools.cache(create_ssl_context)

# A whole schema has the same names each time, and their letters took a fifth of the time of making it.
vars(_definition)["assert_name"] = functools.cache(assert_name)

# `asyncio.Runner` asks for the handler of SIGINT when a coroutine, such as an asynchronous fixture or test, has ended.
# Python 3.11 and 3.12 seek a constant of the handler's value, and write out that there is none, with the coroutine's
# result: that of a fixture with an app takes 40 ms.
_as_constant: Callable[[object, type[IntEnum]], object] = vars(signal)["_int_to_enum"]
vars(signal)["_int_to_enum"] = lambda found, names: _as_constant(found, names) if isinstance(found, int) else found


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden cases again (make golden)")


def pytest_configure(config: pytest.Config) -> None:
    # A run in the background ignores both, and the programs that tests start and end by them would, too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    # The folders of tests have the data of their servers: in memory a third of the kernel's work for them is gone.
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(quick_place()))
    if not config.getoption("numprocesses", None):
        # The process that runs tests has read it; the commands that they run would call it no setting.
        os.environ.pop("FIELDSTONE_TEST_CITUS", None)
    if config.getoption("--update-golden") and os.environ.get("CI"):
        raise pytest.UsageError("golden cases are updated by people that read the diff, not by CI")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return three workers for two processors: tests wait for two fifths of their time."""
    return -(-3 * len(os.sched_getaffinity(0)) // 2)


def _import_in_turn(config: pytest.Config) -> None:
    """Import all test modules, beginning elsewhere than the other workers: each compiles some of them for all.

    In a fresh clone all workers would compile each module, at the same moment.
    """
    worker = getattr(config, "workerinput", None)
    if worker is None or config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        return
    files = sorted(_TESTS.rglob("test_*.py"))
    first = len(files) * int(worker["workerid"].removeprefix("gw")) // worker["workercount"]
    for file in (*files[first:], *files[:first]):
        import_module(".".join(file.relative_to(_TESTS.parent).with_suffix("").parts))


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Generator[None, object, object]:
    """Leave the modules and items of all tests out of garbage collections: each would walk through them.

    Those of the schemas that tests build are rarer than by default, where they took a tenth of the processor's time.
    """
    gc.disable()
    _import_in_turn(session.config)
    collected = yield
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    gc.enable()
    return collected


@pytest.fixture(scope="session")
def server_dsn(databases: Databases) -> str:
    """The address of a server, as a user that may make databases."""
    return databases.server_dsn


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Check the markers by which make finds files, leave out the tests that Citus refuses, and begin with the longest.

    A test that may take longer than others says so by its time limit. Begun last, it ran when all others had ended.
    """
    for item in items:
        for marker in ("alone", "system"):
            if item.get_closest_marker(marker) and f"mark.{marker}" not in item.path.read_text(encoding="utf-8"):
                raise pytest.UsageError(f"{item.nodeid}: its file must have mark.{marker}, or make does not find it")
    if ON_CITUS:
        left_out = [item for item in items if reason_of(item.nodeid)]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    items.sort(key=_time_limit, reverse=True)
    call = _with_a_wide_frame()
    for item in items:
        item.runtest = partial(call, item.runtest)  # type: ignore[assignment]  # it is called by this name


def _with_a_wide_frame() -> Callable[[Callable[[], object]], object]:
    """Return a function that calls another one, with room for all frames below in one piece of memory.

    Python 3.11 maps 16 KiB for frames where the last piece is full, and unmaps them when the first frame in them ends.
    A loop that calls from the end of a piece does both each time: half of the processor's time of an introspection by
    graphql-core. A frame of more than 256 KiB, as that of so many variables is, gets a piece of 512.
    """
    variables = " = ".join(f"v{number}" for number in range(33_000))
    made: dict[str, Any] = {}
    exec(f"def call(test):\n    if 0: {variables} = 0\n    return test()", made)  # noqa: S102 - the text is ours
    function: Callable[[Callable[[], object]], object] = made["call"]
    return function


def _time_limit(item: pytest.Item) -> float:
    """Return the seconds of a test's own time limit; 0 if it has none, or a shorter one than others have."""
    marker = item.get_closest_marker("timeout")
    seconds = float(marker.args[0]) if marker and marker.args else 0.0
    return seconds if seconds > float(item.config.getini("timeout")) else 0.0


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    """Templates, made once a session with `databases.template(name, fill)`, and `databases.clone(template)`."""
    with running_databases() as made:
        yield made


@pytest.fixture
def clone_database(databases: Databases) -> Iterator[Callable[[str], str]]:
    """A function that returns the address of a new copy of a template; the copies go at the test's end."""
    with contextlib.ExitStack() as clones:
        yield lambda template: clones.enter_context(databases.clone(template))


@pytest.fixture
def empty_database(databases: Databases) -> Iterator[str]:
    """The address of a database with nothing but the extensions in it."""
    with databases.clone(databases.template("empty", add_extensions)) as dsn:
        yield dsn


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of this run share, for things that are made once for all of them."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def clients(run_folder: Path) -> Path:
    """The folder of the Node.js clients with the packages that they need installed."""
    return install_once(run_folder)


@pytest.fixture
def workspace_dsn(databases: Databases, clone_database: Callable[[str], str]) -> str:
    """The address of a database with a workspace without records."""
    return clone_database(workspace_template(databases))


@pytest.fixture
async def apis(workspace_dsn: str) -> AsyncIterator[Apis]:
    """The APIs over a workspace without records."""
    async with open_apis(workspace_dsn) as opened:
        yield opened
