"""The files in deploy/ are well-formed, agree with the project, and give nobody more rights than needed."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import pytest
import yaml

from pagemill.settings import Settings
from tests.conftest import ROOT

DEPLOY = ROOT / "deploy"
MANIFESTS = list(yaml.safe_load_all((DEPLOY / "kubernetes" / "pagemill.yaml").read_text()))
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
UNIT = (DEPLOY / "systemd" / "pagemill.service").read_text()


def test_what_the_image_copies_is_there_and_is_sent_to_the_builder():
    sent = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = set()
    for words in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE):
        copied |= {word.split("/")[0] for word in words.split()[:-1]}
    assert copied == sent
    assert all((ROOT / name).exists() for name in copied)


def test_the_image_runs_as_no_root():
    last_stage = DOCKERFILE.rsplit("\nFROM ", 1)[1]
    user = re.findall(r"^USER (\d+):(\d+)$", last_stage, re.MULTILINE)
    assert user == [("10001", "10001")]
    assert last_stage.index("USER") < last_stage.index("ENTRYPOINT")


def test_every_setting_that_is_named_is_one():
    known = {f"PAGEMILL_{name.upper()}" for name in Settings.by_name()}
    for file in (file for file in DEPLOY.rglob("*") if file.is_file() and file.suffix != ".json"):
        assert set(re.findall(r"PAGEMILL_[A-Z_]*[A-Z]", file.read_text())) <= known, file


def test_compose_keeps_the_database_inside_and_the_port_on_loopback():
    services = COMPOSE["services"]
    assert services["postgres"]["networks"] == ["inside"]
    assert COMPOSE["networks"]["inside"]["internal"] is True
    assert all(port.startswith("127.0.0.1:") for service in services.values() for port in service.get("ports", []))
    for name in ("migrate", "api", "worker"):
        assert services[name]["cap_drop"] == ["ALL"]
        assert services[name]["read_only"] is True
        assert services[name]["command"] == [name]
    profile = re.search(r"seccomp=(\S+)", " ".join(services["worker"]["security_opt"]))
    assert (DEPLOY / profile[1]).is_file()


@pytest.mark.parametrize("name", ["migrate", "api", "worker"])
def test_pods_have_no_privileges(name):
    [pod] = [
        manifest["spec"]["template"]["spec"]
        for manifest in MANIFESTS
        if manifest["metadata"]["name"] == f"pagemill-{name}" and "template" in manifest["spec"]
    ]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["automountServiceAccountToken"] is False
    [container] = pod["containers"]
    assert container["args"] == [name]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert "memory" in container["resources"]["limits"]


def test_probes_ask_what_answers_without_the_database():
    [api] = [manifest for manifest in MANIFESTS if manifest["metadata"]["name"] == "pagemill-api" and
             manifest["kind"] == "Deployment"]  # fmt: skip
    [container] = api["spec"]["template"]["spec"]["containers"]
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert container[probe]["httpGet"] == {"path": "/health", "port": "http"}
    grace = Settings().service.grace_period
    assert api["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] > grace + 8


def test_the_seccomp_profile_lets_chromium_make_its_sandbox_and_little_else():
    profile = json.loads((DEPLOY / "seccomp-chromium.json").read_text())
    assert profile["defaultAction"] == "SCMP_ACT_ERRNO"
    allowed = {name for rule in profile["syscalls"] if "args" not in rule for name in rule["names"]}
    assert {"clone", "clone3", "unshare", "chroot", "seccomp", "prctl"} <= allowed
    assert not allowed & {"bpf", "mount", "ptrace", "kexec_load", "init_module", "perf_event_open", "add_key", "keyctl"}


def test_the_unit_restarts_by_sighup_and_drops_privileges():
    assert "ExecReload=/bin/kill -HUP $MAINPID" in UNIT
    lines = UNIT.splitlines()
    for line in ("NoNewPrivileges=yes", "CapabilityBoundingSet=", "ProtectSystem=strict", "User=pagemill"):
        assert line in lines


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_understands_the_unit(tmp_path):
    unit = tmp_path / "pagemill.service"
    unit.write_text(UNIT.replace("/opt/pagemill/bin/pagemill", "/bin/true"))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, check=False)
    assert (done.returncode, [line for line in done.stderr.splitlines() if "pagemill.service" in line]) == (0, [])
