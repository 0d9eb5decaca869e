"""Generators give the parameters that Argo CD documents."""

from __future__ import annotations

from typing import Any

import pytest
from tests.doubles.generatorworld import World, declared

from mooring.appsets.evaluating import Evaluator
from mooring.appsets.ports import ClusterFacts, FoundRepository, Params, PullRequest
from mooring.appsets.rendering import Renderer
from mooring.errors import ConfigurationError, RenderError

CITIES = {"list": {"elements": [{"city": "riga"}, {"city": "oslo"}]}}
LEVELS = {"list": {"elements": [{"level": "dev"}, {"level": "live"}]}}


def params_of(world: World, *generators: dict[str, Any], **spec: Any) -> list[Params]:
    """What the generators give, one after the other, without Go templates."""
    found = declared(*generators, **spec)
    evaluated = Evaluator(found, world.ports(), Renderer(world, go_template=False)).evaluate(found.generators)
    return [params for sets in evaluated for params in sets]


def test_a_list_gives_its_elements_and_those_of_its_yaml() -> None:
    """Values inside an element are spelled with a dot."""
    generator = {"list": {"elements": [{"city": "riga", "values": {"zone": "a"}}], "elementsYaml": "- city: oslo\n"}}
    assert [{"city": "riga", "values.zone": "a"}, {"city": "oslo"}] == params_of(World(), generator)


def test_numbers_in_a_list_need_go_templates() -> None:
    """GIVEN an element that is no text WHEN evaluated THEN the error names it and the way out."""
    with pytest.raises(ConfigurationError, match="goTemplate") as caught:
        params_of(World(), {"list": {"elements": [{"port": 80}]}})
    assert "spec.generators[0].list.elements[0].port" == caught.value.field


def test_clusters_are_selected_by_label_and_tell_all_about_themselves() -> None:
    """Labels, annotations and the project are parameters; values are templates over them."""
    world = World(
        clusters=[
            ClusterFacts("Prod_EU", "https://eu", "shops", {"env": "prod"}, {"owner": "team-a"}),
            ClusterFacts("dev", "https://dev", labels={"env": "dev"}),
        ]
    )
    chosen = {"selector": {"matchLabels": {"env": "prod"}}, "values": {"at": "{{ name }}/{{metadata.labels.env}}"}}
    assert [
        {
            "name": "Prod_EU",
            "nameNormalized": "prod-eu",
            "server": "https://eu",
            "project": "shops",
            "metadata.labels.argocd.argoproj.io/secret-type": "cluster",
            "metadata.labels.env": "prod",
            "metadata.annotations.owner": "team-a",
            "values.at": "Prod_EU/prod",
        }
    ] == params_of(world, {"clusters": chosen})


def test_every_cluster_carries_the_label_that_argo_cd_gives_it() -> None:
    """Sets that select by it find the same clusters here."""
    world = World(clusters=[ClusterFacts("a", "https://a")])
    selector = {"matchLabels": {"argocd.argoproj.io/secret-type": "cluster"}}
    assert ["a"] == [each["name"] for each in params_of(world, {"clusters": {"selector": selector}})]


def test_a_flat_list_is_one_set() -> None:
    """All clusters are one parameter, for templates that go through them."""
    world = World(clusters=[ClusterFacts("a", "https://a"), ClusterFacts("b", "https://b")])
    found = params_of(world, {"clusters": {"flatList": True}})
    assert [["a", "b"]] == [[each["name"] for each in params["clusters"]] for params in found]


def test_folders_of_a_repository_are_parameters() -> None:
    """Stars stop at slashes, what is left out stays out, hidden folders don't count."""
    world = World(
        files=dict.fromkeys(
            ["README", "apps/web/a.yaml", "apps/Data_Base/deep/b.yaml", "apps/old/c.yaml", ".git-x/web/d", "apps/.x/e"],
            b"",
        )
    )
    items = [{"path": "apps/*"}, {"path": "apps/old", "exclude": True}]
    found = params_of(world, {"git": {"repoURL": "r", "revision": "main", "directories": items}})
    assert [
        {
            "path": "apps/Data_Base",
            "path.basename": "Data_Base",
            "path.basenameNormalized": "data-base",
            "path[0]": "apps",
            "path[1]": "Data_Base",
        },
        {
            "path": "apps/web",
            "path.basename": "web",
            "path.basenameNormalized": "web",
            "path[0]": "apps",
            "path[1]": "web",
        },
    ] == found
    assert ["r@main"] == world.asked


