"""ApplicationSets from a real repository, rendered by gokit: pushes, sweeps, previews."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import pytest

from mooring.errors import UnreachableError
from mooring.events.messages import ApplicationSetMessage, Cause
from mooring.flows.asked.declaring import declare
from mooring.flows.sets.generating import SetPorts
from mooring.flows.sets.previewing import handle_sets_and_previews
from mooring.events.forges.verifying import Request, Rules
from mooring.flows.arrivals.deliveries import DeliveryPorts, handle_delivery
from mooring.flows.sets.setasking import ask_preview, declare_set, get_set, read_preview
from mooring.flows.sweeps.sweeping import SweepPorts, sweep
from mooring.model.application import AppKey
from mooring.model.objects import Manifest
from mooring.model.setkey import SetKey
from mooring.source import Repositories
from mooring.source.gokit import GoKit
from mooring.state.deliveries import Deliveries
from mooring.state.clusters import Cluster
from tests.doubles.generatorworld import World as Generators
from tests.doubles.installation import World, installation

KEY = SetKey("argocd", "fleet")


@pytest.fixture(scope="module")
def worlds() -> Iterator[Callable[[], World]]:
    with installation() as make:
        yield make


class Ground:
    """A set over a repository of folders and two clusters."""

    def __init__(self, world: World, git: Any, folder: Path, tools: dict[str, Path], credentials: Any) -> None:
        self.world = world
        self.git = git
        self.url = git.create("fleet.git", {"apps/web/a.yaml": "a: 1", "apps/api/a.yaml": "a: 1"})
        self.repositories = Repositories(folder / "git", credentials)
        self.gokit = GoKit(str(tools["gokit"]))
        self.hosts = Generators()
        self.writes = 0
        for name, stage in (("one", "test"), ("two", "prod")):
            self.register(name, stage)

    def register(self, name: str, stage: str) -> None:
        cluster = Cluster(name, f"https://{name}.test", False, name, labels={"stage": stage})
        self.world.registry.change_cluster(cluster)

    def document(self, **spec: Any) -> Manifest:
        generators = [
            {"git": {"repoURL": self.url, "revision": "main", "directories": [{"path": "apps/*"}]}},
            {"clusters": {"selector": {"matchLabels": {"stage": "prod"}}}},
        ]
        return {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "ApplicationSet",
            "metadata": {"name": KEY.name},
            "spec": {
                "goTemplate": True,
                "goTemplateOptions": ["missingkey=error"],
                "generators": [{"matrix": {"generators": generators}}],
                "template": {
                    "metadata": {"name": "{{.path.basename}}-{{.name}}"},
                    "spec": {
                        "source": {"repoURL": self.url, "path": "{{.path.path}}"},
                        "destination": {"name": "{{.name}}", "namespace": "{{.path.basename}}"},
                    },
                },
                **spec,
            },
        }

    def ports(self) -> SetPorts:
        world, hosts = self.world, self.hosts
        return SetPorts(
            world.applications, world.registry, cast("Any", world.queues), self.repositories, self.gokit,
            lambda: (hosts, hosts), lambda: world.now, "one",
        )  # fmt: skip

    def declare(self, **spec: Any) -> None:
        declare_set(self.world.asking, self.document(**spec), "ada")
        self.work()

    def work(self) -> None:
        """Everything about sets that waits in the queue."""
        self.world.now += 1
        messages = [each for _, each in self.world.queues.sent if isinstance(each, ApplicationSetMessage)]
        self.world.queues.sent.clear()
        handle_sets_and_previews(self.ports(), messages)

    def sweep(self) -> list[str]:
        """The sets that a sweep finds due."""
        self.world.queues.sent.clear()
        world = self.world
        with ThreadPoolExecutor(2) as pool:
            ports = SweepPorts(
                world.applications, world.registry, self.repositories, cast("Any", None), cast("Any", world.queues),
                pool, lambda: world.now,
            )  # fmt: skip
            assert sweep(ports) == []
        return [message.set for _, message in world.queues.sent if isinstance(message, ApplicationSetMessage)]

    @property
    def names(self) -> list[str]:
        keys = [each.key for each in self.world.applications.registered()]
        return sorted(key.name for key, each in self.world.applications.specs(keys).items() if each.deleting is None)


@pytest.fixture
def ground(
    worlds: Callable[[], World], git_server: Any, tmp_path: Path, tools: dict[str, Path], anonymous: Any
) -> Ground:
    return Ground(worlds(), git_server, tmp_path, tools, anonymous)


def test_a_sweep_finds_what_has_moved_and_nothing_else(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a matrix of folders and clusters WHEN either changes THEN the next sweep has the set evaluated; an idle
    sweep writes nothing and sends nothing about it."""
    ground.declare()
    assert ["api-two", "web-two"] == ground.names
    with monkeypatch.context() as idle:
        idle.setattr(ground.world.table, "write", lambda *_: pytest.fail("an idle sweep writes"))
        assert [] == ground.sweep()
    ground.git.commit("fleet.git", {"apps/new/a.yaml": "a: 1"})
    assert ["argocd/fleet"] == ground.sweep()
    ground.work()
    assert ["api-two", "new-two", "web-two"] == ground.names
    assert [] == ground.sweep()
    ground.register("three", "prod")
    assert ["argocd/fleet"] == ground.sweep()
    ground.work()
    assert 6 == len(ground.names)
    assert [] == ground.sweep()


