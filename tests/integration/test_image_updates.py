"""Images kept up to date: a real registry, real git, and what is found out kept in the table."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mooring.errors import ConfigurationError
from mooring.events.messages import AppMessage, Cause, ImagesMessage
from mooring.flows.asked.projects import declare_project
from mooring.flows.clusters.declared import Declared
from mooring.flows.images.ports import ImagePorts
from mooring.flows.images.updaters import UnknownUpdaterError, declare_updater, delete_updater, list_updaters
from mooring.flows.images.updating import handle_images
from mooring.flows.rules.images import ImageSettings
from mooring.images.registries import ImageRegistries
from mooring.images.remembering import ProcessMemory
from mooring.model.application import AppKey, is_registered, parse_application
from mooring.model.imageannotations import PREFIX
from mooring.model.objects import ObjectKey
from mooring.source.commits import Writers
from mooring.source.gokit import GoKit
from mooring.state.images import ImagesState, ImageStates
from mooring.state.packing import unpack
from mooring.state.records import Spec
from mooring.state.table import delete
from mooring.writeback.writing import WritePorts
from tests.doubles.installation import World, installation
from tests.doubles.realregistry import RealRegistry, real_registry

if TYPE_CHECKING:
    from tests.conftest import Anonymous, Repositories

TICK = Cause("tick")
REGISTRIES = "registries:\n- name: here\n  prefix: {host}\n  api_url: http://{host}\n  limit: 0\n"
RELEASED = r"regexp:^v[0-9]+\.[0-9]+\.[0-9]+$"


class NoLogins:
    def find(self, url: str, *, fresh: bool = False) -> None:
        return None

    def named(self, name: str) -> None:
        return None


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealRegistry]:
    with real_registry(tmp_path_factory.mktemp("registry")) as started:
        yield started


@pytest.fixture(scope="module")
def worlds() -> Iterator[Callable[[], World]]:
    with installation() as make:
        yield make


@dataclass(slots=True)
class Ground:
    """An installation that looks at images, its git server and its registry."""

    world: World
    ports: ImagePorts
    git: Repositories
    registry: RealRegistry
    url: str

    def declare(self, name: str, image: str, *, path: str = "", source: Any = None, **settings: str) -> AppKey:
        """An application whose image `app=…` is kept up to date, rendered once by nobody."""
        annotations = {f"{PREFIX}image-list": f"app={self.registry.host}/{image}"}
        annotations |= {f"{PREFIX}{key.replace('__', '.').replace('_', '-')}": each for key, each in settings.items()}
        annotations = {key: each for key, each in annotations.items() if each}
        document = {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Application",
            "metadata": {"name": name, "annotations": annotations},
            "spec": {
                "source": {"repoURL": self.url, "path": path or name, "targetRevision": "main"} | (source or {}),
                "destination": {"name": "in-cluster", "namespace": "shop"},
            },
        }
        parsed = parse_application(document)
        key = parsed.application.key
        previous = self.world.record(key).spec
        spec = Spec(parsed.application, 1 if previous is None else previous.generation + 1, ())
        self.world.applications.declare(spec, previous=previous, follows={"git.test/shop": ["main"]})
        return key

    def render(self, key: AppKey, image: str, tag: str) -> None:
        """As `render` would: git says this tag now."""
        template = {"spec": {"containers": [{"name": "app", "image": f"{self.registry.host}/{image}:{tag}"}]}}
        deployment = {
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": key.name}, "spec": {"template": template},
        }  # fmt: skip
        self.world.push(key, deployment)

    def look(self, *messages: ImagesMessage) -> list[Any]:
        """A look, and those that it asks for, to the end; what was sent to `renders`."""
        queues = self.world.queues
        queues.sent.clear()
        handle_images(self.ports, messages or [ImagesMessage(TICK)])
        while asked := [message for to, message in queues.sent if to == "images"]:
            queues.sent[:] = [each for each in queues.sent if each[0] != "images"]
            handle_images(self.ports, asked)
        self.world.now += 1
        return [message for to, message in queues.sent if to == "renders"]

    def state(self, key: AppKey) -> ImagesState:
        return self.ports.states.load([key])[key]

    def show(self, path: str) -> str:
        return self._git("show", f"main:{path}")

    def commits(self) -> list[str]:
        return self._git("log", "--format=%s", "main").splitlines()

    def _git(self, *command: str) -> str:
        done = subprocess.run(
            ["git", *command], cwd=self.git.server.root / "shop.git", check=True, capture_output=True, text=True
        )
        return done.stdout


@pytest.fixture
def ground(
    worlds: Callable[[], World], registry: RealRegistry, git_server: Repositories, anonymous: Anonymous, gokit: GoKit,
    tmp_path: Path,
) -> Ground:  # fmt: skip
    world = worlds()
    url = git_server.create("shop.git", {"web/kustomization.yaml": kustomization(f"{registry.host}/shop/web")})
    world.registry.put_settings({"registries.conf": REGISTRIES.format(host=registry.host)})

    def registries(settings: ImageSettings) -> ImageRegistries:
        return ImageRegistries(NoLogins(), endpoints=settings.endpoints)  # type: ignore[arg-type]

    def host(url: str, credential: str) -> None:
        return None

    writes = WritePorts(
        Writers(tmp_path / "writes"), lambda _: anonymous, lambda: None, gokit.ask, lambda: 1_800_000_000.0
    )
    ports = ImagePorts(
        world.asking, world.bundles, ImageStates(world.table), registries, gokit.ask, ProcessMemory(), writes,
        host, lambda: world.now,
    )  # fmt: skip
    return Ground(world, ports, git_server, registry, url)


def kustomization(image: str, tag: str = "v1.2.0") -> str:
    return f"resources: [web.yaml]\nimages:\n  - name: {image} # ours\n    newTag: {tag} # now\n"


def test_a_new_version_is_committed_and_its_render_asked_for(ground: Ground) -> None:
    """GIVEN v1.2.0 in git WHEN v1.3.0 is pushed beside tags that are not to be deployed THEN one commit says v1.3.0, and
    the application is rendered for that reason.
    """
    image = f"{ground.registry.host}/shop/web"
    ground.registry.push("shop/web", "v1.2.0", "v1.3.0", "qa-v1.0.7", "latest", "v2.0.0-rc1")
    key = ground.declare(
        "web", "shop/web", app__allow_tags=RELEASED, write_back_method="git", write_back_target="kustomization"
    )
    ground.render(key, "shop/web", "v1.2.0")
    assert [AppMessage(key, Cause("image", f"{image}:v1.3.0"))] == ground.look()
    assert kustomization(image, "v1.3.0") == ground.show("web/kustomization.yaml")
    assert "build: automatic update of web" == ground.commits()[0]
    (row,) = ground.state(key).rows
    assert ("v1.2.0", "v1.3.0", "v1.3.0", False) == (row.current, row.wanted, row.reached, row.error)


def test_an_idle_look_writes_nothing(ground: Ground) -> None:
    """GIVEN an application that runs what it should, a second look changes neither git nor the table."""
    ground.registry.push("idle/web", "v1.0.0")
    key = ground.declare("web", "idle/web", write_back_method="git", write_back_target="kustomization")
    ground.render(key, "idle/web", "v1.0.0")
    ground.look()
    before, commits = ground.state(key), ground.commits()
    assert ("v1.0.0", "v1.0.0") == (before.rows[0].current, before.rows[0].reached)
    saved: list[AppKey] = []
    ground.ports.states.save = lambda key, state: saved.append(key)  # type: ignore[method-assign]
    assert [] == ground.look()
    assert ([], commits) == (saved, ground.commits())


def test_a_revert_is_not_fought(ground: Ground) -> None:
    """GIVEN v1.3.0 that was rolled out WHEN somebody reverts to v1.2.0 THEN it stays, until another version comes or
    somebody asks.
    """
    ground.registry.push("back/web", "v1.2.0", "v1.3.0")
    path = {"web/kustomization.yaml": kustomization(f"{ground.registry.host}/back/web")}
    ground.git.commit("shop.git", path)
    key = ground.declare("web", "back/web", write_back_method="git", write_back_target="kustomization")
    ground.render(key, "back/web", "v1.2.0")
    assert 1 == len(ground.look())
    ground.render(key, "back/web", "v1.3.0")
    assert [] == ground.look()
    ground.git.commit("shop.git", path, "Revert")
    ground.render(key, "back/web", "v1.2.0")
    assert [] == ground.look()
    assert "Revert" == ground.commits()[0]
    (row,) = ground.state(key).rows
    assert row.held
    assert "taken back" in row.message
    ground.registry.push("back/web", "v1.3.1")
    assert [key] == [each.app for each in ground.look()]
    assert "newTag: v1.3.1" in ground.show("web/kustomization.yaml")
    ground.render(key, "back/web", "v1.3.1")
    ground.look()
    ground.git.commit("shop.git", path, "Revert again")
    ground.render(key, "back/web", "v1.2.0")
    assert [] == ground.look()
    ground.look(ImagesMessage(Cause("person", by="ada"), (key,)))
    assert "newTag: v1.3.1" in ground.show("web/kustomization.yaml")


def test_many_applications_of_one_repository_are_one_commit(ground: Ground) -> None:
    """GIVEN twelve applications in one repository that wait for the same push, they get one commit."""
    names = [f"app-{number}" for number in range(12)]
    ground.registry.push("many/web", "v1.0.0", "v1.1.0")
    image = f"{ground.registry.host}/many/web"
    ground.git.commit("shop.git", {f"{name}/kustomization.yaml": kustomization(image, "v1.0.0") for name in names})
    for name in names:
        key = ground.declare(name, "many/web", write_back_method="git", write_back_target="kustomization")
        ground.render(key, "many/web", "v1.0.0")
    before = len(ground.commits())
    messages = [ImagesMessage(Cause("push"), images=(image,)) for _ in range(3)]
    assert set(names) == {each.app.name for each in ground.look(*messages)}
    assert before + 1 == len(ground.commits())
    assert "build: automatic update of 12 applications" == ground.commits()[0]


def test_what_fails_for_one_application_is_told_of_it_alone(ground: Ground) -> None:
    """GIVEN one target that isn't there, one image that has no such tag, and one annotation that can't be read, the rest
    is written, and each says what is wrong with it.
    """
    ground.registry.push("some/web", "v1.0.0", "v1.1.0")
    image = f"{ground.registry.host}/some/web"
    ground.git.commit("shop.git", {"good/kustomization.yaml": kustomization(image, "v1.0.0")})
    to_git = {"write_back_method": "git", "write_back_target": "kustomization"}
    good = ground.declare("good", "some/web", **to_git)
    nowhere = ground.declare("nowhere", "some/web", **to_git)
    none = ground.declare("none", "some/web", app__allow_tags="regexp:^x", **to_git)
    wrong = ground.declare("wrong", "some/web", update_strategy="newest", **to_git)
    foreign = ground.declare("foreign", "some/web", git_repository="https://git.test/other.git", **to_git)
    for key in (good, nowhere, none, wrong, foreign):
        ground.render(key, "some/web", "v1.0.0")
    assert [good] == [each.app for each in ground.look()]
    assert "holds no kustomization.yaml" in ground.state(nowhere).error
    assert "no tag is admitted" in ground.state(none).rows[0].message
    assert "is no update strategy" in ground.state(wrong).error
    assert ground.state(foreign).error
    assert ("", "v1.1.0") == (ground.state(good).error, ground.state(good).rows[0].reached)


def test_parameters_of_the_application_itself(ground: Ground) -> None:
    """GIVEN no write-back-method, the declared application gets the tag among its parameters, as by Argo CD's API."""
    ground.registry.push("param/web", "v1.0.0", "v1.1.0")
    key = ground.declare("web", "param/web", source={"kustomize": {"images": []}})
    ground.render(key, "param/web", "v1.0.0")
    image = f"{ground.registry.host}/param/web"
    assert [AppMessage(key, Cause("image", f"{image}:v1.1.0"))] == ground.look()
    spec = ground.world.record(key).spec
    assert spec is not None
    assert [f"{image}:v1.1.0"] == spec.application.declared["spec"]["source"]["kustomize"]["images"]
    assert "image update" == spec.by
    ground.render(key, "param/web", "v1.1.0")
    assert [] == ground.look()


