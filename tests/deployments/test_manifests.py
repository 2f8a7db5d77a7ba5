"""What machines of others are told: each file keeps the schema of its tool, and names what there is here."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from configs import environment
from configs.environment import CHECKOUT
from deployments.package import texts
from deployments.packaged.__main__ import main as started
from deployments.serving import pages

KUBERNETES = sorted((CHECKOUT / "deployments" / "kubernetes").glob("*.yaml"))
COMPOSE = CHECKOUT / "deployments" / "compose.yaml"
WORKFLOW = CHECKOUT / ".github" / "workflows" / "ci.yaml"
HOUSE = CHECKOUT / "deployments" / "image" / "Containerfile"
ALIASES = {field.validation_alias for field in environment.Environment.model_fields.values()}
LEFT_OUT = re.compile(r"--port|8000|--host|0\.0\.0\.0|--keys|/run/secrets/.*")


def read(path: Path) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


OBJECTS = [one for path in KUBERNETES for one in read(path)]


def pods() -> Iterator[dict[str, Any]]:
    for one in OBJECTS:
        spec = one["spec"]
        spec = spec["jobTemplate"]["spec"] if one["kind"] == "CronJob" else spec
        if "template" in spec:
            yield spec["template"]["spec"]


def test_whoever_runs_may_do_little() -> None:
    containers = [(pod, one) for pod in pods() for one in pod["containers"]]

    assert len(containers) == 3
    for pod, one in containers:
        assert pod["securityContext"]["runAsNonRoot"] and not pod["automountServiceAccountToken"]
        assert one["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert one["securityContext"].get("readOnlyRootFilesystem", one["name"] == "postgres")
        assert one["resources"]["limits"]["memory"]


def test_probes_ask_what_is_answered_without_a_key() -> None:
    asked = {
        one[probe]["httpGet"]["path"]
        for pod in pods()
        for one in pod["containers"]
        for probe in ("startupProbe", "livenessProbe", "readinessProbe")
        if "httpGet" in one.get(probe, {})
    }
    by_health_checks = re.findall(
        r"127\.0\.0\.1:8000(/[a-z0-9/]+)", COMPOSE.read_text() + texts.template("Containerfile")
    )

    assert len(asked) == 3 and len(by_health_checks) == 2
    assert asked | {*by_health_checks} <= {*pages.FOR_WATCHERS}


def test_names_of_labels_volumes_and_secrets_meet() -> None:
    labels = [one["spec"]["template"]["metadata"]["labels"] for one in OBJECTS if "template" in one["spec"]]
    selected = [one["spec"]["selector"] for one in OBJECTS if "selector" in one["spec"]]

    assert len(selected) == 5
    assert all(one.get("matchLabels", one) in labels for one in selected)
    claims = {one["metadata"]["name"] for one in OBJECTS if one["kind"] == "PersistentVolumeClaim"}
    for pod in pods():
        volumes = {one["name"]: one for one in pod.get("volumes", [])} | {"ledger": {}}
        assert all(mount["name"] in volumes for one in pod["containers"] for mount in one["volumeMounts"])
        assert all(one["persistentVolumeClaim"]["claimName"] in claims for one in volumes.values() if "persistentVolumeClaim" in one)  # fmt: skip


def test_variables_and_folders_are_those_that_are_read() -> None:
    named = {
        name for path in (*KUBERNETES, COMPOSE, HOUSE) for name in re.findall(r"INCUMBENT_[A-Z_]+", path.read_text())
    }

    assert named == {"INCUMBENT_LEDGER_URL", "INCUMBENT_HOME"}
    assert named <= ALIASES
    home = re.search(r"INCUMBENT_HOME=(\S+)", HOUSE.read_text())
    assert home is not None
    mounted = {mount["mountPath"] for pod in pods() for one in pod["containers"] for mount in one["volumeMounts"]}
    services = read(COMPOSE)[0]["services"]
    assert home[1] in mounted and services["loop"]["volumes"] == services["service"]["volumes"] == [f"home:{home[1]}"]


def test_what_is_run_takes_these_arguments(tmp_path: Path, capsys) -> None:
    (service,) = (one for pod in pods() for one in pod["containers"] if one["name"] == "service")
    in_the_image = re.search(r"^CMD \[(.*)\]$", texts.template("Containerfile"), flags=re.MULTILINE)
    assert in_the_image is not None

    for arguments in (service["args"], [word.strip('" ') for word in in_the_image[1].split(",")]):
        assert all(LEFT_OUT.fullmatch(word) for word in arguments), arguments
        assert started(arguments, tmp_path) == 2  # it is understood, and has no keys here
        assert "serving-keys.json: there is no such file" in capsys.readouterr().err
    modules = {"flows.run", "deployments.serving"}
    assert {read(COMPOSE)[0]["services"]["service"]["command"][0]} < modules
    assert "flows.run run --all --quiet" in read(COMPOSE)[0]["services"]["loop"]["command"][0]


def test_the_image_of_the_house_holds_all_of_it() -> None:
    copied = {*re.findall(r"^COPY (\w+) /srv/\w+$", HOUSE.read_text(), flags=re.MULTILINE)}

    assert copied == {"configs", "deployments", "flows", "tasks"}


def test_the_workflow_runs_what_people_run_and_packages_then() -> None:
    jobs = read(WORKFLOW)[0]["jobs"]
    commands = {name: [step["run"] for step in job["steps"] if "run" in step] for name, job in jobs.items()}

    assert commands["check"] == [".ci/run"] and (CHECKOUT / ".ci" / "run").stat().st_mode & 0o111
    assert jobs["package"]["needs"] == "check"
    assert commands["package"][:2] == ["make run", ".venv/bin/python -m deployments.package flights --out package"]


@pytest.mark.long
def test_every_file_keeps_the_schema_of_its_tool(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    tools = tmp_path / "venv" / "bin"
    install = ["-m", "pip", "install", "--quiet", "kubernetes-validate", "check-jsonschema"]
    subprocess.run([tools / "python", *install], check=True)

    by_schema = [tools / "check-jsonschema", "--builtin-schema"]
    for command in (
        [tools / "kubernetes-validate", "--strict", *KUBERNETES],
        [*by_schema, "vendor.compose-spec", COMPOSE],
        [*by_schema, "vendor.github-workflows", WORKFLOW],
    ):
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stdout + ran.stderr
