"""`mooring cluster …` and `mooring repo …`."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path

from tests.unit.cli.fake_api import FakeApi, Outcome

Mooring = Callable[..., Outcome]

KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: dev
contexts:
- {name: dev, context: {cluster: c, user: u}}
- {name: prod, context: {cluster: c, user: plugin}}
clusters:
- {name: c, cluster: {server: "https://10.0.0.1:6443", certificate-authority: ca.pem}}
users:
- {name: u, user: {token: s3cret}}
- {name: plugin, user: {exec: {
    apiVersion: client.authentication.k8s.io/v1, command: aws, args: [eks], env: [{name: A, value: b}]}}}
"""


def test_a_cluster_is_registered_from_a_kubeconfig(api: FakeApi, mooring: Mooring, tmp_path: Path) -> None:
    """Certificates named by path are embedded, in the form of Argo CD's cluster secret."""
    (tmp_path / "config").write_text(KUBECONFIG)
    (tmp_path / "ca.pem").write_text("PEM")
    api.on("PUT /api/v1/clusters/dev", {"name": "dev"})
    outcome = mooring("cluster", "add", "dev", "--kubeconfig", "config", "--default")
    expected = {
        "server": "https://10.0.0.1:6443",
        "default": True,
        "config": {"tlsClientConfig": {"caData": base64.b64encode(b"PEM").decode()}, "bearerToken": "s3cret"},
    }
    assert (0, expected) == (outcome.code, api.calls[0].body)
    assert "s3cret" not in outcome.out + outcome.err


def test_another_context_with_an_exec_plugin(api: FakeApi, mooring: Mooring, tmp_path: Path) -> None:
    """The plugin is passed on by name, its environment as a map."""
    (tmp_path / "config").write_text(KUBECONFIG)
    (tmp_path / "ca.pem").write_text("PEM")
    api.on("PUT /api/v1/clusters/prod", {})
    mooring("cluster", "add", "prod", "--kubeconfig", "config", "--context", "prod")
    assert {
        "command": "aws",
        "args": ["eks"],
        "env": {"A": "b"},
        "apiVersion": "client.authentication.k8s.io/v1",
    } == api.calls[0].body["config"]["execProviderConfig"]


def test_an_eks_cluster_signs_in_with_iam(api: FakeApi, mooring: Mooring) -> None:
    """Name and role become `awsAuthConfig`."""
    api.on("PUT /api/v1/clusters/eks", {})
    mooring("cluster", "add", "eks", "--server", "https://x.eks.amazonaws.com", "--eks-cluster", "e", "--role-arn", "r")
    assert {"awsAuthConfig": {"clusterName": "e", "roleARN": "r"}} == api.calls[0].body["config"]


def test_a_cluster_needs_an_address(api: FakeApi, mooring: Mooring) -> None:
    """Without address and kubeconfig nothing is sent."""
    outcome = mooring("cluster", "add", "dev")
    assert (1, []) == (outcome.code, api.calls)
    assert "error: --server: give the address" in outcome.err


def test_a_kubeconfig_without_the_context_names_it(mooring: Mooring, tmp_path: Path) -> None:
    """An unknown context is an error that names it."""
    (tmp_path / "config").write_text(KUBECONFIG)
    outcome = mooring("cluster", "add", "dev", "--kubeconfig", "config", "--context", "staging")
    assert "error: contexts: no entry named 'staging'\n" == outcome.err


def test_secrets_of_a_repository_are_read_from_files(api: FakeApi, mooring: Mooring, tmp_path: Path) -> None:
    """A token loses its line feed, a key keeps it, and neither is printed."""
    (tmp_path / "token").write_text("s3cret\n")
    (tmp_path / "key").write_text("-----KEY-----\n")
    api.on("PUT /api/v1/repositories", {})
    first = mooring("repo", "add", "https://git.example.com/a.git", "--username", "me", "--token-file", "token")
    second = mooring("repo", "add", "git@git.example.com:a.git", "--ssh-private-key-file", "key")
    assert [
        {"url": "https://git.example.com/a.git", "username": "me", "token": "s3cret"},
        {"url": "git@git.example.com:a.git", "sshPrivateKey": "-----KEY-----\n"},
    ] == [call.body for call in api.calls]
    assert "s3cret" not in first.out + first.err + second.out