def test_what_would_be_written_is_shown(ground: Ground) -> None:
    """A plan names what would be written and where, and annotations that mean nothing; it writes nothing."""
    ground.registry.push("plan/web", "v1.0.0", "v1.1.0")
    to_git = {"write_back_method": "git", "write_back_target": "kustomization"}
    key = ground.declare("web", "plan/web", app__allow_tag=RELEASED, **to_git)
    ground.render(key, "plan/web", "v1.0.0")
    commits = ground.commits()
    ground.look(ImagesMessage(Cause("person"), (key,), plan="one"))
    found = ground.ports.states.plan("one")
    assert found is not None
    (told,) = found["updates"]
    assert ("v1.0.0", "v1.1.0", "web", ground.url, "main") == tuple(
        told[name] for name in ("from", "to", "path", "repository", "branch")
    )
    assert [f"metadata.annotations[{PREFIX}app.allow-tag]: unknown annotation, ignored"] == [
        each["message"] for each in found["notes"]
    ]
    assert commits == ground.commits()
    assert () == ground.state(key).rows


UPDATER = {
    "apiVersion": "argocd-image-updater.argoproj.io/v1alpha1",
    "kind": "ImageUpdater",
    "metadata": {"name": "shop", "namespace": "argocd"},
}


def test_a_resource_says_what_annotations_would(ground: Ground) -> None:
    """GIVEN an ImageUpdater that selects an application by its name, the application needs no annotations; removed, its
    word counts no more.
    """
    image = f"{ground.registry.host}/res/web"
    ground.registry.push("res/web", "v1.0.0", "v1.1.0", "v2.0.0")
    ground.git.commit("shop.git", {"plain/kustomization.yaml": kustomization(image, "v1.0.0")})
    key = ground.declare("plain", "res/web", image_list="")
    ground.render(key, "res/web", "v1.0.0")
    assert [] == ground.look()
    git = {"method": "git", "gitConfig": {"writeBackTarget": "kustomization"}}
    refs = [{"namePattern": "pl*", "images": [{"alias": "app", "imageName": f"{image}:1.x"}]}]
    document = {**UPDATER, "spec": {"writeBackConfig": git, "applicationRefs": refs}}
    declare_updater(ground.world.asking, document, "ada")
    assert [ImagesMessage(Cause("spec", by="ada"))] == [each for to, each in ground.world.queues.sent if to == "images"]
    assert [key] == [each.app for each in ground.look()]
    assert "newTag: v1.1.0" in ground.show("plain/kustomization.yaml")
    assert [document["spec"]] == [each["spec"] for each in list_updaters(ground.world.asking)]
    delete_updater(ground.world.asking, AppKey("argocd", "shop"))
    assert () == ground.world.registry.known().updaters
    with pytest.raises(UnknownUpdaterError):
        delete_updater(ground.world.asking, AppKey("argocd", "shop"))


