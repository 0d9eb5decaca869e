"""Health scripts of a folder in a real git repository, from the settings to what a sync judges by."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mooring.errors import MooringError
from mooring.flows.clusters.targets import Targets
from mooring.flows.rules.healthscripts import follow_scripts
from mooring.flows.rules.settings import show_settings, store_settings
from mooring.flows.sweeps.sweeping import SweepPorts, sweep
from mooring.health import assess
from mooring.source import Repositories as Sources
from mooring.source.process import Git
from mooring.state.registry import Registry
from tests.doubles.installation import World

if TYPE_CHECKING:
    from tests.conftest import Anonymous, Repositories, Watcher

WIDGET = {"apiVersion": "a.example.com/v1", "kind": "Widget", "metadata": {"name": "w"}}
SOURCE = "resource.customizations.source"


def says(message: str) -> str:
    """A health script that finds everything degraded."""
    return f'return {{ status = "Degraded", message = "{message}" }}'


class Installation:
    """The settings of one installation, and what its functions make of them."""

    def __init__(self, world: World, git: Repositories, repositories: Sources, commands: list[str]) -> None:
        self.world, self.git = world, git
        self.registry = Registry(world.table, None, "test")  # type: ignore[arg-type]  # no credentials here
        self.targets = Targets(self.registry, connections=1)
        self.repositories, self.commands = repositories, commands

    def follow(self) -> MooringError | None:
        """What a sweep does for the scripts."""
        scripts = self.registry.health_scripts
        return follow_scripts(scripts, self.repositories, self.registry.known().settings)

    def judged(self) -> tuple[str, str]:
        """The health of a widget by what a warm sync knows."""
        self.targets.refresh()
        health = assess(WIDGET, self.targets.settings.health)
        return health.status, health.message

    def items(self) -> list[dict[str, Any]]:
        """Everything that is kept beside applications."""
        return [*self.world.table.query("SETTINGS"), *self.world.table.query("CLUSTERS")]

    def shown(self) -> dict[str, Any]:
        """What users read of the scripts."""
        status: dict[str, Any] = show_settings(self.registry)["status"]["healthScripts"]
        return status


@pytest.fixture
def here(
    make_world: Callable[[], World],
    git_server: Repositories,
    tmp_path: Path,
    anonymous: Anonymous,
    git_behind: Callable[[Watcher], Git],
) -> Installation:
    commands: list[str] = []

    def note(arguments: Sequence[str], environment: dict[str, str]) -> None:
        commands.append(arguments[0])

    sources = Sources(tmp_path / "copies", anonymous, git=git_behind(note), timeout=20)
    return Installation(make_world(), git_server, sources, commands)


@pytest.fixture
def scripted(here: Installation) -> Installation:
    """An installation whose settings name a folder, and that has its scripts."""
    files: dict[str, str | bytes | None] = {"health/a.example.com/Widget/health.lua": says("first"), "README": "x"}
    url = here.git.create("lua.git", files)
    store_settings(here.registry, {SOURCE: f"repoURL: {url}\npath: health\ntargetRevision: main\n"})
    assert here.follow() is None
    assert ("Degraded", "first") == here.judged()
    here.commands.clear()
    return here


def test_a_folder_is_followed(scripted: Installation) -> None:
    """GIVEN a folder in git WHEN a commit changes a script THEN the next sweep brings it and a warm sync goes by it."""
    sha = scripted.git.commit("lua.git", {"health/a.example.com/Widget/health.lua": says("second")})
    assert ("Degraded", "first") == scripted.judged()
    assert scripted.follow() is None
    assert ("Degraded", "second") == scripted.judged()
    assert {"commit": sha, "scripts": 1} == scripted.shown()


def test_nothing_moved_costs_one_question(scripted: Installation) -> None:
    """GIVEN scripts in force WHEN git has nothing new THEN a sweep asks once, and nothing is written or read anew."""
    before = scripted.items()
    for _ in range(3):
        assert scripted.follow() is None
    assert ["ls-remote"] * 3 == scripted.commands
    assert before == scripted.items()


def test_a_commit_elsewhere_changes_no_script(scripted: Installation) -> None:
    """GIVEN a commit beside the folder WHEN swept THEN it is looked at once, and no sync reads its settings again."""
    version = scripted.registry.known().settings
    sha = scripted.git.commit("lua.git", {"README": "y"})
    for _ in range(2):
        assert scripted.follow() is None
    assert ["ls-remote"] == scripted.commands[-1:]
    assert (sha, version) == (scripted.shown()["commit"], scripted.registry.known().settings)


def test_the_settings_own_scripts_come_first(scripted: Installation) -> None:
    """GIVEN a script in the settings for the same kind WHEN judged THEN the settings count; without the folder, none."""
    own = "resource.customizations.health.a.example.com_Widget"
    data = scripted.registry.health_scripts.in_force()[0]
    store_settings(scripted.registry, data | {own: says("own")})
    assert ("Degraded", "own") == scripted.judged()
    store_settings(scripted.registry, data)
    assert ("Degraded", "first") == scripted.judged()
    store_settings(scripted.registry, {})
    assert "Healthy" == scripted.judged()[0]
    assert "status" not in show_settings(scripted.registry)
    scripted.commands.clear()
    assert scripted.follow() is None
    assert [] == scripted.commands


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"health/b.example.com/Other/health.lua": "return {"}, "health/b.example.com/Other/health.lua: is no Lua"),
        ({"health/Pod/health.lua": b"\xff"}, "health/Pod/health.lua: is not UTF-8"),
        ({"health/Pod/health.lua": "-" * 300_000}, "health/Pod/health.lua: is longer than 256 KiB"),
        (
            {"health/a.example.com/Widget/health.lua": None, "health/x": "y"},
            "health: holds no <group>/<Kind>/health.lua",
        ),
        ({"health/a.example.com/Widget/health.lua": None}, f"{SOURCE}.path: there is nothing at this path"),
        ({"health/a.example.com/Widget/health.lua": None, "health": "file"}, "health: is no folder of the repository"),
    ],
    ids=["syntax", "encoding", "length", "empty", "absent", "file"],
)
def test_a_commit_that_can_not_be_used(scripted: Installation, changes: dict[str, Any], told: str) -> None:
    """GIVEN scripts in force WHEN a commit breaks one THEN they stay, the error is told once and shown; a fix counts."""
    good = scripted.shown()["commit"]
    scripted.git.commit("lua.git", changes)
    assert told in str(scripted.follow())
    assert ("Degraded", "first") == scripted.judged()
    assert good == scripted.shown()["commit"]
    assert told in scripted.shown()["error"]
    before = scripted.items()
    assert scripted.follow() is None
    assert before == scripted.items()
    scripted.git.commit("lua.git", dict.fromkeys(changes))
    sha = scripted.git.commit("lua.git", {"health/a.example.com/Widget/health.lua": says("fixed")})
    assert scripted.follow() is None
    assert (("Degraded", "fixed"), {"commit": sha, "scripts": 1}) == (scripted.judged(), scripted.shown())


def test_more_than_is_kept_is_refused(scripted: Installation) -> None:
    """GIVEN more scripts than an item holds WHEN swept THEN the error says how many bytes there are and may be."""
    noise = {f"health/g{n}.example.com/K/health.lua": f"--{os.urandom(50_000).hex()}" for n in range(8)}
    scripted.git.commit("lua.git", noise)  # type: ignore[arg-type]
    assert "more than the 307200 that are kept" in str(scripted.follow())
    assert ("Degraded", "first") == scripted.judged()


def test_links_do_not_lead_out(scripted: Installation, tmp_path: Path) -> None:
    """GIVEN a link that leaves the repository WHEN swept THEN it is no script."""
    (tmp_path / "outside.lua").write_text(says("outside"))
    scripted.git.commit("lua.git", {"x": "1"}, links={"health/Pod/health.lua": str(tmp_path / "outside.lua")})
    assert scripted.follow() is None
    assert 1 == scripted.shown()["scripts"]


def test_a_repository_that_is_away_is_told_once(scripted: Installation) -> None:
    """GIVEN a repository that is gone WHEN swept THEN it is told and shown, the scripts stay; its return ends that."""
    root = scripted.git.server.root
    (root / "lua.git").rename(root / "away.git")
    assert scripted.follow() is not None
    assert "error" in scripted.shown()
    before = scripted.items()
    assert scripted.follow() is None
    assert before == scripted.items()
    assert ("Degraded", "first") == scripted.judged()
    (root / "away.git").rename(root / "lua.git")
    assert scripted.follow() is None
    assert "error" not in scripted.shown()


def test_settings_that_change_meanwhile_win(scripted: Installation) -> None:
    """GIVEN a sweep that works by old settings WHEN it writes THEN nothing is written, and the next sweep follows."""
    old = scripted.registry.known().settings
    store_settings(scripted.registry, scripted.registry.health_scripts.in_force()[0])
    scripted.git.commit("lua.git", {"health/a.example.com/Widget/health.lua": says("second")})
    before = scripted.items()
    assert follow_scripts(scripted.registry.health_scripts, scripted.repositories, old) is None
    assert before == scripted.items()
    scripted.follow()
    assert ("Degraded", "second") == scripted.judged()


def test_a_new_folder_is_shown_as_not_fetched_yet(scripted: Installation) -> None:
    """GIVEN another branch in the settings WHEN no sweep has come by THEN that is shown, and the scripts stay."""
    data = scripted.registry.health_scripts.in_force()[0]
    store_settings(scripted.registry, {SOURCE: data[SOURCE].replace("main", "next")})
    assert "not fetched yet" in scripted.shown()["error"]
    assert ("Degraded", "first") == scripted.judged()
    scripted.git.commit("lua.git", {"health/a.example.com/Widget/health.lua": says("next")}, branch="next")
    scripted.follow()
    assert ("Degraded", "next") == scripted.judged()


def test_the_sweep_brings_them(here: Installation) -> None:
    """GIVEN a folder in the settings WHEN the sweep runs THEN the scripts are there; without settings git is not asked."""
    with ThreadPoolExecutor(1) as pool:
        ports = SweepPorts(
            here.world.applications, here.registry, here.repositories, None, here.world.queues, pool,  # type: ignore[arg-type]
        )  # fmt: skip
        assert [] == sweep(ports)
        assert [] == here.commands
        url = here.git.create("lua.git", {"a.example.com/Widget/health.lua": says("swept")})
        store_settings(here.registry, {SOURCE: f"repoURL: {url}\n"})
        assert [] == sweep(ports)
    assert ("Degraded", "swept") == here.judged()
