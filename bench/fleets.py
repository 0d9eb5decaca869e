"""A fleet that looks like one: thousands of applications of many teams on many clusters, in a table.

Everything follows from a seed, so a picture of it can be compared with the one before. What is written is what Mooring
itself would have written, by its own code; nothing is behind it: no repository, no cluster. The names end in `.test`,
which no resolver knows, so a sweep that finds such a fleet changes nothing about it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

from mooring.events.messages import Cause
from mooring.flows.asked.ulid import first_ulid
from mooring.flows.renders.recalling import RENDERER
from mooring.health import Health
from mooring.health import Status as HealthStatus
from mooring.model.application import AppKey, Application, parse_application
from mooring.model.objects import ObjectKey
from mooring.state import codec, operationcodec
from mooring.state.leasing import lease_item
from mooring.state.lists import application_pk, listed_item
from mooring.state.operations import Operation, OperationPhase, ResourceResult
from mooring.state.records import Lease, Spec
from mooring.state.spending import Cost, spending
from mooring.state.statuses import Condition, Resource, Status
from mooring.state.table import Item, Table
from mooring.state.table import Operation as Write
from mooring.state.wanted import Commit, Input, RenderFailure, Rendering, WantedState

__all__ = ["Member", "fleet", "populate"]

_TEAMS = ("payments", "checkout", "search", "catalog", "identity", "ledger", "shipping", "ads", "media", "platform")
_PARTS = ("api", "web", "worker", "gateway", "scheduler", "cache", "indexer", "exporter", "mailer", "admin", "events")
_CLUSTERS = ("prod-eu-1", "prod-eu-2", "prod-us-1", "prod-us-2", "prod-ap-1", "staging-eu", "staging-us", "edge-01",
             "edge-02", "dev")  # fmt: skip
_PEOPLE = ("Ada", "Grace", "Edsger", "Barbara", "Donald", "Frances", "Alan", "Radia")
_SUBJECTS = ("Raise the limits", "Bump the base image", "Route by header", "Add a probe", "Split the worker",
             "Drop the old flag", "Roll out the new index", "Tighten the policy")  # fmt: skip
_HEALTHS: tuple[tuple[HealthStatus, float], ...] = (
    ("Healthy", 90.0),
    ("Progressing", 4.0),
    ("Degraded", 3.0),
    ("Suspended", 1.5),
    ("Missing", 1.5),
)
_KINDS = (("", "Service", "v1"), ("", "ConfigMap", "v1"), ("", "ServiceAccount", "v1"), ("apps", "Deployment", "v1"),
          ("networking.k8s.io", "Ingress", "v1"), ("autoscaling", "HorizontalPodAutoscaler", "v2"))  # fmt: skip
_MESSAGES = {
    "Succeeded": "successfully synced (all tasks run)",
    "Running": "waiting for Deployment",
    "Failed": "one or more objects failed to apply, reason: Deployment: admission webhook denied the request",
}
_DAY = 86_400.0
_TOGETHER = 100  # writes of a transaction
_OPERATIONS = 3  # on record, of an application that was ever synced


@dataclass(frozen=True, slots=True)
class Member:
    """One application of the fleet, as it is remembered."""

    spec: Spec
    wanted: WantedState
    status: Status
    history: tuple[Operation, ...]

    @property
    def key(self) -> AppKey:
        """Its name."""
        return self.spec.application.key


def fleet(count: int, *, now: float, seed: int = 1) -> Iterator[Member]:
    """`count` applications, the same for the same seed and time."""
    chance = random.Random(seed)
    for number in range(count):
        yield _member(chance, number, now)


def populate(table: Table, count: int, *, now: float, seed: int = 1) -> list[AppKey]:
    """Writes a fleet into a table, 25 items a request; the applications."""
    keys: list[AppKey] = []
    items: list[Item] = []
    spent: list[Write] = []
    for member in fleet(count, now=now, seed=seed):
        keys.append(member.key)
        items += _items(member)
        if member.history:
            spent.append(spending(str(member.key), member.spec, member.status.cluster, member.history[0]))
    table.put_all(items)
    for start in range(0, len(spent), _TOGETHER):
        table.write(*spent[start : start + _TOGETHER])
    return keys


def _items(member: Member) -> Iterator[Item]:
    pk = application_pk(member.key)
    yield codec.spec_item(pk, member.spec)
    yield listed_item(member.spec)
    yield codec.wanted_item(pk, member.wanted)
    yield codec.status_item(pk, member.status)
    head = Lease().head
    for each in reversed(member.history):
        item, head = operationcodec.operation_item(pk, each, head)
        yield item
    yield lease_item(member.key, Lease(2 * len(member.history) + 1, "", 0.0, head))


def _member(chance: random.Random, number: int, now: float) -> Member:
    team, part = _TEAMS[number % len(_TEAMS)], chance.choice(_PARTS)
    cluster = chance.choices(_CLUSTERS, [8, 6, 8, 6, 4, 3, 3, 1, 1, 2])[0]
    application = _application(chance, f"{team}-{part}-{number:04}", team, part, cluster)
    resources = _resources(chance, application)
    health = chance.choices([name for name, _ in _HEALTHS], [weight for _, weight in _HEALTHS])[0]
    revision, bundle = f"{chance.getrandbits(160):040x}", f"{chance.getrandbits(256):064x}"
    history = _history(chance, number, now, resources, revision, bundle)
    last = history[0] if history else None
    drifted = chance.random() < 0.04
    if drifted:
        field = {"path": "spec.replicas", "desired": "3", "live": "5", "manager": "kubectl-edit", "time": ""}
        resources = (*resources[:-1], replace(resources[-1], sync="OutOfSync", drift=(field,)))
    sick = f"Deployment {application.key.name}: {chance.choice(('2 of 3 updated', 'ImagePullBackOff'))}"
    conditions = (Condition("OrphanedResourceWarning", "2 objects belong to nobody", now),)
    status = Status(
        sync="OutOfSync" if drifted else "Synced" if last else "Unknown",
        bundle=bundle if last else "",
        revision=revision if last else "",
        generation=1,
        cluster=cluster,
        health=Health(health, "" if health in ("Healthy", "Suspended") else sick),
        resources=resources,
        conditions=conditions if chance.random() < 0.05 else (),
        operation=last,
        images=(f"registry.acme.test/{team}/{part}:{chance.randint(1, 4)}.{chance.randint(0, 30)}.{number % 7}",),
        changed_at=last.finished_at or last.started_at if last else now - chance.random() * _DAY,
        synced_at=max((each.finished_at for each in history if each.phase == "Succeeded"), default=0.0),
    )
    ahead = chance.random() < 0.03
    failing = RenderFailure("helm: values.yaml: no such key: image.tag", False, revision, 1, now)
    source = application.sources[0]
    read = Input(source.repo_url, source.target_revision, source.chart, revision)
    wanted = WantedState(
        revision, 1, now, Cause("push", "delivery", "octocat"), _commit(chance), RENDERER,
        Rendering("f" * 64 if ahead else bundle, (read,), "", "Helm" if source.chart else "Kustomize"),
        failure=failing if chance.random() < 0.01 else None,
    )  # fmt: skip
    owner = f"argocd/{team}-fleet" if chance.random() < 0.4 else ""
    return Member(Spec(application, 1, (), by="fleet", owner=owner), wanted, status, history)


def _application(chance: random.Random, name: str, team: str, part: str, cluster: str) -> Application:
    chart = chance.random() < 0.2
    source = {"repoURL": f"https://git.acme.test/{team}/deploy", "path": f"{part}/overlays/{cluster}"}
    if chart:
        source = {"repoURL": "https://charts.acme.test", "chart": part}
    document = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {
            "name": name,
            "namespace": "argocd" if chance.random() < 0.9 else f"team-{team}",
            "labels": {"team": team, "tier": chance.choice(("gold", "silver", "bronze")), "part": part},
        },
        "spec": {
            "project": team if chance.random() < 0.9 else "default",
            "source": {**source, "targetRevision": "2.1.0" if chart else chance.choice(("HEAD", "main", "release"))},
            "destination": {"name": cluster, "namespace": f"{team}-{part}"},
            "syncPolicy": {"automated": {"selfHeal": True}} if chance.random() < 0.8 else {},
        },
    }
    return parse_application(document).application


def _resources(chance: random.Random, application: Application) -> tuple[Resource, ...]:
    namespace, found = application.destination.namespace, []
    for index in range(chance.choice((4, 6, 8, 12, 24, 60))):
        group, kind, version = _KINDS[index % len(_KINDS)]
        key = ObjectKey(group, kind, namespace, f"{application.key.name}-{index}")
        found.append(Resource(key, version, 0, "Synced", Health("Healthy")))
    return tuple(found)


def _commit(chance: random.Random) -> Commit:
    person = chance.choice(_PEOPLE)
    return Commit(person, f"{person.lower()}@acme.test", chance.choice(_SUBJECTS), "2026-03-01T02:00:00Z")


def _history(
    chance: random.Random, number: int, now: float, resources: tuple[Resource, ...], revision: str, bundle: str
) -> tuple[Operation, ...]:
    """What was done, newest first; nothing of an application that was never synced."""
    if chance.random() < 0.02:
        return ()
    found: list[Operation] = []
    ended = now - chance.random() * 3 * _DAY
    for back in range(_OPERATIONS):
        phase: OperationPhase = chance.choices(("Succeeded", "Failed", "Running"), (92, 6, 0 if back else 2))[0]
        took = 1 + chance.random() * 20
        operation = Operation(
            first_ulid(ended - took)[:-4] + f"{number:04}",
            "sync",
            phase,
            _MESSAGES[phase],
            ended - took,
            0.0 if phase == "Running" else ended,
            revision,
            bundle,
            1,
            Cause("push", "delivery", "octocat"),
            _commit(chance),
            tuple(ResourceResult(each.key, each.version, "configured", "") for each in resources[:5]),
            requests=chance.randint(3, 40),
            cost=Cost(round(took / 40, 4), 6, 9.0, 15.0),
        )
        found.append(operation)
        ended -= (1 + chance.random()) * 2 * _DAY
    return tuple(found)
