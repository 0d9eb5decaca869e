"""Whatever is declared on a page, the whole way over a stack: by pointer, by keys alone, and by thumb at 390 pixels.

A cluster that answers, a set that deploys, a token that opens: what was declared is used before it is taken away again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml
from playwright.sync_api import Locator, expect

from local import repositories
from local.stack import Options, Stack
from tests.doubles.browsing import Desk, Seen
from tests.doubles.hands import DONE, HANDS, WIDTHS, Hands, How, button, enter, said
from tests.e2e.ground import Ground, config_map, text, until

Look = Callable[..., Seen]


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    options = Options(directory=tmp_path_factory.mktemp("declared") / "stack", sweep=3600)
    with Stack.start(options, lambda line: None) as stack:
        started = Ground(stack)
        yield started
        started.http.clear()


@pytest.fixture(params=HANDS)
def hands(request: pytest.FixtureRequest, look: Look, ground: Ground) -> Hands:
    """Somebody who has signed in, at a window of their own."""
    how: How = request.param
    url = ground.stack.mooring.url.replace("127.0.0.1", "localhost")
    return Hands(look(Desk(url, None, ground.stack.mooring.secret), width=WIDTHS[how]), how)  # type: ignore[arg-type]


def opened(hands: Hands, name: str) -> Locator:
    """The dialog that a button of the page opens."""
    hands.press(button(hands, name))
    dialog = hands.seen.page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    return dialog


def removed(hands: Hands, name: str, action: str, opener: str = "Remove", box: str = "") -> None:
    """Removes what the page is of, by its name; with this box checked."""
    dialog = opened(hands, opener)
    expect(button(hands, action, dialog)).to_be_disabled()
    if box:
        hands.tick(dialog.get_by_role("checkbox", name=box))
    hands.write(dialog.get_by_role("textbox"), name)
    hands.press(button(hands, action, dialog))
    expect(dialog).to_have_count(0)


def manifest(kind: str, name: str, spec: dict[str, Any]) -> str:
    """As somebody types it."""
    return yaml.safe_dump(
        {"apiVersion": "argoproj.io/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec}, sort_keys=False
    )


def names(ground: Ground, path: str) -> set[str]:
    """What the API lists."""
    items = ground.ask("GET", path).body["items"]
    return {each["metadata"]["name"] if "metadata" in each else each["name"] for each in items}


def test_a_project_is_declared_edited_used_and_removed(hands: Hands, ground: Ground) -> None:
    """GIVEN a project that is typed WHEN corrected, edited, and its role given a token THEN the token opens, and all go."""
    name = f"team-{hands.how}"
    spec: dict[str, Any] = {
        "description": "As it was",
        "destinations": [{"namespace": "*", "name": "*"}],
        "roles": [{"name": "ci", "policies": [f"p, proj:{name}:ci, applications, get, {name}/*, allow"]}],
    }
    enter(hands, "/projects")
    dialog = opened(hands, "New project")
    area = dialog.get_by_label("New project, as YAML")
    hands.write(area, manifest("AppProject", name, spec | {"syncWindows": [{"kind": "never"}]}))
    hands.press(button(hands, "Declare", dialog))
    expect(dialog.get_by_role("alert")).to_contain_text("syncWindows")
    hands.seen.forgive("400")
    hands.write(area, manifest("AppProject", name, spec))
    hands.press(button(hands, "Declare", dialog))
    said(hands, f"{name} is declared")
    hands.seen.page.wait_for_url(f"**/projects/{name}")
    dialog = opened(hands, "Edit")
    area = dialog.get_by_label(f"Edit {name}, as YAML")
    hands.write(area, area.input_value().replace("As it was", "As it is"))
    hands.press(button(hands, "Save", dialog))
    expect(dialog).to_have_count(0)
    assert "As it is" == ground.ask("GET", f"projects/{name}").body["spec"]["description"]
    dialog = opened(hands, "New token")
    hands.write(dialog.get_by_label("Name", exact=True), "builds")
    hands.press(button(hands, "Make the token", dialog))
    token = hands.seen.page.locator("dialog .copyable code").inner_text()
    hands.press(button(hands, "I have it"))
    assert 200 == ground.ask("GET", "applications", token=token).status
    hands.press(button(hands, "Revoke builds"))
    hands.press(button(hands, "Revoke the token"))
    said(hands, "builds is revoked")
    assert 401 == ground.ask("GET", "applications", token=token).status
    removed(hands, name, "Remove the project")
    hands.seen.page.wait_for_url("**/projects")
    assert name not in names(ground, "projects")


def test_a_cluster_is_registered_examined_and_removed(hands: Hands, ground: Ground) -> None:
    """GIVEN a kubeconfig in Secrets Manager WHEN registered by its name THEN the cluster answers; removed, it is forgotten."""
    name, stack = f"near-{hands.how}", ground.stack
    kept = f"shop/kubeconfig-{hands.how}"
    stack.client("secretsmanager").create_secret(Name=kept, SecretString=stack.cluster.kubeconfig.read_text())
    enter(hands, "/clusters")
    dialog = opened(hands, "Add a cluster")
    hands.press(button(hands, "Kubeconfig in Secrets Manager", dialog))
    hands.write(dialog.get_by_label("Name", exact=True), name)
    hands.write(dialog.get_by_label("Name or ARN of the secret"), kept)
    hands.press(button(hands, "Register", dialog))
    hands.seen.page.wait_for_url(f"**/clusters/{name}")
    hands.press(button(hands, "Examine now"))
    expect(hands.seen.page.get_by_text("Nothing is wrong")).to_be_visible(timeout=DONE)
    removed(hands, name, "Remove the cluster")
    said(hands, f"{name} is forgotten")
    assert name not in names(ground, "clusters")


def test_a_repository_is_registered_and_forgotten(hands: Hands, ground: Ground) -> None:
    """GIVEN an address and a password WHEN registered THEN it is listed and the password nowhere; removed, it is gone."""
    url = f"{ground.stack.git_url}/of-{hands.how}.git"
    enter(hands, "/repositories")
    dialog = opened(hands, "Add a repository")
    hands.write(dialog.get_by_label("Address, or what many"), url)
    hands.write(dialog.get_by_label("User name"), "bot")
    hands.write(dialog.get_by_label("Password or access token"), "hush-hush")
    hands.press(button(hands, "Register", dialog))
    said(hands, f"{url} is registered")

    def known() -> set[str]:
        return {each["url"] for each in ground.ask("GET", "repositories").body["items"]}

    assert url in known()
    assert "hush-hush" not in hands.seen.page.content()
    dialog = opened(hands, f"Remove {url}")
    hands.press(button(hands, "Remove the registration", dialog))
    said(hands, f"{url} is forgotten")
    assert url not in known()


def test_a_token_is_made_used_and_revoked(hands: Hands, ground: Ground) -> None:
    """GIVEN a token of one week for one thing WHEN made THEN it opens that alone, shown once; revoked, it opens nothing."""
    enter(hands, "/settings/tokens")
    dialog = opened(hands, "New token")
    hands.write(dialog.get_by_label("Name", exact=True), hands.how)
    hands.pick(dialog.get_by_label("Lasts"), "7 days")
    hands.write(dialog.get_by_label("And only this"), "clusters, get, *")
    hands.press(button(hands, "Make the token", dialog))
    expect(hands.seen.page.get_by_text("It is shown this once.")).to_be_visible()
    token = hands.seen.page.locator("dialog .copyable code").inner_text()
    hands.press(button(hands, "I have it"))
    assert token not in hands.seen.page.content()
    told = ground.ask("GET", "clusters", token=token)
    assert (200, ["in-cluster"]) == (told.status, [each["name"] for each in told.body["items"]])
    assert 403 == ground.ask("GET", "settings", token=token).status
    hands.press(button(hands, f"Revoke {hands.how}"))
    hands.press(button(hands, "Revoke the token"))
    said(hands, f"{hands.how} is revoked")
    assert 401 == ground.ask("GET", "clusters", token=token).status


def test_a_set_is_previewed_declared_edited_and_deleted(hands: Hands, ground: Ground) -> None:
    """GIVEN a set that is typed WHEN its preview is read and it is declared THEN its application is in the cluster; edited,
    so is what was added; deleted by its name, both go.
    """
    name = f"set-{hands.how}"
    repositories.create(ground.stack.git_root, f"{name}.git")
    repositories.commit(ground.stack.git_root / f"{name}.git", {"k8s/a.yaml": text(config_map())})
    spec = {
        "goTemplate": True,
        "generators": [{"list": {"elements": [{"name": "north"}]}}],
        "template": {
            "metadata": {"name": f"{name}-{{{{ .name }}}}"},
            "spec": {
                "project": "default",
                "source": {"repoURL": f"{ground.stack.git_url}/{name}.git", "path": "k8s", "targetRevision": "main"},
                "destination": {"name": "in-cluster", "namespace": f"{name}-{{{{ .name }}}}"},
                "syncPolicy": {"automated": {}, "syncOptions": ["CreateNamespace=true"]},
            },
        },
    }

    def color(place: str) -> str:
        path = f"/api/v1/namespaces/{name}-{place}/configmaps/settings"
        status, answer = ground.stack.cluster.client("GET", path)
        return str(answer["data"]["color"]) if status == 200 else ""

    enter(hands, "/applicationsets")
    dialog = opened(hands, "New ApplicationSet")
    hands.write(dialog.get_by_label("New ApplicationSet, as YAML"), manifest("ApplicationSet", name, spec))
    hands.press(button(hands, "Preview what changes", dialog))
    expect(dialog.get_by_text("1 generated")).to_be_visible(timeout=DONE)
    assert name not in names(ground, "applicationsets")
    hands.press(button(hands, "Declare it", dialog))
    said(hands, "The ApplicationSet is declared")
    until(lambda: "blue" == color("north"), lambda: ground.ask("GET", f"applicationsets/{name}").body)
    dialog = opened(hands, "Edit")
    area = dialog.get_by_label(f"Edit {name}, as YAML")
    document = yaml.safe_load(area.input_value())
    document["spec"]["generators"][0]["list"]["elements"].append({"name": "south"})
    hands.write(area, json.dumps(document, indent=2))
    hands.press(button(hands, "Preview what changes", dialog))
    expect(dialog.get_by_text("2 generated, 1 unchanged.")).to_be_visible(timeout=DONE)
    hands.press(button(hands, "Declare it", dialog))
    until(lambda: "blue" == color("south"), lambda: ground.ask("GET", f"applicationsets/{name}").body)
    removed(hands, name, "Delete the ApplicationSet", "Delete", "Its applications go with it")
    hands.seen.page.wait_for_url("**/applicationsets")
    until(lambda: not {f"{name}-north", f"{name}-south"} & names(ground, "applications"), lambda: name)