def test_a_bundle_may_declare_one_for_its_own_namespace(ground: Ground) -> None:
    """GIVEN an ImageUpdater in a bundle, it goes to the registry as Applications do, and may not reach elsewhere."""
    declared = Declared(ground.world.asking)
    refs = [{"namePattern": "*", "images": [{"alias": "app", "imageName": "web:1.x"}]}]
    document: dict[str, Any] = {**UPDATER, "spec": {"applicationRefs": refs}}
    assert is_registered("argocd-image-updater.argoproj.io", "ImageUpdater")
    assert declared.apply(document, dry_run=False).created
    key = ObjectKey.of(document)
    found = declared.get(key)
    assert found is not None
    assert not declared.apply(document, dry_run=False).created
    with pytest.raises(ConfigurationError, match=r"spec\.namespace"):
        declared.apply({**document, "spec": document["spec"] | {"namespace": "others"}}, dry_run=False)
    assert declared.delete(key)
    assert not declared.delete(key)


def test_a_project_says_which_repositories_may_be_written(ground: Ground) -> None:
    """GIVEN a project that permits one repository, git-repository can't name another, whoever may write to it."""
    ground.registry.push("perm/web", "v1.0.0", "v1.1.0")
    other = ground.git.create(
        "other.git", {"web/kustomization.yaml": kustomization(f"{ground.registry.host}/perm/web")}
    )
    project = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AppProject",
        "metadata": {"name": "default", "namespace": "argocd"},
        "spec": {"sourceRepos": [ground.url], "destinations": [{"server": "*", "namespace": "*"}]},
    }
    declare_project(ground.world.registry.projects, project)
    settings = {"write_back_method": "git", "write_back_target": "kustomization"}
    key = ground.declare("web", "perm/web", git_repository=other, **settings)
    ground.render(key, "perm/web", "v1.0.0")
    assert [] == ground.look()
    assert "other.git" in ground.state(key).error
    assert "default" in ground.state(key).error


