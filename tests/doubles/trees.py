"""Applications and their trees as the API answers them, for pages that show them: small ones, and ones of thousands.

They are made up, and so a test holds them against the API's own document (docs/openapi.json).
"""

from __future__ import annotations

from typing import Any

__all__ = ["EVENTS", "LOGS", "SECRETS", "application_of", "changed_of", "tree_of"]

_REVISION = "4f2a9c1e7b3d5860a1c4e8f20b6d9753ace01842"


def tree_of(deployments: int = 2, pods: int = 3, settings: int = 2) -> dict[str, Any]:
    """A tree of so many Deployments with their pods, behind a Service each and one Ingress, and ConfigMaps.

    The last pod of the second Deployment is degraded, and so is the Deployment.
    """
    nodes: list[dict[str, Any]] = [_managed("", "ConfigMap", f"settings-{number}") for number in range(settings)]
    below: list[dict[str, Any]] = []
    services = []
    for number in range(deployments):
        name, bad = f"web-{number}", number == 1
        health = {"status": "Degraded", "message": "1 of 3 pods crashes"} if bad else {"status": "Healthy"}
        image = f"registry.test/shop/{name}:1.{number}.0"
        nodes.append(
            _managed("apps", "Deployment", name, health=health, images=[image], syncWave=number % 3)
            | {"info": [_info("Replicas", f"{pods - bad}/{pods}")], **({"drift": 2} if number == 0 else {})}
        )
        ready = [_node("apps", "ReplicaSet", f"{name}-7d9f", "apps", "Deployment", name, health=health)]
        ready[0]["info"] = [_info("Replicas", f"{pods - bad}/{pods}")]
        below += ready
        for old in range(2):
            gone = _node("apps", "ReplicaSet", f"{name}-old{old}", "apps", "Deployment", name)
            below.append(gone | {"health": {"status": "Healthy"}, "info": [_info("Replicas", "0/0")]})
        made = []
        for pod in range(pods):
            broken = bad and pod == pods - 1
            node = _node("", "Pod", f"{name}-7d9f-{pod:04}", "apps", "ReplicaSet", f"{name}-7d9f", images=[image])
            told = [_info("Status", "CrashLoopBackOff" if broken else "Running")]
            told.append(_info("Containers", "0/1" if broken else "1/1"))
            told += [_info("Restarts", "7")] if broken else []
            made.append(node | {"health": {"status": "Degraded" if broken else "Healthy"}, "info": told})
        below += made
        service = _managed("", "Service", name, health={"status": "Healthy"})
        service |= {"targets": [pod["uid"] for pod in made[:100]], "targetCount": len(made)}
        services.append(service)
    ingress = _managed("networking.k8s.io", "Ingress", "shop", health={"status": "Healthy"})
    ingress |= {"targets": [each["uid"] for each in services], "externalURLs": ["https://shop.test/"]}
    job = _managed("batch", "Job", "migrate", health={"status": "Healthy"}, hook="PreSync", hookState="Succeeded")
    nodes += [*services, ingress, job]
    missing = _managed("", "Secret", "payments", health={"status": "Missing"}, status="OutOfSync")
    nodes.append(missing | {"uid": ""})
    every = [*nodes, *below]
    return {
        "nodes": every,
        "summary": {"nodes": len(every), "kinds": {}, "health": {}, "sync": {}},
        "cut": {},
        "unlisted": [],
        "cluster": "prod-eu",
    }


def application_of(name: str = "shop", **status: Any) -> dict[str, Any]:
    """An application that runs its newest commit but for one object; `status` replaces parts of its status."""
    resources = [
        {"version": "v1", "kind": "Secret", "namespace": "shop", "name": "payments", "status": "OutOfSync"},
        {"group": "apps", "version": "v1", "kind": "Deployment", "namespace": "shop", "name": "web-0"}
        | {"status": "Synced", "health": {"status": "Healthy"}},
        {"version": "v1", "kind": "Service", "namespace": "shop", "name": "web-0", "status": "Synced"},
    ]
    deployed = {
        "id": 1, "operation": "01JB0000000000000000000001", "revision": _REVISION,
        "deployStartedAt": "2026-11-20T09:14:00Z", "deployedAt": "2026-11-20T09:14:21Z",
        "initiatedBy": {"automated": True}, "cause": {"kind": "push", "id": "d1", "by": "ada", "at": ""},
        "author": "Ada Lovelace", "authorEmail": "ada@example.test",
        "message": "Take payments by direct debit as well (#418)", "committedAt": "2026-11-20T09:13:40Z",
    }  # fmt: skip
    source = {"repoURL": "https://git.test/team/shop.git", "path": "deploy/prod", "targetRevision": "main"}
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": name, "namespace": "argocd", "generation": 3},
        "spec": {
            "project": "payments",
            "source": source,
            "destination": {"name": "prod-eu", "namespace": "shop"},
            "syncPolicy": {"automated": {"prune": True, "selfHeal": True}},
        },
        "status": {
            "sync": {"status": "OutOfSync", "revision": _REVISION},
            "health": {"status": "Degraded"},
            "resources": resources,
            "history": [deployed],
            "conditions": [],
            "reconciledAt": "2026-11-20T09:14:21Z",
            "selfHeal": {"enabled": True, "decidedBy": "the application"},
            **status,
        },
    }


