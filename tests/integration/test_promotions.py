"""From staging to production through git: real repositories and renders, and a code host as GitHub documents it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mooring.events.messages import Cause, PromotionMessage
from mooring.flows.asked.projects import declare_project
from mooring.flows.promotions.asking import delete_promotion
from mooring.flows.promotions.due import due_promotions
from mooring.flows.promotions.evaluating import handle_promotions
from mooring.forge.codecommit import CodeCommit
from mooring.forge.github import GitHub
from mooring.source.commits import Writer
from tests.doubles.githubpulls import Pulls, pulls_of
from tests.doubles.installation import Crash, World, installation
from tests.doubles.promotionworld import IMAGE, KEY, PROD, STAGING, Stages, application, kustomization, tree

if TYPE_CHECKING:
    from tests.conftest import Anonymous, Repositories

NAME = "shop.git"


@pytest.fixture(scope="module")
def worlds() -> Iterator[Callable[[], World]]:
    with installation() as make:
        yield make


@pytest.fixture
def pulls(git_server: Repositories) -> Iterator[Pulls]:
    git_server.create(NAME, tree())
    with pulls_of(git_server.server.root / NAME) as started:
        yield started


@pytest.fixture
def stages(
    worlds: Callable[[], World],
    git_server: Repositories,
    pulls: Pulls,
    tmp_path: Path,
    tools: dict[str, Path],
    anonymous: Anonymous,
) -> Stages:
    """Staging and production at v1."""
    url = git_server.url(NAME)
    stages = Stages(worlds(), url, tmp_path, tools, anonymous, pulls.host)
    stages.declare(application("staging", url), application("prod", url))
    stages.deploy()
    return stages


def move(git: Repositories, stages: Stages, tag: str) -> None:
    """Staging is given another image, and runs it."""
    git.commit(NAME, {"overlays/staging/kustomization.yaml": kustomization(tag)}, f"Stage {tag}")
    stages.deploy(STAGING)


def test_what_is_well_in_staging_goes_to_production(stages: Stages, git_server: Repositories, pulls: Pulls) -> None:
    """GIVEN a new image that is well in staging, a request shows what production will see, follows staging, and once it
    is merged production runs it, and that is on record.
    """
    stages.promote()
    assert "UpToDate" == stages.look()["phase"]
    move(git_server, stages, "v2")
    assert "Proposed" == stages.look()["phase"]
    (request,) = pulls.open
    assert ("mooring/promotion/argocd/shop", "main") == (request["head"]["ref"], request["base"]["ref"])
    assert f"Promote staging to prod: {IMAGE}: v1 → v2" == request["title"]
    assert f"-        image: {IMAGE}:v1\n" in request["body"].replace("-      - image", "-        image")
    assert f"{IMAGE}:v2\n" in request["body"]
    assert "Commit there: `Stage v2`" in request["body"]
    assert (
        kustomization("v2")
        == pulls.git("show", "mooring/promotion/argocd/shop:overlays/prod/kustomization.yaml") + "\n"
    )
    (told,) = stages.world.table.query("HAPPENED#argocd/prod")
    assert "promotion-opened#argocd/shop#1" == told["sk"]
    asked = len(pulls.asked)
    assert "Proposed" == stages.look()["phase"]
    assert {"GET"} == {each.split()[0] for each in pulls.asked[asked:]}

    move(git_server, stages, "v3")
    stages.look()
    assert ["updated", "opened"] == [each["what"] for each in stages.status["history"]]
    assert ([1], f"Promote staging to prod: {IMAGE}: v1 → v3") == (list(pulls.items), pulls.items[1]["title"])

    pulls.merge(1)
    assert "Verifying" == stages.look()["phase"]
    stages.deploy(PROD)
    assert f"{IMAGE}:v3" == stages.image(PROD)
    status = stages.look()
    assert ("Verified", "verified") == (status["phase"], status["verification"]["outcome"])
    assert ["opened", "updated", "merged", "verified"] == stages.told
    assert 1 == len(pulls.items)


def test_a_look_at_what_waits_writes_nothing(
    stages: Stages, git_server: Repositories, pulls: Pulls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIVEN staging that has to stay well for a while, a promotion waits for it without writing, and starts anew where
    staging was not well meanwhile.
    """
    stages.promote(when={"healthyFor": "10m"})
    move(git_server, stages, "v2")
    status = stages.look()
    assert ("Waiting", True) == (status["phase"], "has to stay healthy until" in status["message"])
    ((later, delay),) = stages.world.queues.waiting[-1:]
    assert (600, "argocd/shop") == (round(delay), later.message.promotion)  # type: ignore[union-attr]
    written: list[object] = []
    monkeypatch.setattr(stages.world.table, "write", lambda *operations: written.extend(operations))
    stages.look(later=60)
    monkeypatch.undo()
    assert ([], []) == (written, pulls.open)
    stages.health(STAGING, "Degraded")
    assert "argocd/staging is Degraded" == stages.look()["message"]
    stages.health(STAGING, "Healthy")
    stages.look()
    assert "Waiting" == stages.look(later=590)["phase"]
    assert "Proposed" == stages.look(later=20)["phase"]