def test_a_login_is_named_from_the_own_namespace(ground: Ground) -> None:
    """GIVEN an application that names another team's pull secret, no registry is asked with it, and it is told why."""
    ground.registry.push("own/web", "v1.0.0", "v1.1.0")
    settings = {"write_back_method": "git", "write_back_target": "kustomization"}
    key = ground.declare("web", "own/web", app__pull_secret="secret:payments/registry#token", **settings)
    ground.render(key, "own/web", "v1.0.0")
    assert [] == ground.look()
    assert "pull-secret" in ground.state(key).error
    assert "payments" in ground.state(key).error


def test_what_was_written_is_told_once(ground: Ground) -> None:
    """GIVEN a tag that was written WHEN others look again before it is rendered THEN one happening is on record."""
    ground.registry.push("told/web", "v1.0.0", "v1.1.0")
    image = f"{ground.registry.host}/told/web"
    ground.git.commit("shop.git", {"web/kustomization.yaml": kustomization(image, "v1.0.0")})
    key = ground.declare("web", "told/web", write_back_method="git", write_back_target="kustomization")
    ground.render(key, "told/web", "v1.0.0")
    for _ in range(2):
        ground.look()
        ground.git.commit("shop.git", {"README": str(ground.world.now)}, "Somebody else's")
    (item,) = ground.world.table.query(f"HAPPENED#{key}")
    assert str(item["sk"]).startswith("image-updated#")
    assert f"web is to run {image}:v1.1.0" == unpack(item["facts"])["title"]


