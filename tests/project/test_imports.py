"""Each module can be the first to be imported: no circle is hidden by the order of imports."""

import subprocess
import sys

from tests.project.test_modules import _modules

_SCRIPT = """
import importlib, sys
for name in sys.argv[1:]:
    for loaded in [key for key in sys.modules if key.partition(".")[0] in {"engine", "metadata", "sql"}]:
        del sys.modules[loaded]
    importlib.import_module(name)
"""


def test_each_module_can_be_imported_first() -> None:
    names = [
        ".".join(module.with_suffix("").parts).removesuffix(".__init__")
        # Metrics and GraphQL types are registered once in a process; what imports them comes after all others.
        for module in _modules("sql", "metadata")
    ]
    assert len(names) > 50
    subprocess.run([sys.executable, "-c", _SCRIPT, *names], check=True, timeout=120)