def test_registrations_are_listed(api: FakeApi, mooring: Mooring) -> None:
    """Lists are tables, and JSON when asked."""
    api.on("GET /api/v1/clusters", {"items": [{"name": "dev", "server": "https://c", "default": True}]})
    api.on("GET /api/v1/repositories", {"items": [{"url": "https://r", "type": "helm", "name": "charts"}]})
    assert ["dev", "https://c", "yes", "-", "-"] == mooring("cluster", "list").out.splitlines()[1].split()
    assert ["https://r", "helm", "charts"] == mooring("repo", "list").out.splitlines()[1].split()
    assert 1 == len(json.loads(mooring("cluster", "list", "-o", "json").out)["items"])


def test_what_is_known_of_a_repository_is_shown(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN commits, a delivery and a trouble WHEN a repository is shown, or all are THEN so are these."""
    ref = {"repository": "https://r/shop", "chart": "", "target": "main", "revision": "c0ffee" * 6}
    trouble = {"application": "argocd/shop", "at": "2026-01-01T00:00:00Z", "message": "no such branch"}
    known = {
        "url": "https://r", "type": "git", "applications": 3,
        "refs": [ref | {"at": "2026-01-01T00:00:00Z", "applications": 2}], "troubles": [trouble],
        "heard": {"outcome": "queued", "at": "2026-01-01T00:00:00Z"},
    }  # fmt: skip
    api.on("GET /api/v1/repository?url=https%3A%2F%2Fr", known)
    api.on("GET /api/v1/repositories?view=facts", {"items": [known, known | {"refs": [], "heard": None}]})
    shown = mooring("repo", "get", "https://r").out
    assert "webhook       queued 2026-01-01T00:00:00Z" in shown
    assert ["https://r/shop", "main", "c0ffee" * 6] in [line.split()[:3] for line in shown.splitlines()]
    assert "no such branch" in shown and "mooring app get APPLICATION --refresh" in shown
    listed = mooring("repo", "list", "--facts").out.splitlines()
    assert ["3", "main", "c0ffeec0", "2026-01-01T00:00:00Z", "queued"] == listed[1].split()[3:8]
    assert "not heard for a week" in listed[2]


def test_a_repository_is_forgotten(api: FakeApi, mooring: Mooring) -> None:
    """The address goes as it was typed."""
    api.on("DELETE /api/v1/repositories?url=https%3A%2F%2Fr%2Fa%3Fb", {})
    outcome = mooring("repo", "rm", "https://r/a?b")
    assert ("repository https://r/a?b forgotten\n", "") == (outcome.out, outcome.err)


SECRETS = """
apiVersion: v1
kind: Secret
metadata: {name: a, labels: {argocd.argoproj.io/secret-type: repository}}
stringData: {type: helm, name: charts, url: "https://charts.example.com"}
---
apiVersion: v1
kind: Secret
metadata: {name: b, labels: {argocd.argoproj.io/secret-type: repo-creds}}
stringData: {type: helm, enableOCI: "true", url: registry.example.com, username: u, password: s3cret}
"""


def test_argo_cds_repository_secrets_are_sent_as_they_are(api: FakeApi, mooring: Mooring, tmp_path: Path) -> None:
    """GIVEN a file with two Secrets, THEN each is sent, and no password shown."""
    (tmp_path / "secrets.yaml").write_text(SECRETS)
    api.on("PUT /api/v1/repositories", {"url": "https://charts.example.com"})
    outcome = mooring("repo", "add", "-f", "secrets.yaml")
    assert (0, ["Secret", "Secret"]) == (outcome.code, [call.body["kind"] for call in api.calls])
    assert "s3cret" not in outcome.out + outcome.err


def test_a_repository_of_charts_has_a_type_and_a_name(api: FakeApi, mooring: Mooring, tmp_path: Path) -> None:
    """Certificates come from files, with their line breaks."""
    (tmp_path / "ca.pem").write_text("-----BEGIN CERTIFICATE-----\nx\n")
    api.on("PUT /api/v1/repositories", {})
    mooring("repo", "add", "https://charts.example.com", "--type", "helm", "--name", "charts", "--ca-file", "ca.pem")
    expected = {
        "url": "https://charts.example.com",
        "type": "helm",
        "name": "charts",
        "caData": "-----BEGIN CERTIFICATE-----\nx\n",
    }
    assert expected == api.calls[0].body


def test_a_repository_needs_an_address_or_a_file(api: FakeApi, mooring: Mooring) -> None:
    """Neither, or both, is an error before anything is sent."""
    assert (1, 1) == (mooring("repo", "add").code, mooring("repo", "add", "https://r", "-f", "x").code)
    assert [] == api.calls