def test_nothing_goes_on_from_where_it_is_not_well(stages: Stages, git_server: Repositories, pulls: Pulls) -> None:
    """GIVEN a degraded staging, a window that is shut, or red checks, nothing is opened, and each is told."""
    stages.promote(
        when={
            "checks": ["ci"],
            "syncWindows": [{"kind": "allow", "schedule": "0 0 1 1 *", "duration": "1h"}],
        }
    )
    move(git_server, stages, "v2")
    stages.health(STAGING, "Degraded")
    assert "argocd/staging is Degraded" == stages.look()["message"]
    stages.health(STAGING, "Healthy")
    assert "allow window '0 0 1 1 *'" in stages.look()["message"]
    stages.promote(when={"checks": ["ci"]})
    assert "are not finished: ci" in stages.look()["message"]
    pulls.statuses = [{"context": "ci", "state": "failure"}]
    assert "are red: ci" in stages.look()["message"]
    assert [] == pulls.open
    pulls.statuses = [{"context": "ci", "state": "success"}]
    assert "Proposed" == stages.look()["phase"]


def test_a_request_that_is_not_needed_any_more_is_closed(
    stages: Stages, git_server: Repositories, pulls: Pulls
) -> None:
    """GIVEN a staging that goes back to what production has, the open request is closed, and says why; later it moves on
    again, and there is a new one.
    """
    stages.promote()
    move(git_server, stages, "v2")
    stages.look()
    move(git_server, stages, "v1")
    assert "UpToDate" == stages.look()["phase"]
    assert (["opened", "closed"], "closed") == (stages.told, pulls.items[1]["state"])
    assert ["Closed: the targets have in git what the source runs."] == pulls.comments
    move(git_server, stages, "v3")
    assert "Proposed" == stages.look()["phase"]
    assert [2] == [each["number"] for each in pulls.open]


def test_a_reverted_promotion_is_not_proposed_again(stages: Stages, git_server: Repositories, pulls: Pulls) -> None:
    """GIVEN a merge that somebody takes back in git, production goes back, and the same is proposed again only when
    somebody asks for it, or staging moves on.
    """
    stages.promote()
    move(git_server, stages, "v2")
    stages.look()
    pulls.merge(1)
    stages.deploy(PROD)
    assert "Verified" == stages.look()["phase"]
    git_server.commit(NAME, {"overlays/prod/kustomization.yaml": kustomization("v1")}, "Revert")
    stages.deploy(PROD)
    assert f"{IMAGE}:v1" == stages.image(PROD)
    assert ("Declined", []) == (stages.look()["phase"], pulls.open)
    assert "Proposed" == stages.look("person")["phase"]
    assert [2] == [each["number"] for each in pulls.open]


def test_what_somebody_turned_down_stays_turned_down(stages: Stages, git_server: Repositories, pulls: Pulls) -> None:
    """GIVEN a request that was closed unmerged, it is not opened again until staging moves on."""
    stages.promote()
    move(git_server, stages, "v2")
    stages.look()
    pulls.close(1)
    assert "Declined" == stages.look()["phase"]
    assert "Declined" == stages.look()["phase"]
    assert ("Proposed", "Proposed") == (stages.look("person")["phase"], stages.look()["phase"])
    pulls.close(2)
    assert "Declined" == stages.look()["phase"]
    move(git_server, stages, "v3")
    assert "Proposed" == stages.look()["phase"]
    assert ["opened", "closed", "opened", "closed", "opened"] == stages.told


def test_an_open_request_says_that_staging_got_worse(stages: Stages, git_server: Repositories, pulls: Pulls) -> None:
    """GIVEN an open request and a staging that is degraded by now, the promotion says so, and the request stays."""
    stages.promote(when={"syncWindows": [{"kind": "allow", "schedule": "* * * * *", "duration": "1h"}]})
    move(git_server, stages, "v2")
    assert "Proposed" == stages.look()["phase"]
    stages.health(STAGING, "Degraded")
    status = stages.look()
    assert ("Proposed", True) == (status["phase"], status["message"].endswith("but argocd/staging is Degraded now"))
    assert [1] == [each["number"] for each in pulls.open]