def test_files_of_a_repository_are_parameters() -> None:
    """Each mapping in each file is a set, flattened; in file names a star goes on past slashes."""
    world = World(
        files={
            "env/eu/live.yaml": b"cluster: {name: eu, size: 3, big: 1000000}\nlive: true\ntags: [a, b]\n",
            "env/two.json": b'[{"n": "1"}, {"n": "2"}]',
            "env/skip.json": b"{}",
            "env/other.txt": b":",
        }
    )
    items = [{"path": "env/*.yaml"}, {"path": "env/*.json"}, {"path": "env/skip.json", "exclude": True}]
    found = params_of(world, {"git": {"repoURL": "r", "files": items, "pathParamPrefix": "at"}})
    assert {
        "cluster.name": "eu",
        "cluster.size": "3",
        "cluster.big": "1e+06",
        "live": "true",
        "tags.0": "a",
        "tags.1": "b",
        "at.path": "env/eu",
        "at.path.basename": "eu",
        "at.path.basenameNormalized": "eu",
        "at.path.filename": "live.yaml",
        "at.path.filenameNormalized": "live.yaml",
        "at.path[0]": "env",
        "at.path[1]": "eu",
    } == found[0]
    assert ["1", "2"] == [each["n"] for each in found[1:]]


@pytest.mark.parametrize("content", [b"[1]", b"text", b"a: [", b"- a: 1\n- b"])
def test_a_file_that_holds_no_parameters_is_an_error(content: bytes) -> None:
    """Half of the files is no answer."""
    world = World(files={"good.yaml": b"a: b", "x.yaml": content})
    with pytest.raises((ConfigurationError, RenderError), match=r"x\.yaml"):
        params_of(world, {"git": {"repoURL": "r", "files": [{"path": "*.yaml"}]}})


def found(name: str, branch: str = "main", **more: Any) -> FoundRepository:
    return FoundRepository("shop", name, "7", branch, "0123456789ab", f"https://h/{name}", f"ssh://h/{name}", **more)


def test_repositories_are_filtered_before_their_branches_are_asked_for() -> None:
    """GIVEN filters of both kinds WHEN evaluated THEN a repository that is not meant costs no request."""
    world = World(
        found=[found("web", labels=("live",)), found("api"), found("old-web")],
        at_branches=[found("web"), found("web", "feat/X_1"), found("api"), found("old-web")],
        present={"web:chart"},
    )
    filters = [{"repositoryMatch": "^web$", "labelMatch": "li.e"}, {"branchMatch": "^feat", "pathsExist": ["chart/"]}]
    github = {"organization": "shop", "allBranches": True}
    got = params_of(world, {"scmProvider": {"github": github, "filters": filters, "cloneProtocol": "https"}})
    assert [
        {
            "organization": "shop",
            "repository": "web",
            "repository_id": "7",
            "url": "https://h/web",
            "branch": "feat/X_1",
            "branchNormalized": "feat-x-1",
            "sha": "0123456789ab",
            "short_sha": "01234567",
            "short_sha_7": "0123456",
            "labels": "",
        }
    ] == got
    assert ["web", "web:chart"] == world.asked


def test_repositories_are_cloned_over_ssh_unless_asked_otherwise() -> None:
    """As Argo CD does for every host that has it."""
    got = params_of(World(found=[found("web")]), {"scmProvider": {"github": {"organization": "shop"}}})
    assert "ssh://h/web" == got[0]["url"]


def test_pull_requests_are_filtered_and_told() -> None:
    """Branch, target and title are matched together."""
    requests = [
        PullRequest(1, "Add X", "feat/X", "main", "0123456789ab", "kim", ("preview",)),
        PullRequest(2, "Add Y", "feat/Y", "next", "0123456789ab", "kim"),
    ]
    filters = [{"branchMatch": "^feat", "targetBranchMatch": "main", "titleMatch": "^Add"}]
    github = {"owner": "shop", "repo": "web"}
    got = params_of(World(requests=requests), {"pullRequest": {"github": github, "filters": filters}})
    assert [
        {
            "number": "1",
            "title": "Add X",
            "branch": "feat/X",
            "branch_slug": "feat-x",
            "target_branch": "main",
            "target_branch_slug": "main",
            "head_sha": "0123456789ab",
            "head_short_sha": "01234567",
            "head_short_sha_7": "0123456",
            "author": "kim",
        }
    ] == got


def test_a_missing_repository_is_an_error_unless_it_may_be_missing() -> None:
    """`continueOnRepoNotFoundError` makes an empty list of it."""
    github = {"owner": "shop", "repo": "web"}
    with pytest.raises(ConfigurationError, match="no such repository"):
        params_of(World(requests=None), {"pullRequest": {"github": github}})
    patient = {"pullRequest": {"github": github, "continueOnRepoNotFoundError": True}}
    assert [] == params_of(World(requests=None), patient)


def test_a_plugin_gets_its_input_and_gives_it_back() -> None:
    """Answers are flattened; the input is a parameter beside them."""
    world = World(answers=[{"a": {"b": 1}}])
    plugin = {"configMapRef": {"name": "svc"}, "input": {"parameters": {"k": "v"}}, "values": {"x": "{{a.b}}"}}
    got = params_of(world, {"plugin": plugin})
    assert [{"a.b": "1", "generator": {"input": {"parameters": {"k": "v"}}}, "values.x": "1"}] == got
    assert ["argocd/svc for shops: {'k': 'v'}"] == world.asked


