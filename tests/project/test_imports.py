"""Each module can be the first to be imported: no circle is hidden by the order of imports."""

import subprocess
import sys
from collections import defaultdict
from graphlib import TopologicalSorter

import pytest

from tests.project.modules import imports, modules

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
def test_what_stands_in_a_package_imports_in_one_direction(package: str) -> None:
    """Its modules and sub-packages have an order in which each imports only what comes before it."""
    imported: defaultdict[str, set[str]] = defaultdict(set)
    for module in modules(package):
        room = module.with_suffix("").parts[1]
        for _, origin, name in imports(module):
            for parts in (one.removeprefix("fieldstone.").split(".") for one in (origin, f"{origin}.{name}")):
                if parts[0] == package and len(parts) > 1 and parts[1] not in {room, ""}:
                    imported[room].add(parts[1])
    assert len(imported) > 5
    TopologicalSorter(imported).prepare()
