"""ApplicationSets over moto's table, with generators that ask a world in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from mooring.appsets.ports import GitTrees, Params
from mooring.errors import UnreachableError
from mooring.events.messages import ApplicationSetMessage, Cause
from mooring.flows.sets.generating import SetPorts
from mooring.flows.sets.previewing import handle_sets_and_previews
from mooring.flows.sets.setasking import declare_set, get_set
from mooring.model.application import AppKey
from mooring.model.objects import Manifest
from mooring.model.setkey import SetKey
from mooring.state.operations import Operation
from mooring.state.records import Spec
from mooring.state.wanted import Commit
from tests.doubles.generatorworld import World as Generators
from tests.doubles.installation import World

KEY = SetKey("argocd", "shops")


class Service:
    """A plugin that answers what a test says, or fails."""

    def __init__(self) -> None:
        self.answers: list[Params] = []
        self.fails = False

    def parameters(self, namespace: str, config_map: str, set_name: str, inputs: Mapping[str, Any]) -> list[Params]:
        if self.fails:
            raise UnreachableError("the plugin does not answer", subject=config_map)
        return self.answers


class Sets:
    """One ApplicationSet, `argocd/shops`, in a world of its own; its applications are what the service names."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.service = Service()
        self.generators = Generators()

    def ports(self, owner: str = "one") -> SetPorts:
        world, hosts = self.world, self.generators
        return SetPorts(
            world.applications, world.registry, cast("Any", world.queues), cast("Any", None), hosts,
            lambda: (hosts, self.service), lambda: world.now, owner,
        )  # fmt: skip

    def document(self, *, labels: Mapping[str, str] | None = None, **spec: Any) -> Manifest:
        return {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "ApplicationSet",
            "metadata": {"name": KEY.name},
            "spec": {
                "generators": [{"plugin": {"configMapRef": {"name": "shops"}}}],
                "template": {
                    "metadata": {"name": "shop-{{name}}", "labels": {"stage": "{{stage}}", **(labels or {})}},
                    "spec": {
                        "project": "default",
                        "source": {"repoURL": "https://git.test/acme/shops", "path": "{{name}}"},
                        "destination": {"name": "in-cluster", "namespace": "{{name}}"},
                        "syncPolicy": {"automated": {"prune": True}},
                    },
                },
                **spec,
            },
        }

    def declare(self, *names: str, **spec: Any) -> None:
        """Declares the set, and lets it be evaluated; `a/prod` is `a` in the stage `prod`."""
        self.give(*names)
        declare_set(self.world.asking, self.document(**spec), "ada")
        self.look("spec")

    def give(self, *names: str) -> None:
        pairs = [each.partition("/") for each in names]
        self.service.answers = [{"name": name, "stage": stage or "prod"} for name, _, stage in pairs]

    def look(self, kind: Any = "tick", *, progress: bool = False, owner: str = "one") -> None:
        """One message about the set."""
        self.world.now += 1
        message = ApplicationSetMessage(str(KEY), Cause(kind), progress)
        handle_sets_and_previews(self.ports(owner), [message])

    @property
    def applications(self) -> dict[str, Spec]:
        keys = [each.key for each in self.world.applications.registered()]
        return {key.name: each for key, each in self.world.applications.specs(keys).items()}

    @property
    def names(self) -> list[str]:
        """Of its applications that are not being deleted."""
        return [name for name, each in self.applications.items() if each.deleting is None]

    @property
    def going(self) -> list[str]:
        return [name for name, each in self.applications.items() if each.deleting is not None]

    def shown(self) -> dict[str, Any]:
        return get_set(self.world.asking, KEY)

    def condition(self, type_: str) -> dict[str, Any]:
        return next(each for each in self.shown()["status"]["conditions"] if each["type"] == type_)

    def forget(self, *names: str) -> None:
        """These applications are gone, as if somebody had deleted them and `sync` had done its work."""
        for name in names:
            key = AppKey("argocd", name)
            record = self.world.record(key)
            held = self.world.applications.begin(
                record, owner="gone", now=self.world.now, ttl=9, inventory={}, status=record.status
            )
            operation = Operation("gone", "delete", "Succeeded", "", 0.0, 0.0, "", "", 1, Cause("person"), Commit())
            repositories = ["git.test/acme/shops"]
            self.world.applications.forget(held, repositories, operation=operation, now=self.world.now)
