"""The build of the pages where it cannot succeed, or has nothing to do."""

import json
import re
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fieldstone.engine.server.console import build
from fieldstone.engine.server.console.build import Built, ConsoleBuildError, Unavailable, build_console
from tests.ports import free_port

pytestmark = pytest.mark.long


@pytest.fixture
def ui(tmp_path: Path) -> Path:
    """A copy of the sources, without a bundle."""
    return Path(
        shutil.copytree(build.UI_DIR, tmp_path / "ui", ignore=shutil.ignore_patterns("dist", "build", "node_modules"))
    )


@pytest.fixture
def no_registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An npm with an empty cache whose registry is a port where nothing listens."""
    monkeypatch.setenv("npm_config_registry", f"http://127.0.0.1:{free_port()}/")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm-cache"))


def write_manifest(ui: Path, digest: str) -> None:
    (ui / "dist").mkdir()
    (ui / "dist" / "manifest.json").write_text(json.dumps({"digest": digest}), encoding="utf-8")


@pytest.mark.usefixtures("no_registry")
def test_a_registry_out_of_reach_leaves_the_reason_for_the_page(ui: Path) -> None:
    outcome = build_console(ui)
    assert isinstance(outcome, Unavailable)
    assert outcome.reason == "the npm registry could not be reached (ECONNREFUSED)"
    assert (ui / "dist" / "unavailable.txt").read_text(encoding="utf-8") == f"{outcome.reason}\n"
    assert not (ui / "build").exists()


@pytest.mark.usefixtures("no_registry")
def test_an_older_bundle_outlives_a_build_that_is_impossible(ui: Path) -> None:
    write_manifest(ui, "made from older sources")
    assert isinstance(build_console(ui), Unavailable)
    assert [file.name for file in (ui / "dist").iterdir()] == ["manifest.json"]


@pytest.mark.usefixtures("no_registry")
def test_the_command_says_it_in_one_sentence_and_does_not_fail(ui: Path) -> None:
    program = ui.parent / "ui_build.py"
    shutil.copyfile(build.__file__, program)
    process = subprocess.run([sys.executable, program], cwd="/", capture_output=True, text=True, check=False)
    assert process.returncode == 0
    assert process.stderr == ""
    assert process.stdout == (
        "The pages of the console were not built: the npm registry could not be reached (ECONNREFUSED); "
        "the rest works, and `python -m fieldstone.engine.server.console.build` builds them later.\n"
    )


@pytest.mark.usefixtures("no_registry")
def test_a_bundle_of_the_same_sources_is_left_alone_until_one_changes(ui: Path) -> None:
    write_manifest(ui, build._digest(ui))
    assert build_console(ui) == Built(changed=False)
    with (ui / "graphiql" / "page.css").open("a", encoding="utf-8") as style:
        style.write("\n")
    assert isinstance(build_console(ui), Unavailable)


def test_two_builds_at_once_are_one(ui: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    began, goes_on = threading.Semaphore(0), threading.Event()

    def bundle(ui: Path, _work: Path, digest: str) -> None:
        began.release()
        goes_on.wait(60)
        write_manifest(ui, digest)

    monkeypatch.setattr(build, "_bundle", bundle)
    with ThreadPoolExecutor() as threads:
        builds = [threads.submit(build_console, ui) for _ in range(2)]
        assert began.acquire(timeout=60)
        # The other one would begin within moments, if it did not wait.
        assert not began.acquire(timeout=0.2)
        goes_on.set()
        outcomes = [one.result() for one in builds]
    assert sorted(outcome.changed for outcome in outcomes if isinstance(outcome, Built)) == [False, True]


def test_a_fault_in_the_sources_is_no_missing_network(ui: Path) -> None:
    (ui / "package-lock.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ConsoleBuildError, match=r"npm ci failed:\n(.*\n)*.*package-lock"):
        build_console(ui)
    assert not (ui / "dist").exists()


def test_the_lock_names_no_registry() -> None:
    lock = json.loads((build.UI_DIR / "package-lock.json").read_text(encoding="utf-8"))
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert len(packages) > 50
    assert all(entry["integrity"].startswith("sha512-") for entry in packages.values())
    assert not [name for name, entry in packages.items() if re.search(r"registry|resolved|tarball", json.dumps(entry))]