def test_production_that_gets_worse_is_told(stages: Stages, git_server: Repositories, pulls: Pulls) -> None:
    """GIVEN a production that is degraded by what was merged, that is on record, and its recovery too."""
    stages.promote(verify={"healthyFor": "5m"})
    move(git_server, stages, "v2")
    stages.look()
    pulls.merge(1)
    stages.deploy(PROD)
    stages.health(PROD, "Degraded")
    assert ("Failed", "argocd/prod is Degraded") == (stages.look()["phase"], stages.status["message"])
    stages.health(PROD, "Healthy")
    stages.look()
    assert "Verified" == stages.look(later=301)["phase"]
    assert ["opened", "merged", "failed", "verified"] == stages.told


def test_a_commit_moves_the_revision_that_an_application_declares(
    stages: Stages, git_server: Repositories, pulls: Pulls
) -> None:
    """GIVEN a production that is pinned, a promotion writes the commit that staging runs into its manifest, and nothing
    else of that file changes.
    """
    first = pulls.git("rev-parse", "main")
    manifest = (
        f"# prod\nkind: Application\nmetadata: {{name: prod}}\nspec:\n  source:\n    targetRevision: {first} # pinned\n"
    )
    apps = git_server.create("apps.git", {"prod.yaml": manifest})
    stages.declare(application("prod", stages.url, path="overlays/staging", revision=first))
    stages.deploy(PROD)
    stages.promote(
        moves={"targetRevision": "commit"},
        to={"application": "prod", "manifest": {"repoURL": apps, "branch": "main", "path": "{application}.yaml"}},
        how={"commit": {"message": "Promote {{ it }}"}},
    )
    move(git_server, stages, "v2")
    second = pulls.git("rev-parse", "main")
    status = stages.look()
    assert ("Verifying", "waits: argocd/prod is not declared with it yet") == (status["phase"], status["message"])
    told = git_server.server.root / "apps.git"
    shown = subprocess.run(
        ["git", "show", "main:prod.yaml"], cwd=told, check=True, capture_output=True, text=True
    ).stdout
    assert manifest.replace(first, second) == shown
    log = subprocess.run(
        ["git", "log", "-1", "--format=%B"], cwd=told, check=True, capture_output=True, text=True
    ).stdout
    assert "Promote {{ it }}" == log.strip()
    stages.declare(application("prod", stages.url, path="overlays/staging", revision=second))
    stages.deploy(PROD)
    assert "Verified" == stages.look()["phase"]
    assert f"{IMAGE}:v2" == stages.image(PROD)
    assert ["committed", "verified"] == stages.told


def test_a_request_for_a_revision_shows_what_it_changes(stages: Stages, git_server: Repositories, pulls: Pulls) -> None:
    """GIVEN a revision that moves by a pull request, the description renders production at both revisions."""
    first = pulls.git("rev-parse", "main")
    git_server.commit(
        NAME, {"prod.yaml": "kind: Application\nmetadata: {name: prod}\nspec: {source: {targetRevision: x}}\n"}
    )
    stages.declare(application("prod", stages.url, path="overlays/staging", revision=first))
    stages.deploy(PROD)
    stages.promote(
        moves={"targetRevision": "commit"},
        to={"application": "prod", "manifest": {"repoURL": stages.url, "path": "prod.yaml"}},
        how={"pullRequest": {"branch": "to-prod", "title": "Ship", "body": "Please look."}},
    )
    move(git_server, stages, "v2")
    assert "Proposed" == stages.look()["phase"]
    (request,) = pulls.open
    assert ("to-prod", "Ship", True) == (request["head"]["ref"], request["title"], request["body"].startswith("Please"))
    assert f"+      - image: {IMAGE}:v2\n" in request["body"]


def test_files_move_as_they_are(stages: Stages, git_server: Repositories, pulls: Pulls) -> None:
    """GIVEN a list of files, production gets their content as staging runs it, and Secrets are shown as hashes only."""
    secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: login}\nstringData: {password: hunter2}\n"
    both = {
        "overlays/prod/kustomization.yaml": "resources: [../../base, login.yaml]\n",
        "overlays/prod/login.yaml": secret,
        "overlays/staging/login.yaml": secret,
    }
    git_server.commit(NAME, dict(both))
    stages.deploy()
    stages.promote(
        moves={"files": [{"from": "overlays/staging/login.yaml", "to": "overlays/{application}/login.yaml"}]}
    )
    assert "UpToDate" == stages.look()["phase"]
    git_server.commit(NAME, {"overlays/staging/login.yaml": secret.replace("hunter2", "hunter3")})
    git_server.commit(NAME, {"overlays/staging/kustomization.yaml": kustomization("v2")})
    stages.deploy(STAGING)
    assert "Proposed" == stages.look()["phase"]
    (request,) = pulls.open
    assert ("hunter" not in request["body"], "(hmac:" in request["body"]) == (True, True)
    assert (
        secret.replace("hunter2", "hunter3")
        == pulls.git("show", f"{request['head']['ref']}:overlays/prod/login.yaml") + "\n"
    )


