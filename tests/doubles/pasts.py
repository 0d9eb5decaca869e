"""An application with a past, as the table has it after real syncs: operations, changes by hand, and who did what."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from mooring.events.messages import Cause
from mooring.flows.asked.declaring import AskPorts, declare
from mooring.flows.asked.ulid import new_ulid
from mooring.health import Health
from mooring.model.application import AppKey
from mooring.model.mergedrequest import MergedRequest, Review
from mooring.model.objects import ObjectKey
from mooring.plan.driftrecords import ChangedField, Done, DriftRecord, Suspect
from mooring.queues import Queues
from mooring.state.applications import Applications
from mooring.state.operations import HookRun, Operation, ResourceResult
from mooring.state.statuses import Resource
from mooring.state.wanted import Commit
from mooring.state.registry import Registry
from mooring.state.spending import Cost
from tests.doubles.deployed import Deployed

__all__ = ["DB", "MIGRATION", "NOON", "SMOKE", "TOKEN", "WEB", "Past", "hook", "rows"]

NOON = 1_795_262_400.0  # 2026-11-21, 12:00 UTC
_REPOSITORY = "github.com/acme/shop"
WEB = ObjectKey("apps", "Deployment", "shop", "web")
DB = ObjectKey("apps", "StatefulSet", "shop", "db")
TOKEN = ObjectKey("", "Secret", "shop", "token")
MIGRATION = ObjectKey("batch", "Job", "shop", "migrate")
SMOKE = ObjectKey("batch", "Job", "shop", "smoke")
_CAUSE = Cause("push", "d-17", "ada")


@dataclass(slots=True)
class Past:
    """Writes the past of one application into the table of an installation."""

    behind: Deployed
    name: str = "shop"
    automated: bool = True
    key: AppKey = field(init=False)
    applications: Applications = field(init=False)
    registry: Registry = field(init=False)

    def __post_init__(self) -> None:
        found = self.behind
        self.key = AppKey("argocd", self.name)
        self.applications = Applications(found.table)
        self.registry = Registry(found.table, None, "mooring")  # type: ignore[arg-type]  # no credentials here
        asking = AskPorts(self.applications, Queues(found.sqs, found.queues), lambda: NOON, self.registry)
        policy = {"automated": {"prune": True, "selfHeal": True}} if self.automated else {}
        source = {"repoURL": f"https://{_REPOSITORY}.git", "path": "apps/shop", "targetRevision": "main"}
        spec = {"source": source, "destination": {"name": "in-cluster", "namespace": "shop"}, "syncPolicy": policy}
        document = {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application", "metadata": {"name": self.name}}
        declare(asking, {**document, "spec": spec}, "ada")

    def operate(self, at: float, sha: str, subject: str, **changed: Any) -> Operation:
        """One finished operation that began at `at`, of a commit of Ada's; the last one is the status."""
        commit = Commit(
            "Ada Lovelace", "ada@acme.test", subject, "2026-11-21T10:00:00Z", "GitHub", "noreply@github.com",
            repository=_REPOSITORY, sha=sha,
        )  # fmt: skip
        web = ResourceResult(WEB, "v1", "configured", before="1" * 16, after="2" * 16)
        operation = Operation(
            new_ulid(at), "sync", "Succeeded", "successfully synced", at, at + 4.2, sha, sha[:2] * 32, 1, _CAUSE,
            commit, (web,), former="c" * 64, requests=12, cost=Cost(1.25, 14, 9.5, 21.0),
        )  # fmt: skip
        operation = replace(operation, **changed)
        self._store(operation)
        return operation

    def run(self, operation: Operation, *resources: Resource, **changed: Any) -> None:
        """Puts an operation into the status as it is now: running, or over."""
        self._store(operation, resources, **changed)

    def _store(self, operation: Operation, resources: tuple[Resource, ...] = (), **changed: Any) -> None:
        record = self.applications.load([self.key], inventory=True)[self.key]
        known = record.status
        ended = operation.phase not in ("Running", "Terminating")
        status = replace(
            known,
            cluster="in-cluster",
            revision=operation.revision if ended else known.revision,
            health=Health("Healthy"),
            operation=operation,
            resources=resources or known.resources or rows(),
            **changed,
        )
        held = self.applications.begin(
            record, owner="test", now=operation.started_at, ttl=9, inventory={}, status=status
        )
        self.applications.finish(held, inventory={}, status=status, operation=operation, retry=None)

    def drift(self, at: float, user: str, done: Done, *fields: ChangedField, key: ObjectKey = WEB, **more: Any) -> str:
        """A change by hand that was noticed at `at`; nobody is known where `user` is empty."""
        told = (("groups", "developers"), ("agent", "kubectl/v1.35.0 (linux/amd64)"), ("address", "203.0.113.7"))
        record = DriftRecord(
            new_ulid(at), str(self.key), "in-cluster", key, more.pop("what", "changed"), fields, "watch", at,
            "noticed", f"mark-{at}",
        )  # fmt: skip
        self.applications.drifts.record([record])
        if user:
            self.applications.drifts.accuse(record, [Suspect(user, at - 2, "patch", more.get("sure", True), told=told)])
        if done != "noticed":
            ended = at + 1 if done not in ("reported", "held back") else at
            self.applications.drifts.conclude(self.key, [key], done, now=ended, operation=more.get("operation", ""))
        return record.id

    def merged(self, sha: str) -> None:
        """The code host told who merged a commit."""
        request = MergedRequest(
            42, "Serve more", "https://github.com/acme/shop/pull/42", "ada", "grace",
            reviews=(Review("linus", "approved"),),
        )  # fmt: skip
        self.applications.merged_requests.note((_REPOSITORY, sha), request, now=NOON)


def rows(web: str = "Synced", health: str = "Healthy") -> tuple[Resource, ...]:
    """The objects of the application, in two waves."""
    return (
        Resource(TOKEN, "v1", -1, "Synced"),
        Resource(DB, "v1", -1, "Synced", Health("Healthy")),
        Resource(WEB, "v1", 1, web, Health(health)),  # type: ignore[arg-type]
    )


def hook(key: ObjectKey, phase: Any, state: Any, message: str = "") -> HookRun:
    """A hook of a running operation."""
    return HookRun(key, "v1", phase, state, message)