def changed_of() -> dict[str, Any]:
    """A Deployment with three fields that somebody changed by hand, as it is and as git wants it."""
    image, replicas = ".spec.template.spec.containers[name=web].image", ".spec.replicas"
    live, wanted = _deployment("registry.test/shop/web:1.4.1-rc2", 5), _deployment("registry.test/shop/web:1.4.2", 3)
    live["metadata"]["annotations"] = {"note": "until the sale is over"}
    by = {"manager": "kubectl-edit", "operation": "Update", "subresource": "", "time": "2026-11-21T11:12:00Z"}
    return {
        "group": "apps", "version": "v1", "kind": "Deployment", "namespace": "shop", "name": "web-0", "managed": True,
        "live": live, "desired": wanted, "health": {"status": "Healthy"},
        "fields": [{"path": path, **by} for path in (image, replicas, ".metadata.annotations.note")],
        "diff": {
            "kind": "changed", "dryRun": "done", "text": "", "normalizedLive": live, "predictedLive": wanted,
            "changes": [
                {"path": ".metadata.annotations.note", "before": "until the sale is over", "after": None, "kind": "removed"},
                {"path": replicas, "before": 5, "after": 3, "kind": "changed"},
                {"path": image, "before": "registry.test/shop/web:1.4.1-rc2", "after": "registry.test/shop/web:1.4.2", "kind": "changed"},
            ],
        },
    }  # fmt: skip


def _deployment(image: str, replicas: int) -> dict[str, Any]:
    labels = {"app": "web", "team": "shop", "tier": "front"}
    ports = [{"containerPort": 8080, "name": "http"}, {"containerPort": 9090, "name": "metrics"}]
    container = {"name": "web", "image": image, "ports": ports, "resources": {"requests": {"cpu": "100m"}}}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container], "serviceAccountName": "web"}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web-0", "namespace": "shop", "labels": labels},
        "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template},
    }


def _managed(group: str, kind: str, name: str, **more: Any) -> dict[str, Any]:
    return {**_node(group, kind, name), "managed": True, "status": "Synced", **more}


def _node(
    group: str, kind: str, name: str, owner_group: str = "", owner_kind: str = "", owner: str = "", **more: Any
) -> dict[str, Any]:
    made = {"group": group, "version": "v1", "kind": kind, "namespace": "shop", "name": name}
    made |= {"uid": f"{kind}-{name}", "createdAt": "2026-11-19T08:00:00Z", **more}  # type: ignore[dict-item]
    if owner:
        named = {"group": owner_group, "kind": owner_kind, "namespace": "shop", "name": owner}
        made["parentRefs"] = [named | {"uid": f"{owner_kind}-{owner}"}]  # type: ignore[assignment]
    return made


def _info(name: str, value: str) -> dict[str, str]:
    return {"name": name, "value": value}


_NAMED = {"group": "external-secrets.io", "namespace": "shop", "message": "", "pushed": []}
_CHANGED = {"at": "2026-03-01T02:00:00Z", "operation": "01KJ"}
_ITEMS: list[dict[str, Any]] = [
    {
        **_NAMED, "kind": "ExternalSecret", "name": "db", "source": "ExternalSecret", "state": "failing",
        "message": "data[0].remoteRef.key: there is no secret shop/db in Secrets Manager", "keys": ["password"],
        "secrets": [{"namespace": "shop", "name": "shop-db", "merged": True}], "changed": None, "refreshInterval": "1h",
        "remote": [{"key": "shop/db", "property": "word"}],
        "stores": [{"kind": "SecretStore", "name": "aws", "provider": "SecretsManager", "region": "eu-central-1"}],
    },
    {
        **_NAMED, "group": "bitnami.com", "kind": "SealedSecret", "name": "tls", "source": "SealedSecret",
        "state": "opened", "keys": ["tls.crt", "tls.key"], "remote": [], "stores": [], "changed": _CHANGED,
        "secrets": [{"namespace": "shop", "name": "tls", "merged": False}],
    },
    {
        **_NAMED, "group": "", "kind": "Secret", "name": "rendered", "source": "render", "state": "applied", "keys": [],
        "remote": [], "stores": [], "changed": _CHANGED,
        "secrets": [{"namespace": "shop", "name": "rendered", "merged": False}],
    },
]  # fmt: skip
_SEALING = {"fingerprint": "SHA256:3J5k", "since": "2026-03-01T00:00:00Z", "until": "2036-03-01T00:00:00Z"}
SECRETS: dict[str, Any] = {"items": _ITEMS, "nextRefresh": "2026-03-01T03:00:00Z", "sealing": _SEALING}
_WEB = {"group": "apps", "version": "v1", "kind": "Deployment", "namespace": "shop", "name": "web-0", "uid": "u1"}
EVENTS: dict[str, Any] = {
    "items": [
        {
            "type": kind, "reason": reason, "message": message, "count": count, "source": "deployment-controller",
            "first": "2026-11-21T10:00:00Z", "last": f"2026-11-21T11:{minute}:00Z", "object": _WEB,
        }
        for kind, reason, message, count, minute in (
            ("Warning", "FailedCreate", "exceeded quota: compute, requested: pods=1, used: pods=5, limited: pods=5", 7, 40),
            ("Normal", "ScalingReplicaSet", "Scaled up replica set web-0-7d9f from 3 to 5", 1, 30),
        )
    ],
    "leftOut": 0,
}  # fmt: skip
LOGS: dict[str, Any] = {
    "lines": [
        {"at": f"2026-11-21T11:50:{at:02}.000000000Z", "pod": f"web-0-7d9f-{at % 3}", "container": "web", "text": text}
        for at, text in enumerate(
            f'{"ERROR" if number % 9 == 8 else "INFO"} request={number:04} GET /basket took {number * 7 % 90} ms'
            for number in range(40)
        )
    ],
    "cursor": "c1", "more": False, "podsLeftOut": 0,
    "streams": [{"pod": f"web-0-7d9f-{number}", "container": "web"} for number in range(3)],
}  # fmt: skip
