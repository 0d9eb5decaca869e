"""Laws of plans: what was updated is up to date, each repository is asked once, and no image spoils another."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from mooring.errors import UnreachableError
from mooring.images.pacing import Politeness
from mooring.images.planning import Plan, Tended, plan_updates
from mooring.images.registries import ImageRegistries, Inspected
from mooring.images.remembering import ProcessMemory
from mooring.model.application import AppKey
from mooring.model.imageannotations import PREFIX, parse_annotations
from mooring.model.imagenames import ImageName, ImageReference
from mooring.model.imagesettings import Platform, PullSecret
from mooring.model.source import Source
from mooring.source.gokit import GoKit

SOURCE = Source("https://git.example/shop.git", path="web", target_revision="main")
TAG = st.one_of(
    st.builds("v{}.{}.0".format, st.integers(0, 3), st.integers(0, 3)),
    st.sampled_from(("latest", "dev", "1.0", "v1.0.0-rc1")),
)
CONTENT = st.dictionaries(TAG, st.integers(0, 5), min_size=1, max_size=6)  # tag → when it was built
WORLD = st.dictionaries(st.sampled_from(("web", "api", "db")), CONTENT, min_size=1)
SETTING = st.tuples(
    st.sampled_from(("semver", "newest-build", "alphabetical", "digest")), st.sampled_from(("", "regexp:^v", "any"))
)
APPS = st.lists(
    st.tuples(st.sampled_from(("web", "api", "db", "gone")), SETTING, st.one_of(st.just(""), TAG)),
    min_size=1,
    max_size=6,
)


@dataclass
class World(ImageRegistries):
    """Registries without a network."""

    content: dict[str, dict[str, int]]
    asked: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        ImageRegistries.__init__(self, Nobody(), pacing=Politeness({}, 0))

    def tags(self, name: ImageName, secret: PullSecret | None = None) -> tuple[str, ...]:
        self.asked[name.path] += 1
        if name.path not in self.content:
            raise UnreachableError("no answer")
        return tuple(self.content[name.path])

    def digest(self, name: ImageName, tag: str, secret: PullSecret | None = None) -> str:
        if tag not in self.content.get(name.path, {}):
            raise UnreachableError("no answer")
        built = self.content[name.path][tag]
        return f"sha256:{hashlib.sha256(f'{name.path}{tag}{built}'.encode()).hexdigest()}"

    def inspect(
        self, name: ImageName, reference: str, secret: PullSecret | None = None, *, wanted: object = ()
    ) -> Inspected:
        self.asked[f"{name.path}:{reference}"] += 1
        built = float(self.content[name.path][reference])
        return Inspected(self.digest(name, reference), built, (Platform("linux", "amd64"),), {})


class Nobody:
    def find(self, url: str, *, fresh: bool = False) -> None: ...

    def named(self, name: str) -> None: ...


def tend(apps: list[tuple[str, tuple[str, str], str]]) -> list[Tended]:
    tended = []
    for number, (image, (strategy, allow), running) in enumerate(apps):
        annotations = {
            "image-list": f"app=ghcr.io/{image}" + (":dev" if strategy == "digest" else ""),
            "app.update-strategy": strategy,
            **({"app.allow-tags": allow} if allow else {}),
        }
        declared = parse_annotations({f"{PREFIX}{key}": each for key, each in annotations.items()})
        assert declared is not None
        runs = (ImageReference(ImageName("ghcr.io", image), running),) if running else ()
        tended.append(Tended(AppKey("argocd", f"app-{number}"), declared, runs, (SOURCE,)))
    return tended


def carried_out(tended: list[Tended], plan: Plan) -> list[Tended]:
    new = {update.app: update.new for update in plan.updates}
    return [replace(each, running=(new[each.app],)) if each.app in new else each for each in tended]


@settings(max_examples=60, deadline=None)
@given(content=WORLD, apps=APPS)
def test_planning_after_updating_plans_nothing(
    gokit: GoKit, content: dict[str, dict[str, int]], apps: list[tuple[str, tuple[str, str], str]]
) -> None:
    """And says of everything else what it said before."""
    tended, memory = tend(apps), ProcessMemory()
    first = plan_updates(tended, World(content), gokit.ask, memory)
    second = plan_updates(carried_out(tended, first), World(content), gokit.ask, memory)
    assert () == second.updates
    assert first.notes == second.notes
    assert first.current + len(first.updates) == second.current
    assert len(apps) == first.current + len(first.updates) + len(first.notes)


@settings(max_examples=60, deadline=None)
@given(content=WORLD, apps=APPS)
def test_nothing_is_asked_twice_and_company_changes_nothing(
    gokit: GoKit, content: dict[str, dict[str, int]], apps: list[tuple[str, tuple[str, str], str]]
) -> None:
    """GIVEN many applications THEN each list and each image is read once, and each has the plan it would have alone."""
    tended, world = tend(apps), World(content)
    together = plan_updates(tended, world, gokit.ask, ProcessMemory())
    assert set(world.asked.values()) <= {1}
    alone = [plan_updates([each], World(content), gokit.ask, ProcessMemory()) for each in tended]
    assert together.updates == tuple(sorted((u for plan in alone for u in plan.updates), key=lambda each: each.app))
    assert together.notes == tuple(sorted((n for plan in alone for n in plan.notes), key=lambda each: each.app))
