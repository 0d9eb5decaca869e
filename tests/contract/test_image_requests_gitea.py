"""New images as a pull request on a real Gitea: opened, brought up to date, closed when it is obsolete."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from local.tools import ensure
from mooring.events.messages import Cause, ImagesMessage
from mooring.flows.images.ports import ImagePorts
from mooring.flows.images.updating import handle_images
from mooring.forge.opening import Forges
from mooring.forge.places import Named
from mooring.forge.ports import CodeHost
from mooring.images.registries import ImageRegistries
from mooring.images.remembering import ProcessMemory
from mooring.model.application import AppKey, parse_application
from mooring.model.imageannotations import PREFIX, PULL_REQUEST
from mooring.source.commits import Writers
from mooring.source.credentials import BasicCredential, Credential, select
from mooring.source.gokit import GoKit
from mooring.state.images import ImageStates
from mooring.state.records import Spec
from mooring.writeback.writing import WritePorts
from tests.doubles.installation import World, installation
from tests.doubles.realgitea import RealGitea, real_gitea
from tests.doubles.realregistry import RealRegistry, real_registry


class As:
    """A user with a token, for git and for the API; no login for registries."""

    def __init__(self, gitea: RealGitea) -> None:
        self.credential = BasicCredential(gitea.url, "ada", gitea.tokens["ada"])
        self.named = {gitea.url.removeprefix("http://"): Named("gitea")}

    def find(self, url: str, *, fresh: bool = False) -> Credential | None:
        return select([self.credential], url)

    def host(self, url: str, credential: str) -> CodeHost | None:
        return Forges(self, lambda: self.named, guard=lambda _: None).host(url)


class NoLogins:
    def find(self, url: str, *, fresh: bool = False) -> None:
        return None

    def named(self, name: str) -> None:
        return None


def ports(world: World, ada: As, tmp_path: Path) -> ImagePorts:
    gokit = GoKit(str(ensure(("gokit",), print)["gokit"]))
    writes = WritePorts(Writers(tmp_path / "writes"), lambda _: ada, lambda: None, gokit.ask)
    return ImagePorts(
        world.asking, world.bundles, ImageStates(world.table),
        lambda settings: ImageRegistries(NoLogins(), endpoints=settings.endpoints),  # type: ignore[arg-type]
        gokit.ask, ProcessMemory(), writes, ada.host, lambda: world.now,
    )  # fmt: skip


def declared(world: World, url: str, image: str) -> AppKey:
    annotations = {
        f"{PREFIX}image-list": f"app={image}",
        f"{PREFIX}write-back-method": "git",
        f"{PREFIX}write-back-target": "kustomization",
        PULL_REQUEST: "true",
    }
    document = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": "web", "annotations": annotations},
        "spec": {
            "source": {"repoURL": url, "path": "web", "targetRevision": "main"},
            "destination": {"name": "in-cluster", "namespace": "shop"},
        },
    }
    parsed = parse_application(document)
    world.applications.declare(Spec(parsed.application, 1, ()), previous=None, follows={"git.test/shop": ["main"]})
    return parsed.application.key


def rendered(world: World, key: AppKey, image: str) -> None:
    template = {"spec": {"containers": [{"name": "app", "image": image}]}}
    metadata = {"name": "web"}
    world.push(
        key, {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {"template": template}}
    )


def look(world: World, made: ImagePorts) -> list[Any]:
    """A look to the end; what was sent to `renders`."""
    world.queues.sent.clear()
    handle_images(made, [ImagesMessage(Cause("tick"))])
    asked = [message for to, message in world.queues.sent if to == "images"]
    handle_images(made, asked)
    world.now += 1
    return [message for to, message in world.queues.sent if to == "renders"]


def requests(gitea: RealGitea) -> list[Any]:
    return list(gitea.ask("GET", "/repos/ada/shop/pulls?state=all&limit=50"))


def one_look_after_another(gitea: RealGitea, registry: RealRegistry, world: World, tmp_path: Path) -> None:
    image = f"{registry.host}/shop/web"
    url = gitea.repository("shop")
    text = f"images:\n- name: {image}\n  newTag: v1.0.0 # kept\n"
    body = {"content": base64.b64encode(text.encode()).decode(), "message": "by hand", "branch": "main"}
    gitea.ask("POST", "/repos/ada/shop/contents/web/kustomization.yaml", body)
    conf = f"registries: [{{name: here, prefix: {registry.host}, api_url: 'http://{registry.host}', limit: 0}}]"
    world.registry.put_settings({"registries.conf": conf})
    made, key = ports(world, As(gitea), tmp_path), declared(world, url, image)
    registry.push("shop/web", "v1.0.0")
    registry.push("shop/web", "v1.1.0", labels={"org.opencontainers.image.title": "the shop"})
    rendered(world, key, f"{image}:v1.0.0")

    assert [] == look(world, made)
    (opened,) = requests(gitea)
    assert ("open", "mooring/images/argocd/web") == (opened["state"], opened["head"]["ref"])
    assert "`v1.1.0`" in opened["body"]
    assert "the shop" in opened["body"]
    there = made.states.load([key])[key]
    assert there.request is not None
    assert (opened["number"], "open") == (there.request.number, there.request.state)
    assert opened["html_url"] in there.rows[0].message

    registry.push("shop/web", "v1.2.0")
    assert [] == look(world, made)
    (updated,) = requests(gitea)
    assert "`v1.2.0`" in updated["body"]

    rendered(world, key, f"{image}:v1.2.0")  # by hand, in another file
    look(world, made)
    (closed,) = requests(gitea)
    assert "closed" == closed["state"]
    assert made.states.load([key])[key].request is None


def test_a_request_lives_as_long_as_its_image_is_news(tmp_path: Path) -> None:
    """GIVEN an application that asks for pull requests, one is opened for a new tag, follows the next, and is closed
    when the application runs it anyway.
    """
    (tmp_path / "gitea").mkdir()
    with (
        real_gitea(tmp_path / "gitea") as gitea,
        real_registry(tmp_path / "registry") as registry,
        installation() as make,
    ):
        one_look_after_another(gitea, registry, make(), tmp_path)
