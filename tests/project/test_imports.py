"""Each module can be the first to be imported: no circle is hidden by the order of imports."""

import subprocess
import sys
from collections import defaultdict
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.project.modules import imports, modules

Names = tuple[str, ...]

_SCRIPT = """
import importlib, sys
package, *names = sys.argv[1:]
for name in names:
    for loaded in [key for key in sys.modules if key.startswith(package)]:
        del sys.modules[loaded]
    importlib.import_module(name)
"""


# Metrics and GraphQL types are registered once in a process; the packages below know nothing of those above them.
@pytest.mark.parametrize("package", ["metadata", "sql"])
def test_each_module_can_be_imported_first(package: str) -> None:
    names = [
        ".".join(("fieldstone", *module.with_suffix("").parts)).removesuffix(".__init__") for module in modules(package)
    ]
    assert len(names) > 40
    subprocess.run([sys.executable, "-c", _SCRIPT, f"fieldstone.{package}", *names], check=True, timeout=240)


@pytest.mark.parametrize("package", ["engine", "metadata", "sql"])
def test_what_stands_in_a_room_imports_in_one_direction(package: str) -> None:
    """Its modules and rooms have an order in which each imports only modules before it, down to the last room."""
    rooms: defaultdict[Names, defaultdict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for module in modules(package):
        own = module.parent.parts if module.stem == "__init__" else module.with_suffix("").parts
        for _, origin, name in imports(module):
            for one in (origin, f"{origin}.{name}"):
                other = tuple(one.removeprefix("fieldstone.").split("."))
                shared = next(
                    (n for n, (a, b) in enumerate(zip(own, other, strict=False)) if a != b), min(len(own), len(other))
                )
                if other[0] == package and shared < min(len(own), len(other)):
                    rooms[own[:shared]][own[shared]].add(other[shared])
    assert len(rooms) > 5
    for room, imported in rooms.items():
        try:
            TopologicalSorter(imported).prepare()
        except CycleError as error:
            pytest.fail(f"a circle in {'/'.join(room)}: {' <- '.join(error.args[1])}")