def test_decisions_name_registered_clusters() -> None:
    """Those that nobody knows are passed over."""
    world = World(
        clusters=[ClusterFacts("a", "https://a")], decided=[{"clusterName": "a", "why": "near"}, {"clusterName": "b"}]
    )
    got = params_of(world, {"clusterDecisionResource": {"configMapRef": "c", "name": "n"}})
    assert [{"name": "a", "server": "https://a", "clusterName": "a", "why": "near"}] == got


def test_a_matrix_fills_the_first_generator_into_the_second() -> None:
    """GIVEN a second generator that is a template WHEN crossed THEN it is asked once for each distinct text."""
    world = World(files={"riga/x.yaml": b"size: s", "oslo/x.yaml": b"size: l"})
    files = {"git": {"repoURL": "r", "files": [{"path": "{{city}}/*.yaml"}]}}
    got = params_of(world, {"matrix": {"generators": [CITIES, files]}})
    assert [("riga", "s"), ("oslo", "l")] == [(each["city"], each["size"]) for each in got]
    assert 2 == len(world.asked)


def test_what_a_matrix_asks_the_same_it_asks_once() -> None:
    """GIVEN a second generator that is no template WHEN crossed with many THEN the world hears of it once."""
    world = World(files={"x.yaml": b"size: s"})
    files = {"git": {"repoURL": "r", "files": [{"path": "*.yaml"}]}}
    many = {"list": {"elements": [{"n": str(number)} for number in range(50)]}}
    assert 50 == len(params_of(world, {"matrix": {"generators": [many, files]}}))
    assert ["r@HEAD"] == world.asked


def test_a_matrix_refuses_two_values_for_one_name() -> None:
    """Which of them would count nobody could tell."""
    with pytest.raises(ConfigurationError, match="'city'") as caught:
        params_of(World(), {"matrix": {"generators": [CITIES, {"list": {"elements": [{"city": "rome"}]}}]}})
    assert "spec.generators[0].matrix" == caught.value.field


def test_a_merge_overrides_what_has_the_same_keys() -> None:
    """The first generator decides how many there are; later ones win."""
    base = {"list": {"elements": [{"city": "riga", "size": "s"}, {"city": "oslo", "size": "s"}]}}
    other = {"list": {"elements": [{"city": "oslo", "size": "l", "more": "x"}, {"city": "rome", "size": "m"}]}}
    got = params_of(World(), {"merge": {"mergeKeys": ["city"], "generators": [base, other]}})
    assert [{"city": "riga", "size": "s"}, {"city": "oslo", "size": "l", "more": "x"}] == got


def test_a_merge_refuses_the_same_keys_twice() -> None:
    """GIVEN an overriding generator with one key twice WHEN merged THEN the error names the key."""
    other = {"list": {"elements": [{"city": "oslo"}, {"city": "oslo"}]}}
    with pytest.raises(ConfigurationError, match="oslo"):
        params_of(World(), {"merge": {"mergeKeys": ["city"], "generators": [CITIES, other]}})


def test_selectors_choose_among_parameters() -> None:
    """At the top and one level down; below that only where the set says so."""
    chosen = {"matchExpressions": [{"key": "city", "operator": "In", "values": ["oslo"]}]}
    assert [{"city": "oslo"}] == params_of(World(), {**CITIES, "selector": chosen})
    inner = {"matrix": {"generators": [{**CITIES, "selector": chosen}, LEVELS]}}
    assert 2 == len(params_of(World(), inner))
    nested = {"matrix": {"generators": [inner, {"list": {"elements": [{"third": "x"}]}}]}}
    assert 4 == len(params_of(World(), nested))
    assert 2 == len(params_of(World(), nested, applyNestedSelectors=True))


def test_no_generator_is_passed_over_when_it_fails() -> None:
    """GIVEN two generators, one of them failing WHEN evaluated THEN there is no list at all."""
    with pytest.raises(ConfigurationError):
        params_of(World(requests=None), CITIES, {"pullRequest": {"github": {"owner": "o", "repo": "r"}}})


def test_values_in_a_matrix_see_both_sides() -> None:
    """GIVEN values of the second generator WHEN crossed THEN they are made of its parameters and the first one's."""
    world = World(clusters=[ClusterFacts("eu", "https://eu"), ClusterFacts("us", "https://us")])
    clusters = {"clusters": {"values": {"at": "{{city}}-{{name}}"}}}
    got = params_of(world, {"matrix": {"generators": [CITIES, clusters]}})
    assert ["riga-eu", "riga-us", "oslo-eu", "oslo-us"] == [each["values.at"] for each in got]
