"""From staging to production through git: real repositories and renders, and a code host as GitHub documents it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.doubles.githubpulls import Pulls, pulls_of
from tests.doubles.installation import World, installation
from tests.doubles.promotionworld import IMAGE, PROD, STAGING, Stages, application, kustomization, tree

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
    move(git_server, stages, "v3")
    assert "Proposed" == stages.look()["phase"]
    assert ["opened", "closed", "opened"] == stages.told


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
