"""Staging and production over a real git server, with renders and syncs, and the evaluation of one Promotion."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from mooring.events.messages import AppMessage, Cause, PromotionMessage
from mooring.flows.asked.declaring import declare
from mooring.flows.promotions.asking import declare_promotion, get_promotion
from mooring.flows.promotions.evaluating import handle_promotions
from mooring.flows.promotions.ports import PromotionPorts
from mooring.flows.renders.rendering import handle_renders
from mooring.flows.renders.tasks import RenderPorts
from mooring.forge.ports import CodeHost
from mooring.health import Health
from mooring.model.application import AppKey
from mooring.model.promotionkey import PromotionKey
from mooring.render import Tools
from mooring.source import Repositories
from mooring.source.commits import Writers
from mooring.source.credentials import CredentialStore
from mooring.source.gokit import GoKit
from mooring.source.process import Git, run_git
from mooring.state.happenings import Happenings
from mooring.state.mergedrequests import MergedRequests
from mooring.writeback.writing import WritePorts
from tests.doubles.installation import World

__all__ = ["APP", "IMAGE", "KEY", "PROD", "STAGING", "Stages", "application", "kustomization", "tree"]

KEY = PromotionKey("argocd", "shop")
STAGING, PROD = AppKey("argocd", "staging"), AppKey("argocd", "prod")
IMAGE = "registry.test/acme/web"
APP = f"""apiVersion: apps/v1
kind: Deployment
metadata: {{name: web}}
spec:
  replicas: 1
  selector: {{matchLabels: {{app: web}}}}
  template:
    metadata: {{labels: {{app: web}}}}
    spec: {{containers: [{{name: web, image: {IMAGE}}}]}}
"""


def kustomization(tag: str) -> str:
    return f"# kept\nresources: [../../base]\nimages:\n  - name: {IMAGE}\n    newTag: {tag} # now\n"


def tree(staging: str = "v1", prod: str = "v1") -> dict[str, str | bytes | None]:
    """A base, and an overlay for each stage."""
    return {
        "base/kustomization.yaml": "resources: [web.yaml]\n",
        "base/web.yaml": APP,
        "overlays/staging/kustomization.yaml": kustomization(staging),
        "overlays/prod/kustomization.yaml": kustomization(prod),
    }


def application(name: str, url: str, *, path: str = "", revision: str = "HEAD", project: str = "default") -> Any:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": name},
        "spec": {
            "project": project,
            "source": {"repoURL": url, "path": path or f"overlays/{name}", "targetRevision": revision},
            "destination": {"name": "in-cluster", "namespace": name},
            "syncPolicy": {"automated": {"prune": True}},
        },
    }


class Stages:
    """What outlives every function, and functions made anew for each look."""

    def __init__(
        self,
        world: World,
        url: str,
        root: Path,
        tools: Mapping[str, Path],
        store: CredentialStore,
        host: Callable[[str], CodeHost | None],
    ) -> None:
        self.world, self.url, self.root, self.tools, self.store, self.host = world, url, root, tools, store, host
        self.git: Git = run_git
        self.repositories = Repositories(root / "repositories", store, timeout=20)

    def renders(self) -> RenderPorts:
        tools = self.tools
        return RenderPorts(
            self.world.applications, self.world.bundles, self.world.registry, self.repositories, cast("Any", None),
            cast("Any", self.world.queues),
            Tools(kustomize=str(tools["kustomize"]), helm=str(tools["helm"]), gokit=str(tools["gokit"])),
            lambda: self.world.now,
        )  # fmt: skip

    def ports(self) -> PromotionPorts:
        """As `render` has them."""
        writes = WritePorts(
            Writers(self.root / "written", git=self.git), lambda _: self.store, lambda: None,
            GoKit(str(self.tools["gokit"])).ask, lambda: self.world.now, lambda _: None,
        )  # fmt: skip
        table = self.world.table
        return PromotionPorts(
            self.renders(), writes, lambda url, _: self.host(url), MergedRequests(table), Happenings(table)
        )

    def declare(self, *documents: Any) -> None:
        for each in documents:
            declare(self.world.asking, each, "ada")

    def promote(self, **spec: Any) -> None:
        """Declares the promotion, from staging to prod."""
        document = {
            "apiVersion": "mooring.dev/v1alpha1",
            "kind": "Promotion",
            "metadata": {"name": KEY.name},
            "spec": {
                "from": {"application": "staging"},
                "to": {"application": "prod"},
                "moves": {"images": ["registry.test/*"]},
                **spec,
            },
        }
        declare_promotion(self.world.asking, document, "ada")

    def deploy(self, *keys: AppKey) -> None:
        """Renders and syncs, as after a push; what is applied is well at once."""
        for key in keys or (STAGING, PROD):
            self.world.now += 1
            handle_renders(self.renders(), [AppMessage(key, Cause("push"))])
            self.world.sync(key)
            self.health(key, "Healthy")

    def health(self, key: AppKey, status: Any) -> None:
        """Its Deployment is as well as this, and a look at it says so."""
        record = self.world.record(key)
        if record.status.health.status != status:
            told = replace(record.status, health=Health(status))
            self.world.applications.observe(record, now=self.world.now, inventory=record.inventory, status=told)

    def look(self, kind: Any = "render", *, later: float = 1.0) -> dict[str, Any]:
        """One message about the promotion; its status afterwards."""
        self.world.now += later
        handle_promotions(self.ports(), [PromotionMessage(str(KEY), Cause(kind))])
        return self.status

    @property
    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = get_promotion(self.world.asking, KEY)["status"]
        return found

    @property
    def told(self) -> list[str]:
        """What happened, oldest first."""
        return [each["what"] for each in reversed(self.status.get("history", []))]

    def image(self, key: AppKey) -> str:
        """What an application runs."""
        (name,) = (each for each in self.world.record(key).inventory if each.kind == "Deployment")
        image: str = self.world.cluster.objects[name]["spec"]["template"]["spec"]["containers"][0]["image"]
        return image
