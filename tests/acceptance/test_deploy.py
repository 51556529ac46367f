"""What can be said of `deploy/` without a container engine: the files parse, the program takes the configuration in
them, the commands in them exist, and they agree with each other on names."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from bridge.codecs import fhir
from bridge.codecs import json as codec
from bridge.settings.service import TokensAuth
from bridge.settings.settings import Settings, settings
from tests.corpus import ROOT

DEPLOY = ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
KUBERNETES = {
    one["kind"]: one for one in yaml.safe_load_all((DEPLOY / "kubernetes/fhir-dicom.yaml").read_text("utf-8"))
}
POD: dict[str, Any] = KUBERNETES["Deployment"]["spec"]["template"]["spec"]
UNIT = (DEPLOY / "systemd/fhir-dicom.service").read_text("utf-8")
CONTAINERFILE = (DEPLOY / "Containerfile").read_text("utf-8")


@pytest.fixture(params=["compose", "kubernetes"])
def configured(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    if request.param == "compose":
        return settings(DEPLOY / "bridge.yaml")
    file = tmp_path / "bridge.yaml"
    file.write_text(KUBERNETES["ConfigMap"]["data"]["bridge.yaml"])
    return settings(file)


def test_the_configuration_is_accepted(configured: Settings) -> None:
    assert configured.route_names() == ("ehr-pacs",)
    assert configured.ledger.startswith("postgresql+psycopg://bridge@")
    assert isinstance(configured.serve.auth, TokensAuth) and set(configured.serve.hooks) == {"ehr", "pacs"}


def test_every_secret_of_compose_is_given_to_the_bridge() -> None:
    given = COMPOSE["services"]["bridge"]["environment"]
    wanted = re.findall(r"env: (\w+)", (DEPLOY / "bridge.yaml").read_text("utf-8"))
    assert len(wanted) == 5 and set(wanted) | {"BRIDGE_LEDGER"} == set(given)
    for service in COMPOSE["services"].values():
        for name, value in service.get("environment", {}).items():
            assert "PASSWORD" not in name or value.startswith("${"), "a secret in the file"


def test_what_compose_mounts_is_there_and_its_ports_are_of_this_machine() -> None:
    for service in COMPOSE["services"].values():
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            assert (ROOT / source).is_file() if source.startswith(".") else source in COMPOSE["volumes"]
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    assert (ROOT / COMPOSE["services"]["bridge"]["build"]["dockerfile"]).is_file()


def test_every_secret_of_kubernetes_is_mounted() -> None:
    (container,) = POD["containers"]
    mounted = tuple(one["mountPath"] for one in container["volumeMounts"])
    files = re.findall(r"(/run/secrets/[^}, ]+)", KUBERNETES["ConfigMap"]["data"]["bridge.yaml"])
    assert len(files) == 7 and all(file.startswith(mounted) for file in files)
    assert {one["name"] for one in container["volumeMounts"]} == {one["name"] for one in POD["volumes"]}


def test_kubernetes_runs_it_with_as_little_as_it_needs() -> None:
    (container,) = POD["containers"]
    assert POD["securityContext"]["runAsNonRoot"] and not POD["automountServiceAccountToken"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    probes = {name: container[name]["httpGet"]["path"] for name in container if name.endswith("Probe")}
    assert probes == {"livenessProbe": "/health", "readinessProbe": "/ready", "startupProbe": "/health"}


def test_the_commands_exist_and_take_these_options() -> None:
    entry = json.loads(re.findall(r"^ENTRYPOINT (.+)$", CONTAINERFILE, re.M)[0])
    by_default = json.loads(re.findall(r"^CMD (.+)$", CONTAINERFILE, re.M)[0])
    started = re.findall(r"^ExecStart=(.+)$", UNIT, re.M)[0].split()
    assert entry == ["fhir-dicom"] and started[0].endswith("/bin/fhir-dicom")
    assert by_default == POD["containers"][0]["args"] == started[1:]
    line = [sys.executable, "-m", "bridge", *by_default]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2 and "/etc/fhir-dicom/bridge.yaml: cannot be read" in done.stderr


def test_the_container_runs_as_nobody_in_particular_and_takes_hashed_packages() -> None:
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", CONTAINERFILE, re.M)
    assert "--require-hashes -r requirements/run.txt" in CONTAINERFILE
    copied = [one for line in re.findall(r"^COPY (?!--from)(.+) \S+$", CONTAINERFILE, re.M) for one in line.split()]
    assert copied and all((ROOT / one).exists() for one in copied)
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert "*" in ignored and {f"!{one.split('/')[0]}" for one in copied} <= set(ignored), "secrets stay out of a build"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "fhir-dicom.service"
    unit.write_text(re.sub(r"^ExecStart=\S+", f"ExecStart={shutil.which('true')}", UNIT, flags=re.M))
    line = ["systemd-analyze", "verify", "--man=no", str(unit)]
    done = subprocess.run(line, capture_output=True, text=True, check=False, timeout=60)
    assert not [one for one in done.stderr.splitlines() if "fhir-dicom.service" in one], done.stderr


def test_the_subscription_is_one() -> None:
    resource = codec.loads((DEPLOY / "fhir/subscription.json").read_bytes())
    fhir.validate(resource)
    assert resource["channel"]["type"] == "rest-hook"
