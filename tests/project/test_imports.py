"""Each module can be the first to be imported: no circle is hidden by the order of imports."""

import ast
import subprocess
import sys
from collections import defaultdict
from graphlib import TopologicalSorter

import pytest

from tests.project.test_modules import _modules, _parse

_SCRIPT = """
import importlib, sys
for name in sys.argv[1:]:
    for loaded in [key for key in sys.modules if key.partition(".")[0] == "fieldstone"]:
        del sys.modules[loaded]
    importlib.import_module(name)
"""


def test_each_module_can_be_imported_first() -> None:
    names = [
        ".".join(("fieldstone", *module.with_suffix("").parts)).removesuffix(".__init__")
        # Metrics and GraphQL types are registered once in a process; what imports them comes after all others.
        for module in _modules("sql", "metadata")
    ]
    assert len(names) > 50
    subprocess.run([sys.executable, "-c", _SCRIPT, *names], check=True, timeout=120)


@pytest.mark.parametrize("package", ["engine", "metadata", "sql"])
def test_what_stands_in_a_package_imports_in_one_direction(package: str) -> None:
    """Its modules and sub-packages have an order in which each imports only what comes before it."""
    imported: defaultdict[str, set[str]] = defaultdict(set)
    for module in _modules(package):
        room = module.with_suffix("").parts[1]
        for node in ast.walk(_parse(module)):
            origins = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            if isinstance(node, ast.ImportFrom):
                origins += [f"{node.module}.{alias.name}" for alias in node.names]
            for parts in (origin.removeprefix("fieldstone.").split(".") for origin in origins):
                if parts[0] == package and len(parts) > 1 and parts[1] != room:
                    imported[room].add(parts[1])
    assert len(imported) > 5
    TopologicalSorter(imported).prepare()