def test_projects_decide_what_is_promoted(stages: Stages, git_server: Repositories, pulls: Pulls) -> None:
    """GIVEN a production in a project of its own, promotions of another project are refused until that one permits."""
    project = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AppProject",
        "metadata": {"name": "production"},
        "spec": {"sourceRepos": ["*"], "destinations": [{"server": "*", "name": "*", "namespace": "*"}]},
    }
    declare_project(stages.world.registry.projects, project)
    stages.declare(application("prod", stages.url, project="production"))
    stages.deploy(PROD)
    stages.promote()
    move(git_server, stages, "v2")
    status = stages.look()
    assert ("Blocked", True) == (status["phase"], "mooring.dev/promotions" in status["message"])
    assert [] == pulls.open
    permitting = {
        **project,
        "metadata": {"name": "production", "annotations": {"mooring.dev/promotions": "a, default"}},
    }
    declare_project(stages.world.registry.projects, permitting)
    assert "Proposed" == stages.look()["phase"]


def test_a_function_that_dies_anywhere_doubles_nothing(
    stages: Stages, git_server: Repositories, pulls: Pulls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GIVEN a crash after each write to git, to the host and to the table, the next look ends where it would have
    ended, with one commit, one request, and one record of each thing that happened.
    """
    stages.promote()
    move(git_server, stages, "v2")
    before = int(pulls.git("rev-list", "--count", "--all"))
    crashes = 0
    for _ in range(20):
        steps = 0

        def dying(real: Callable[..., Any]) -> Callable[..., Any]:
            def run(*given: Any, **options: Any) -> Any:
                nonlocal steps
                answer = real(*given, **options)
                steps += 1
                if steps == 1:
                    raise Crash
                return answer

            return run

        with monkeypatch.context() as patched:
            patched.setattr(type(stages.world.table), "write", dying(type(stages.world.table).write))
            patched.setattr(Writer, "push", dying(Writer.push))
            patched.setattr(GitHub, "open_change", dying(GitHub.open_change))
            try:
                stages.look()
            except Crash:
                crashes += 1
                continue
        break
    assert 3 <= crashes
    assert "Proposed" == stages.look()["phase"]
    assert (1, ["opened"]) == (len(pulls.items), stages.told)
    assert 1 == len(list(stages.world.table.query("HAPPENED#argocd/prod")))
    assert before + 1 == int(pulls.git("rev-list", "--count", "--all"))


def test_a_sync_and_a_sweep_tell_the_promotions(stages: Stages, git_server: Repositories) -> None:
    """GIVEN a source that moves on, its sync tells the promotion; a sweep finds the same where that was lost, and is
    silent where nothing is different.
    """
    message = PromotionMessage("argocd/shop", Cause("render"))
    stages.promote()
    stages.look()
    known = stages.world.registry.known().promotions
    assert [] == due_promotions(stages.world.applications, known, stages.world.now)
    stages.world.queues.sent.clear()
    move(git_server, stages, "v2")
    assert ("renders", message) in stages.world.queues.sent
    known = stages.world.registry.known().promotions
    assert list(known) == due_promotions(stages.world.applications, known, stages.world.now)
    stages.look()
    known = stages.world.registry.known().promotions
    assert [] == due_promotions(stages.world.applications, known, stages.world.now)


def test_a_promotion_that_is_suspended_or_gone_does_nothing(
    stages: Stages, git_server: Repositories, pulls: Pulls
) -> None:
    """GIVEN a suspended promotion, or a deleted one whose message is still on its way, nothing is opened."""
    stages.promote(suspend=True)
    move(git_server, stages, "v2")
    assert "Suspended" == stages.look()["phase"]
    delete_promotion(stages.world.asking, KEY)
    handle_promotions(stages.ports(), [PromotionMessage(str(KEY), Cause("tick"))])
    assert ([], ()) == (pulls.open, stages.world.registry.known().promotions)


def test_what_can_not_move_is_told(stages: Stages, git_server: Repositories, pulls: Pulls) -> None:
    """GIVEN images that the two have not in common, a code host that nobody knows, or one without checks, the promotion
    says so.
    """
    stages.promote(moves={"images": ["other.test/*"]})
    assert "have no such image in common" in stages.look()["message"]
    stages.promote()
    stages.host = lambda _: None
    move(git_server, stages, "v2")
    status = stages.look()
    assert ("Blocked", True) == (status["phase"], "register a token" in status["message"])
    stages.promote(when={"checks": True})
    assert "its code host is not known, or no token is registered for it" in stages.look()["message"]
    stages.host = lambda _: CodeCommit(lambda: None, "eu-west-1", "shop")
    status = stages.look()
    assert ("Blocked", True) == (status["phase"], "its code host keeps none for a commit" in status["message"])