def test_a_push_reaches_the_set(ground: Ground) -> None:
    """GIVEN a set that reads a branch WHEN that branch is pushed THEN the set is evaluated; another branch is none of
    its business."""
    ground.declare()
    secret = "shared"  # noqa: S105
    ports = DeliveryPorts(
        ground.world.applications, ground.world.registry, Deliveries(ground.world.table),
        cast("Any", ground.world.queues), lambda: {"webhook.github.secret": (secret,)}, Rules, lambda: ground.world.now,
    )  # fmt: skip

    def push(branch: str, delivery: str) -> list[Any]:
        ground.world.queues.sent.clear()
        repository = {"clone_url": ground.url, "default_branch": "trunk"}
        body = json.dumps({"ref": f"refs/heads/{branch}", "after": delivery, "repository": repository}).encode()
        signature = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {"x-hub-signature-256": signature, "x-github-delivery": delivery, "x-github-event": "push"}
        handle_delivery(ports, Request(headers, body))
        return [each for _, each in ground.world.queues.sent if isinstance(each, ApplicationSetMessage)]

    assert [] == push("side", "1" * 40)
    assert [ApplicationSetMessage("argocd/fleet", Cause("push", "2" * 40))] == push("main", "2" * 40)


def test_whoever_changes_an_application_is_noticed(ground: Ground) -> None:
    """GIVEN a generated application WHEN it is changed behind the set's back THEN the next sweep puts it back."""
    ground.declare()
    key = AppKey("argocd", "web-two")
    spec = ground.world.applications.specs([key])[key]
    document = spec.application.declared
    edited = {**document, "spec": {**document["spec"], "destination": {"name": "one", "namespace": "web"}}}
    declare(ground.world.asking, edited, "bob")
    assert ["argocd/fleet"] == ground.sweep()
    ground.work()
    assert "two" == ground.world.applications.specs([key])[key].application.destination.name
    assert [] == ground.sweep()


def test_a_repository_that_does_not_answer_deletes_nothing(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN applications WHEN their repository is gone THEN they stay, the condition names it, and each sweep tries."""
    ground.declare()
    before = ground.names

    def silent(*_: object, **__: object) -> Any:
        raise UnreachableError("does not answer", subject=ground.url)

    ground.git.commit("fleet.git", {"apps/new/a.yaml": "a: 1"})
    assert ["argocd/fleet"] == ground.sweep()
    with monkeypatch.context() as gone:
        gone.setattr(ground.repositories, "latest", silent)
        ground.work()
        assert before == ground.names
        conditions = {each["type"]: each for each in get_set(ground.world.asking, KEY)["status"]["conditions"]}
        assert ground.url in conditions["ErrorOccurred"]["message"]
    assert ["argocd/fleet"] == ground.sweep()
    ground.work()
    assert ["api-two", "new-two", "web-two"] == ground.names


def test_a_preview_tells_and_changes_nothing(ground: Ground) -> None:
    """GIVEN a set WHEN somebody previews another text of it THEN they see what would be added, changed and removed."""
    ground.declare()
    before = ground.names
    changed = ground.document()
    changed["spec"]["generators"][0]["matrix"]["generators"][0]["git"]["directories"].append(
        {"path": "apps/web", "exclude": True}
    )
    changed["spec"]["generators"].append(
        {"list": {"elements": [{"name": "one", "path": {"basename": "x", "path": "y"}}]}}
    )
    changed["spec"]["template"]["metadata"]["labels"] = {"team": "shop"}
    ident = ask_preview(ground.world.asking, changed, "ada")
    assert read_preview(ground.world.asking, ident) is None
    ground.work()
    found = read_preview(ground.world.asking, ident)
    assert found is not None
    assert (["x-one"], ["api-two"], ["web-two"]) == tuple(
        [each["name"] for each in found[name]] for name in ("added", "changed", "removed")
    )
    assert "+    team: shop" in found["changed"][0]["diff"]
    assert "spec.generators[1]" in found["added"][0]["from"]
    assert before == ground.names
    broken = ground.document()
    broken["spec"]["template"]["metadata"]["name"] = "{{.nothing}}"
    ident = ask_preview(ground.world.asking, broken, "ada")
    ground.work()
    assert "spec.template.metadata.name" in (read_preview(ground.world.asking, ident) or {})["error"]


def test_a_lasting_failure_is_tried_less_and_less(ground: Ground) -> None:
    """GIVEN a set that can't be generated for hours WHEN sweeps come every three minutes THEN the pauses grow to half an
    hour, and a commit that changes something ends them at once.
    """
    ground.declare(template={"metadata": {"name": "{{.nothing}}"}, "spec": {}})
    tried: list[float] = []
    for _ in range(80):
        if ground.sweep():
            tried.append(ground.world.now)
            ground.work()
        ground.world.now += 180
    pauses = [later - earlier for earlier, later in itertools.pairwise(tried)]
    assert (True, True) == (pauses[0] < 240, 1620 < pauses[-1] < 2000)
    assert all(later >= earlier - 180 for earlier, later in itertools.pairwise(pauses))
    if ground.sweep():
        ground.work()
    assert [] == ground.sweep()
    ground.git.commit("fleet.git", {"apps/newer/a.yaml": "a: 1"})
    assert ["argocd/fleet"] == ground.sweep()
