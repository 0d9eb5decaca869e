"""The command does all that the API does: each operation of the API's document has a subcommand, or a reason."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click
import pytest

from mooring_cli.commands import command

ROOT = Path(__file__).parents[3]
CLI = ROOT / "cli" / "mooring_cli"

COMMANDS: Final = {
    "access apply": "putAccess",
    "access get": "getAccess",
    "account can-i": "getPermission",
    "account create-token": "postToken",
    "account delete-token": "deleteToken",
    "account end": "endWholeAccount",
    "account end-session": "endOneSession",
    "account end-sessions": "endSessions",
    "account sessions": "getSessions",
    "account tokens": "getTokens",
    "account whoami": "getSession",
    "app actions list": "listResourceActions",
    "app actions run": "getOutcome runResourceAction",
    "app blame": "blame",
    "app compare": "compareRevisions",
    "app confirm": "confirmDeletions",
    "app create": "declareApplication",
    "app delete": "deleteApplication",
    "app delete-resource": "deleteResource",
    "app diff": "getBuildContext listManagedResources compareManifests",
    "app events": "listEvents",
    "app get": "getApplication",
    "app get-resource": "getResource",
    "app history": "listApplicationOperations getApplicationOperation getOperationChanges",
    "app list": "listAllApplications",
    "app logs": "getWorkloadLogs getPodLogs",
    "app manifests": "getManifests getOperationManifests",
    "app pause": "pauseApplication",
    "app refresh": "refreshApplication",
    "app resume": "resumeApplication",
    "app rollback": "rollBack",
    "app secrets": "listSecrets",
    "app sync": "syncApplication",
    "app terminate-op": "terminateOperation",
    "app tree": "getResourceTree",
    "apply": "declareImageUpdater postPromotion postProject",
    "appset confirm": "confirmApplicationSet",
    "appset create": "postApplicationSet",
    "appset delete": "deleteApplicationSet",
    "appset get": "getApplicationSet",
    "appset list": "listApplicationSets",
    "appset preview": "previewApplicationSet getApplicationSetPreview",
    "appset refresh": "refreshApplicationSet",
    "audit verify": "listAudit listAuditChains",
    "bootstrap": "bootstrap",
    "cluster add": "registerClusterFromSecret putCluster",
    "cluster audit-webhook": "admitAuditEvents refuseAuditEvents",
    "cluster doctor": "checkCluster getCheck",
    "cluster get": "getCluster getClusterHealth",
    "cluster list": "listClusters",
    "cluster rm": "deleteCluster",
    "cluster set": "patchCluster",
    "costs": "listAllCosts",
    "drift list": "listDrift",
    "drift show": "getDrift",
    "gpg add": "importGpgKeys",
    "gpg list": "listGpgKeys",
    "gpg rm": "deleteGpgKey",
    "image delete-updater": "deleteImageUpdater",
    "image list": "listImageStates",
    "image plan": "planImages getImagePlan",
    "image update": "updateImages",
    "image updaters": "listImageUpdaters",
    "login": "beginLogin getLoginOptions exchangeCode beginSession",
    "logout": "endSession",
    "notifications apply": "putNotificationSettings",
    "notifications get": "getNotificationSettings",
    "notifications list": "listNotifications",
    "notifications retry": "retryNotification",
    "project delete": "removeProject",
    "project get": "getProject",
    "project list": "listAllProjects",
    "project role create-token": "postProjectToken",
    "project role delete-token": "deleteProjectToken",
    "project role list-tokens": "getProjectTokens",
    "promotion delete": "deleteOnePromotion",
    "promotion get": "getOnePromotion",
    "promotion list": "listAllPromotions",
    "promotion resume": "resumeOnePromotion",
    "promotion run": "runOnePromotion",
    "promotion suspend": "suspendOnePromotion",
    "repo add": "putRepository",
    "repo get": "getRepository",
    "repo list": "listRepositories",
    "repo rm": "deleteRepository",
    "sealed-secrets import": "importSealingKey",
    "sealed-secrets list": "listSealingKeys",
    "settings apply": "putSettings",
    "settings get": "getSettings",
    "webhook deliveries": "listWebhookDeliveries",
    "webhook install": "installWebhook",
    "webhook list": "listWebhooks",
}
"""Subcommands, and the operations that each asks for."""
_KUBESEAL: Final = "is asked by kubeseal, which knows no other address"
EXCEPT: Final = {
    "getCertificate": _KUBESEAL,
    "getCertificateAsController": _KUBESEAL,
    "getControllerService": _KUBESEAL,
    "getHealth": "is asked by monitors, without a token",
    "getMetrics": "is scraped by Prometheus",
    "getOpenapiDocument": "is the document itself, for whoever makes clients of it",
    "openStream": "is for pages that stay open; --watch and top ask again with ETags",
    "signInWithToken": "is asked by browsers alone",
}


def operations() -> dict[str, tuple[str, str]]:
    """Each operation's method and path."""
    document = json.loads((ROOT / "functions" / "api" / "openapi.json").read_text("utf-8"))
    return {
        operation["operationId"]: (method.upper(), path)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def calls() -> Iterator[tuple[str, tuple[str, ...]]]:
    """The methods and paths that the command's code asks for; a part that is decided at run time is `*`, and of a path
    that is unpacked nothing is known but its end.
    """
    for file in sorted(CLI.glob("*.py")):
        for found in ast.walk(ast.parse(file.read_text("utf-8"))):
            if not isinstance(found, ast.Call) or not isinstance(found.func, ast.Attribute):
                continue
            parts = tuple(map(part, found.args))
            if found.func.attr in {"items", "whole"} and parts:
                yield "GET", parts
            elif found.func.attr == "call" and len(parts) > 1:
                yield parts[0], parts[1:]


def part(argument: ast.expr) -> str:
    if isinstance(argument, ast.Constant):
        return str(argument.value)
    return "**" if isinstance(argument, ast.Starred) else "*"


def fits(pattern: tuple[str, ...], path: tuple[str, ...]) -> bool:
    """Whether a path may be what a call asks for."""
    if "**" in pattern:
        rest = pattern[pattern.index("**") + 1 :]
        return not rest or path[-len(rest) :] == rest
    return len(pattern) == len(path) and all(asked == "*" or asked == told for asked, told in zip(pattern, path))


def test_each_operation_has_a_command_or_a_reason() -> None:
    """GIVEN the API's document WHEN its operations are counted off THEN each stands in one of the two tables, once."""
    asked = [each for operations in COMMANDS.values() for each in operations.split()]
    assert sorted(operations()) == sorted([*asked, *EXCEPT])


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_is_there(name: str) -> None:
    """GIVEN the table WHEN a subcommand is looked up THEN it is there."""
    found: click.Command | None = command()
    for word in name.split():
        assert isinstance(found, click.Group), name
        found = found.get_command(click.Context(found), word)
    assert isinstance(found, click.Command), name


def test_the_command_asks_for_each_operation() -> None:
    """GIVEN the calls in the command's code WHEN an operation is looked for THEN one of them asks for it."""
    known = list(calls())
    missing = [
        name
        for name, (method, path) in operations().items()
        if name not in EXCEPT
        and not any(how == method and fits(pattern, tuple(path.split("/")[3:])) for how, pattern in known)
    ]
    assert [] == missing
