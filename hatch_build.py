"""Hatchling's build hook: puts the bundled pages of the console into the sdist and the wheel."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ConsoleBuildHook(BuildHookInterface[Any]):
    """Builds `engine/server/console/ui/dist` for an sdist or a wheel.

    An editable install leaves that to `python -m fieldstone.engine.server.console.build`.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the pages and add them to the files, which git's ignore list would keep out.

        A wheel that is built from an sdist takes the pages that lie there. Where npm's registry is out of reach the
        pages are left out, and the server says so in their place.
        """
        if version == "editable":
            return
        ui_build = _load(Path(self.root, "fieldstone", "engine", "server", "console", "build.py"))
        self.app.display_info(ui_build.describe(ui_build.build_console()))
        build_data["artifacts"].append("/fieldstone/engine/server/console/ui/dist/**")


def _load(path: Path) -> ModuleType:
    """Import a module by its file: the package around it needs what is not installed while a wheel is built."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module
