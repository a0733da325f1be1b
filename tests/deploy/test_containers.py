"""The image, the compose file and the manifests of Kubernetes, held to their schemas and to the program.

No container is run here: that needs a Docker daemon or a cluster.
"""

import fnmatch
import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from dockerfile_parse import DockerfileParser

from fieldstone.engine.settings import Settings
from tests.ports import free_port
from tests.processes.serving import serving
from tests.project.modules import ROOT
from tests.settings_table import configuration_table

DEPLOY = ROOT / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
BIN = Path(sys.executable).parent
SETTINGS = {variable.name for variable in configuration_table()}


def run(*command: str | Path) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def loaded(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def instructions() -> list[dict[str, Any]]:
    parser = DockerfileParser(path=str(DEPLOY / "Dockerfile"), cache_content=True)
    return list(parser.structure)


def test_the_image_is_built_in_two_stages_and_runs_as_nobody_special() -> None:
    found = [(one["instruction"], one["value"]) for one in instructions() if one["instruction"] != "COMMENT"]
    stages = [number for number, (name, _) in enumerate(found) if name == "FROM"]
    assert len(stages) == 2
    last = dict(found[stages[1] :])
    assert last["USER"] == "10001:10001"
    assert json.loads(last["ENTRYPOINT"]) == ["fieldstone"]
    assert json.loads(last["CMD"]) == ["serve"]
    # Nothing of the build's tools is in the image.
    assert [value for name, value in found[stages[1] :] if name == "COPY"] == [
        "--from=build /opt/fieldstone /opt/fieldstone"
    ]
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert f"'.[{','.join(extra for extra in extras if extra != 'dev')}]'" in dict(found[: stages[1]])["RUN"]
    versions = [value.split(":")[1] for name, value in found if name == "FROM"]
    assert {version.split("-")[0].split(" ")[0] for version in versions} == {"3.13"}


def test_the_variables_of_the_image_are_settings() -> None:
    parser = DockerfileParser(path=str(DEPLOY / "Dockerfile"), cache_content=True)
    ours = {name: value for name, value in parser.envs.items() if name.startswith("FIELDSTONE")}
    assert ours["FIELDSTONE_HOST"] == "0.0.0.0"  # noqa: S104 - within the container
    assert ours.keys() <= SETTINGS


def test_the_health_check_of_the_image_tells_a_server_from_none(empty_database: str) -> None:
    (value,) = [one["value"] for one in instructions() if one["instruction"] == "HEALTHCHECK"]
    command: list[str] = json.loads(value.partition("CMD ")[2])
    assert command[0] == "python"

    def check(port: str) -> int:
        variables = os.environ | {"FIELDSTONE_PORT": port}
        done = subprocess.run([sys.executable, *command[1:]], env=variables, capture_output=True, check=False)
        return done.returncode

    with serving(DATABASE_URL=empty_database) as served:
        assert check(served.url.rpartition(":")[2]) == 0
    assert check(str(free_port())) == 1


def test_the_context_of_the_image_has_all_that_the_wheel_is_built_from() -> None:
    rules = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").split()
    kept = {rule[1:] for rule in rules if rule.startswith("!")}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    needed = {
        *("engine", "metadata", "sql", "pyproject.toml", project["project"]["readme"]),
        *project["project"]["license-files"],
        *project["tool"]["hatch"]["build"]["targets"]["sdist"]["only-include"],
    }
    assert rules[0] == "*"
    assert kept == needed
    assert all((ROOT / name).exists() for name in kept)
    assert not any(fnmatch.fnmatch(name, rule) for name in ("tests", ".git", ".venv") for rule in kept)


def test_the_compose_file_is_one_and_its_variables_are_settings() -> None:
    run(BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", DEPLOY / "compose.yaml")
    services = loaded(DEPLOY / "compose.yaml")["services"]
    assert services.keys() == {"fieldstone", "postgres", "redis"}
    ours = services["fieldstone"]
    assert ours["environment"].keys() <= SETTINGS
    assert (DEPLOY / ours["build"]["context"] / ours["build"]["dockerfile"]).samefile(DEPLOY / "Dockerfile")
    waited_for = {name for name, one in ours["depends_on"].items() if one["condition"] == "service_healthy"}
    assert waited_for == {name for name, one in services.items() if "healthcheck" in one}
    assert int(ours["stop_grace_period"].removesuffix("s")) > Settings().drain_timeout


MANIFESTS = sorted(path for path in KUBERNETES.glob("*.yaml") if path.name != "kustomization.yaml")


def test_the_manifests_fit_the_schemas_of_kubernetes() -> None:
    run(BIN / "kubernetes-validate", "--strict", "--quiet", *MANIFESTS)
    listed = loaded(KUBERNETES / "kustomization.yaml")["resources"]
    assert sorted(listed) == [path.name for path in MANIFESTS]


def containers() -> Iterator[Any]:
    pod = loaded(KUBERNETES / "deployment.yaml")["spec"]["template"]["spec"]
    yield from (*pod["initContainers"], *pod["containers"])


def test_a_pod_is_confined_and_gets_no_variables_of_services() -> None:
    pod = loaded(KUBERNETES / "deployment.yaml")["spec"]["template"]["spec"]
    assert pod["enableServiceLinks"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    # The user of the image.
    assert f"{pod['securityContext']['runAsUser']}:10001" in {one["value"] for one in instructions()}
    for one in containers():
        assert one["securityContext"]["readOnlyRootFilesystem"] is True
        assert one["securityContext"]["allowPrivilegeEscalation"] is False
        assert one["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert one["resources"]["requests"].keys() == {"cpu", "memory"}
        assert "memory" in one["resources"]["limits"]
    assert [one["args"] for one in containers()] == [["migrate"], ["serve"]]


def test_the_probes_ask_for_addresses_that_a_starting_server_answers(empty_database: str) -> None:
    (server,) = [one for one in containers() if one["args"] == ["serve"]]
    paths = {kind: server[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "liveness", "readiness")}
    with serving(DATABASE_URL=empty_database) as served, served.client() as client:
        assert {client.get(path).status_code for path in paths.values()} == {200}
        assert {"startup", "liveness"} == {kind for kind, path in paths.items() if path == "/healthz"}
    pod = loaded(KUBERNETES / "deployment.yaml")["spec"]["template"]["spec"]
    assert pod["terminationGracePeriodSeconds"] > Settings().drain_timeout + 5


def test_the_manifests_name_the_same_pods_and_settings() -> None:
    deployment = loaded(KUBERNETES / "deployment.yaml")["spec"]
    labels = deployment["template"]["metadata"]["labels"]
    for name in ("service", "pod-disruption-budget"):
        selector = loaded(KUBERNETES / f"{name}.yaml")["spec"]["selector"]
        assert selector.get("matchLabels", selector) == labels == deployment["selector"]["matchLabels"]
    data = loaded(KUBERNETES / "configmap.yaml")["data"]
    assert data.keys() <= SETTINGS
    ports = {port["name"]: port["containerPort"] for one in containers() for port in one.get("ports", ())}
    assert ports == {"http": Settings().port, "metrics": int(data["FIELDSTONE_METRICS_PORT"])}
    budget = loaded(KUBERNETES / "pod-disruption-budget.yaml")["spec"]["maxUnavailable"]
    assert budget < deployment["replicas"]
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert {one["image"] for one in containers()} == {f"fieldstone:{version}"}


@pytest.mark.system
def test_the_unit_of_systemd_is_one(tmp_path: Path) -> None:
    unit = (DEPLOY / "fieldstone.service").read_text(encoding="utf-8")
    command = "/opt/fieldstone/bin/fieldstone"
    assert unit.count(command) == 1
    placed, program = tmp_path / "fieldstone.service", tmp_path / "fieldstone"
    # The path of the checkout may have spaces.
    program.symlink_to(BIN / "fieldstone")
    placed.write_text(unit.replace(command, str(program)), encoding="utf-8")
    done = subprocess.run(["systemd-analyze", "verify", placed], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    lines = dict(line.partition("=")[::2] for line in unit.splitlines() if "=" in line and line[0] != "#")
    assert int(lines["TimeoutStopSec"].removesuffix("s")) > Settings().drain_timeout
    # The drop-in of the guide for several workers.
    guide = (ROOT / "docs" / "how-to" / "several-processes.md").read_text(encoding="utf-8")
    change = guide.partition("```ini\n")[2].partition("```")[0]
    assert change.count(command) == 1
    dropped = tmp_path / "fieldstone.service.d" / "workers.conf"
    dropped.parent.mkdir()
    dropped.write_text(change.replace(command, str(program)), encoding="utf-8")
    done = subprocess.run(["systemd-analyze", "verify", placed], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    # Without the line that empties it there were two commands, which only Type=oneshot may have.
    dropped.write_text(change.replace("ExecStart=\n", "", 1), encoding="utf-8")
    done = subprocess.run(["systemd-analyze", "verify", placed], capture_output=True, text=True, check=False)
    assert "more than one ExecStart" in done.stderr
    dropped.unlink()
    # The mistake that the check is for.
    placed.write_text(unit.replace("KillMode=mixed", "KillMode=sometimes"), encoding="utf-8")
    done = subprocess.run(["systemd-analyze", "verify", placed], capture_output=True, text=True, check=False)
    assert "Failed to parse kill mode" in done.stderr