@pytest.mark.parametrize("branches", ["main:images", "images"])
def test_what_waits_on_another_branch_was_not_taken_back(ground: Ground, branches: str) -> None:
    """GIVEN tags that go to a branch that the application doesn't follow WHEN the base is rendered again before somebody merges THEN nothing
    counts as taken back, and the branch stays up to date.
    """
    ground.registry.push("aside/web", "v1.0.0", "v1.1.0")
    image = f"{ground.registry.host}/aside/web"
    ground.git.commit("shop.git", {"web/kustomization.yaml": kustomization(image, "v1.0.0")})
    to_git = {"write_back_method": "git", "write_back_target": "kustomization"}
    ground._git("branch", "--force", "images", "main")
    key = ground.declare("web", "aside/web", git_branch=branches, **to_git)
    for _ in range(2):
        ground.render(key, "aside/web", "v1.0.0")
        ground.look()
    (row,) = ground.state(key).rows
    assert (False, "v1.1.0") == (row.held, row.wanted)
    assert "waits on the branch images" in row.message
    assert "newTag: v1.1.0" in ground._git("show", "images:web/kustomization.yaml")
    assert "newTag: v1.0.0" in ground.show("web/kustomization.yaml")


def test_what_somebody_changed_or_deleted_meanwhile_stays_so(ground: Ground) -> None:
    """GIVEN an application that a person changes, and one that is gone, while registries are asked THEN neither is set
    back to what it was when the look began.
    """
    ground.registry.push("race/web", "v1.0.0", "v1.1.0")
    key, gone = (ground.declare(name, "race/web", source={"kustomize": {"images": []}}) for name in ("web", "gone"))
    for each in (key, gone):
        ground.render(each, "race/web", "v1.0.0")
    asker, spec = ground.ports.asker, ground.world.record(gone).spec
    assert spec is not None

    def slow(requests: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        ground.declare("web", "race/web", source={"kustomize": {"images": [], "namePrefix": "new-"}})
        ground.world.table.write(delete((f"APP#{gone}", "SPEC")))
        return asker(requests)

    ground.ports = replace(ground.ports, asker=slow)
    assert [] == ground.look()
    kept = ground.world.record(key).spec
    assert kept is not None
    assert {"images": [], "namePrefix": "new-"} == kept.application.declared["spec"]["source"]["kustomize"]
    assert ground.world.record(gone).spec is None
    assert "meanwhile" in ground.state(key).error
