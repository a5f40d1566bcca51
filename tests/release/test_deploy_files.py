"""Compose and Kubernetes: neither runs here, so their files are held to the published schemas and to what the
server reads; `e2e/test_balanced_instances.py` runs what they describe as processes."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # types-PyYAML for one module is not worth it

from lumen_notify.settings import Settings, variable
from programs import from_pypi

from .builds import ROOT

DEPLOY = ROOT / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
MANIFESTS = list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text("utf-8")))
SERVERS_OWN = {"FORWARDED_ALLOW_IPS"}
"""Read by uvicorn."""


def of_kind(kind: str) -> Any:
    (found,) = [manifest for manifest in MANIFESTS if manifest["kind"] == kind]
    return found


def container() -> Any:
    (found,) = of_kind("Deployment")["spec"]["template"]["spec"]["containers"]
    return found


@pytest.mark.server
def test_compose_file_has_the_form_of_its_specification() -> None:
    command = [*from_pypi("check-jsonschema"), "--builtin-schema", "vendor.compose-spec"]
    subprocess.run([*command, DEPLOY / "compose.yaml"], check=True)


@pytest.mark.server
def test_kubernetes_manifests_are_valid() -> None:
    result = subprocess.run(
        [*from_pypi("kubernetes-validate"), "--strict", DEPLOY / "kubernetes.yaml"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert result.stderr.count("passed") + result.stdout.count("passed") == len(MANIFESTS)


def test_variables_exist() -> None:
    known = {variable(name) for name in Settings.model_fields} | SERVERS_OWN
    for name in ("lumen-1", "lumen-2"):
        assert COMPOSE["services"][name]["environment"].keys() <= known
    assert {one["name"] for one in container()["env"]} <= known
    text = (DEPLOY / "kubernetes.yaml").read_text("utf-8")
    literals = {line.split("=")[1] for line in text.splitlines() if "--from-literal" in line}
    assert literals <= known
    assert len(literals) == 3


def test_compose_file_needs_only_what_the_example_names() -> None:
    example = (DEPLOY / "example.env").read_text("utf-8")
    text = (DEPLOY / "compose.yaml").read_text("utf-8")
    needed = {part.split(":")[0].split("}")[0] for part in text.split("${")[1:]}
    assert needed == {"POSTGRES_PASSWORD", "LUMEN_JWT_SECRET", "LUMEN_SITE"}
    assert all(f"{name}=" in example for name in needed)


def test_instances_are_reached_by_the_proxy_alone() -> None:
    services = COMPOSE["services"]
    assert {name for name, service in services.items() if "ports" in service} == {"caddy"}
    upstreams = services["caddy"]["environment"]["LUMEN_UPSTREAMS"].split()
    assert upstreams == ["lumen-1:8000", "lumen-2:8000"]
    caddyfile = (DEPLOY / "Caddyfile").read_text("utf-8")
    for name in services["caddy"]["environment"]:
        assert "{$" + name + ":" in caddyfile


def test_pods_drain_before_they_are_killed() -> None:
    pod = of_kind("Deployment")["spec"]["template"]["spec"]
    (_, seconds) = container()["lifecycle"]["preStop"]["exec"]["command"]
    drain_seconds = Settings.model_fields["drain_seconds"].default
    assert pod["terminationGracePeriodSeconds"] >= int(seconds) + drain_seconds + 5
    assert COMPOSE["services"]["lumen-1"]["stop_grace_period"] == "30s"


def test_selectors_choose_the_pods() -> None:
    labels = of_kind("Deployment")["spec"]["template"]["metadata"]["labels"]
    assert of_kind("Deployment")["spec"]["selector"]["matchLabels"] == labels
    assert of_kind("Service")["spec"]["selector"] == labels
    assert of_kind("PodDisruptionBudget")["spec"]["selector"]["matchLabels"] == labels
    (port,) = container()["ports"]
    assert of_kind("Service")["spec"]["ports"][0]["targetPort"] == port["name"]


def test_pod_runs_as_the_user_of_the_image() -> None:
    user = of_kind("Deployment")["spec"]["template"]["spec"]["securityContext"]["runAsUser"]
    assert f"USER {user}" in (ROOT / "Dockerfile").read_text("utf-8")
