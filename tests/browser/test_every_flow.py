"""What goes on beside applications and what waits there, over a whole stack: promotions, images, secrets, confirmations.

Each is begun by pointer, by keys alone and by thumb; what came of it is in git and in the cluster. Registry, keys and secrets
are real.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from playwright.sync_api import expect

from local import repositories
from local.stack import Options, Stack
from mooring.model.imageannotations import PREFIX
from mooring.secrets.sealed import SealingKey
from mooring.secrets.sealedsecret import seal_secret
from mooring.state.sealingkeys import _signed
from tests.doubles.browsing import Desk, Seen
from tests.doubles.canaries import spellings
from tests.doubles.hands import DONE, HANDS, WIDTHS, Hands, How, button, enter, said
from tests.doubles.realregistry import RealRegistry, real_registry
from tests.e2e.ground import Case, Ground, config_map, text, until
from tests.e2e.planted import password, plain_secret

Look = Callable[..., Seen]
SEALED, READ = "canary-of-a-sealed-one-71d2", "canary-of-a-manager-40ce"


@dataclass(frozen=True, slots=True)
class Quay:
    """The stack, and the registry that it knows."""

    ground: Ground
    registry: RealRegistry


@pytest.fixture(scope="module")
def quay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Quay]:
    options = Options(directory=tmp_path_factory.mktemp("quay") / "stack", sweep=3600)
    registry = real_registry(tmp_path_factory.mktemp("registry"))
    with Stack.start(options, lambda line: None) as stack, registry as started:
        ground = Ground(stack)
        conf = {"registries": [{"name": "here", "prefix": started.host, "api_url": f"http://{started.host}"}]}
        assert ground.ask("PUT", "settings", {"registries.conf": json.dumps(conf)}).status == 200
        yield Quay(ground, started)
        ground.http.clear()


@pytest.fixture(params=HANDS)
def hands(request: pytest.FixtureRequest, look: Look, quay: Quay) -> Hands:
    """Somebody who has signed in, at a window of their own."""
    how: How = request.param
    mooring = quay.ground.stack.mooring
    url = mooring.url.replace("127.0.0.1", "localhost")
    return Hands(look(Desk(url, None, mooring.secret), width=WIDTHS[how]), how)  # type: ignore[arg-type]


def place(ground: Ground, name: str, repository: str, path: str, **annotations: str) -> Case:
    """An application that deploys this folder of this repository by itself."""
    case = Case(ground, name)
    assert 201 == ground.stack.cluster.client("POST", "/api/v1/namespaces", {"metadata": {"name": name}})[0]
    case.spec["source"] |= {"repoURL": f"{ground.stack.git_url}/{repository}.git", "path": path}
    case.spec["syncPolicy"] = {"automated": {"prune": True, "selfHeal": True}}
    document = case.document()
    document["metadata"]["annotations"] = annotations
    assert 200 == ground.ask("POST", "applications", document).status
    return case


def web(image: str) -> str:
    """A Deployment without pods, which is healthy as soon as its controller has seen it."""
    labels = {"app": "web"}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "web", "image": image}]}}
    spec = {"replicas": 0, "selector": {"matchLabels": labels}, "template": pod}
    return text({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec})


def runs(case: Case) -> str:
    """The tag in the cluster; empty as long as there is none."""
    path = f"/apis/apps/v1/namespaces/{case.name}/deployments/web"
    status, answer = case.ground.stack.cluster.client("GET", path)
    if status != 200:
        return ""
    return str(answer["spec"]["template"]["spec"]["containers"][0]["image"]).rpartition(":")[2]


def test_a_promotion_is_suspended_resumed_run_and_removed(hands: Hands, quay: Quay) -> None:
    """GIVEN a promotion WHEN suspended THEN what is new in staging stays there; WHEN resumed and looked at THEN it goes on
    to production, and the page says so; WHEN removed THEN it is gone.
    """
    ground, name, image = quay.ground, f"shop-{hands.how}", "registry.test/acme/web"
    repositories.create(ground.stack.git_root, f"{name}.git")

    def overlay(tag: str) -> str:
        return f"resources: [../../base]\nimages: [{{name: {image}, newTag: {tag}}}]\n"

    files = {f"overlays/{each}/kustomization.yaml": overlay("v1") for each in ("staging", "production")}
    root = ground.stack.git_root / f"{name}.git"
    repositories.commit(
        root, {**files, "base/web.yaml": web(image), "base/kustomization.yaml": "resources: [web.yaml]\n"}
    )
    stages = [place(ground, f"{each}-{hands.how}", name, f"overlays/{each}") for each in ("staging", "production")]
    for each in stages:
        each.until(lambda app: app["status"]["health"]["status"] == "Healthy")
    spec: dict[str, Any] = {
        "from": {"application": stages[0].name},
        "to": {"application": stages[1].name},
        "moves": {"images": ["registry.test/*"]},
        "when": {"healthyFor": "1s"},
        "how": {"commit": {}},
    }
    rule = {"apiVersion": "mooring.dev/v1alpha1", "kind": "Promotion", "metadata": {"name": name}, "spec": spec}
    assert ground.ask("POST", "promotions", rule).status in (200, 201)

    def phase() -> str:
        return str(ground.ask("GET", f"promotions/{name}").body["status"]["phase"])

    until(lambda: "UpToDate" == phase(), phase)
    enter(hands, f"/promotions/argocd/{name}")
    hands.press(button(hands, "Suspend"))
    said(hands, "It is suspended")
    repositories.commit(root, {"overlays/staging/kustomization.yaml": overlay("v2")}, "Stage v2")
    assert 202 == ground.ask("POST", f"applications/{stages[0].name}/sync", {}).status
    until(lambda: "v2" == runs(stages[0]), lambda: runs(stages[0]))
    assert "Suspended" == phase()
    hands.press(button(hands, "Resume"))
    said(hands, "It goes on")
    hands.press(button(hands, "Look now"))
    said(hands, "It is looked at now")

    def production() -> str:
        command = ["git", "show", "main:overlays/production/kustomization.yaml"]
        return subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout

    until(lambda: "v2" in production(), lambda: ground.ask("GET", f"promotions/{name}").body["status"])
    assert 202 == ground.ask("POST", f"applications/{stages[1].name}/sync", {}).status
    until(lambda: "v2" == runs(stages[1]), lambda: runs(stages[1]))
    came = hands.seen.page.get_by_role("region", name="What came of it")
    expect(came).to_contain_text("v1 → v2", timeout=DONE)
    hands.press(button(hands, "Remove"))
    hands.press(button(hands, "Remove the promotion"))
    said(hands, f"{name} is removed")
    hands.seen.page.wait_for_url("**/promotions")
    assert 404 == ground.ask("GET", f"promotions/{name}").status


def test_images_are_updated_now(hands: Hands, quay: Quay) -> None:
    """GIVEN a version that nobody told of WHEN images are updated now THEN git has it, and the cluster runs it."""
    ground, name = quay.ground, f"images-{hands.how}"
    image = f"{quay.registry.host}/{name}"
    quay.registry.push(name, "v1.2.0")
    repositories.create(ground.stack.git_root, f"{name}.git")
    kustomization = f"resources: [web.yaml]\nimages: [{{name: '{image}', newTag: v1.2.0}}]\n"
    repositories.commit(
        ground.stack.git_root / f"{name}.git", {"k8s/web.yaml": web(image), "k8s/kustomization.yaml": kustomization}
    )
    settings = {
        "image-list": f"web={image}", "write-back-method": "git", "write-back-target": "kustomization",
    }  # fmt: skip
    case = place(ground, name, name, "k8s", **{f"{PREFIX}{key}": value for key, value in settings.items()})
    until(lambda: "v1.2.0" == runs(case), case.get)
    assert 202 == ground.ask("POST", "images/update", {}).status
    enter(hands, f"/images?q={name}")
    row = hands.seen.page.get_by_role("row").filter(has_text=image)
    expect(row).to_contain_text("Up to date", timeout=DONE)
    quay.registry.push(name, "v1.3.0")
    hands.press(button(hands, "Update now"))
    said(hands, "are looked at now")
    until(lambda: "v1.3.0" == runs(case), lambda: ground.ask("GET", "images").body)
    expect(row).to_contain_text("v1.3.0", timeout=DONE)


def test_one_object_is_synced_alone(hands: Hands, quay: Quay) -> None:
    """GIVEN two objects that are behind WHEN one is synced from its drawer THEN that alone is what git wants."""
    case = quay.ground.new(f"alone-{hands.how}", config_map("settings"), config_map("other"), automated=False)
    case.push({"k8s/settings.yaml": text(config_map("settings", "green"), config_map("other", "green"))})
    case.until(lambda app: app["status"]["sync"]["status"] == "OutOfSync")
    enter(hands, f"/applications/argocd/{case.name}?resource=/ConfigMap/{case.name}/settings")
    drawer = hands.seen.page.get_by_role("complementary", name="ConfigMap settings")
    hands.choose(button(hands, "Actions", drawer), "Sync this alone")
    said(hands, "A sync of ConfigMap settings alone is asked for")
    until(lambda: {"settings": "green", "other": "blue"} == case.colors(), case.colors)


def test_what_stays_until_a_word_is_deleted_on_that_word(hands: Hands, quay: Quay) -> None:
    """GIVEN an object that asks WHEN its application is deleted THEN it stays, and is said; confirmed, both go."""
    careful = config_map("archive", annotations={"argocd.argoproj.io/sync-options": "Delete=confirm"})
    case = quay.ground.new(f"asks-{hands.how}", config_map("settings"), careful)
    where = f"/applications/argocd/{case.name}"
    enter(hands, where)
    hands.choose(button(hands, "More"), "Delete")
    dialog = hands.seen.page.get_by_role("dialog", name=f"Delete {case.name}")
    hands.tick(dialog.get_by_role("radio", name="Go with it"))
    hands.write(dialog.get_by_label(f"Type {case.name}"), case.name)
    hands.press(button(hands, "Delete", dialog))
    hands.seen.page.wait_for_url("**/applications")
    until(lambda: {"archive": "blue"} == case.colors(), case.colors)
    case.condition("DeletionConfirmationRequired")
    hands.seen.open(where)
    hands.press(button(hands, "Confirm deletion"))
    until(lambda: {} == case.colors(), case.colors)
    until(lambda: 404 == quay.ground.ask("GET", f"applications/{case.name}").status, lambda: case.name)
    hands.seen.open("/applications")
    hands.seen.forgive(f"applications/{case.name}")  # what is gone was asked for once more


def test_secrets_say_where_they_come_from(hands: Hands, quay: Quay) -> None:
    """GIVEN a key that the command imports, and a Secret sealed with it, one read from Secrets Manager and one that can't
    be, WHEN the tab is opened THEN each says how it is, is found and opened, and no value is anywhere.
    """
    ground, key = quay.ground, generate_private_key(65537, 2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    taken = {
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
        "metadata": {"name": "old", "labels": {"sealedsecrets.bitnami.com/sealed-secrets-key": "active"}},
        "stringData": {"tls.key": pem, "tls.crt": _signed(key, time.time())},
    }  # fmt: skip
    done = ground.run_mooring("sealed-secrets", "import", "-f", "-", given=json.dumps(taken))
    assert 0 == done.returncode, done.stderr
    manager = ground.stack.client("secretsmanager")
    manager.create_secret(Name=f"shop/{hands.how}", SecretString=READ)
    case = ground.new(f"secrets-{hands.how}")
    sealed = seal_secret(plain_secret(case, SEALED), key.public_key())
    store = {"secretStoreRef": {"name": "aws"}, "refreshInterval": "1h"}
    provider = {
        "aws": {"service": "SecretsManager", "region": "eu-central-1", "role": "arn:aws:iam::123456789012:role/shop"}
    }
    base = {"apiVersion": "external-secrets.io/v1"}

    def external(name: str, remote: str) -> dict[str, Any]:
        data = [{"secretKey": "password", "remoteRef": {"key": remote}}]
        return {**base, "kind": "ExternalSecret", "metadata": {"name": name}, "spec": {**store, "data": data}}

    objects = [
        config_map(), sealed, external("read", f"shop/{hands.how}"), external("lost", "shop/nowhere"),
        {**base, "kind": "SecretStore", "metadata": {"name": "aws"}, "spec": {"provider": provider}},
    ]  # fmt: skip
    case.push({"k8s/settings.yaml": text(*objects)})
    until(lambda: [SEALED, READ] == [password(case, each) for each in ("db", "read")], case.get)
    enter(hands, "/settings/sealing")
    expect(hands.seen.page.locator("code", has_text=SealingKey(key).fingerprint)).to_be_visible()
    hands.seen.open(f"/applications/argocd/{case.name}")
    hands.press(hands.seen.page.get_by_role("navigation", name=case.name).get_by_role("link", name="Secrets"))
    rows = hands.seen.page.locator(".secrets-list > li")
    expect(rows).to_have_count(3, timeout=DONE)
    for name, *words in (
        ("SealedSecret db", "Opened", "Changed"),
        ("ExternalSecret read", "Opened", f"shop/{hands.how}"),
        ("ExternalSecret lost", "Failing", "shop/nowhere"),
    ):
        row = rows.filter(has=hands.seen.page.get_by_role("button", name=name, exact=True))
        for each in words:
            expect(row).to_contain_text(each)
    hands.seen.accessible()
    content = hands.seen.page.content()
    hands.write(hands.seen.page.get_by_label("Search secrets"), "lost")
    expect(rows).to_have_count(1)
    hands.press(rows.get_by_role("button").first)
    drawer = hands.seen.page.get_by_role("complementary", name="ExternalSecret lost")
    expect(drawer).to_be_visible()
    content += hands.seen.page.content()
    for value in (SEALED, READ):
        assert [] == [name for name, form in spellings(value).items() if form in content.encode()]
