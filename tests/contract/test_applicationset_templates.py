"""ApplicationSets with Go templates, rendered by the program that functions ship."""

from __future__ import annotations

from typing import Any

import pytest

from local.tools import ensure
from mooring.appsets.generating import Generated, generate
from mooring.appsets.ports import ClusterFacts, PullRequest
from mooring.errors import ConfigurationError, RenderError
from mooring.source.gokit import GoKit
from tests.doubles.generatorworld import World, declared

STRICT: dict[str, Any] = {"goTemplate": True, "goTemplateOptions": ["missingkey=error"]}


class Counting(GoKit):
    """Counts how often the program is started."""

    calls = 0

    def ask(self, requests: Any) -> list[dict[str, Any]]:
        self.calls += bool(requests)
        return super().ask(requests)


@pytest.fixture(scope="module")
def program() -> str:
    """Where the program is."""
    return str(ensure(("gokit",), print)["gokit"])


def made(program: str, world: World, *generators: dict[str, Any], **spec: Any) -> tuple[Generated, ...]:
    return generate(declared(*generators, **{**STRICT, **spec}), world.ports(GoKit(program)))


def test_functions_of_sprig_and_argo_cd_make_names(program: str) -> None:
    """GIVEN folders and clusters in a matrix WHEN generated THEN nested parameters and functions fill the template."""
    world = World(
        files={"apps/Web_Shop/a.yaml": b"", "apps/api/a.yaml": b""},
        clusters=[ClusterFacts("eu", "https://eu", labels={"env": "live"}), ClusterFacts("us", "https://us")],
    )
    git = {"git": {"repoURL": "r", "directories": [{"path": "apps/*"}]}}
    clusters = {"clusters": {"selector": {"matchLabels": {"env": "live"}}, "values": {"at": "{{ .name | upper }}"}}}
    name = "{{ normalize .path.basename }}-{{ index .path.segments 0 }}-{{ .values.at | lower }}-{{ .metadata.labels.env }}"
    found = made(program, world, {"matrix": {"generators": [git, clusters]}}, name=name, goTemplateOptions=[])
    assert ["web-shop-apps-eu-live", "api-apps-eu-live"] == [each.name for each in found]


def test_a_second_generator_is_filled_from_the_first(program: str) -> None:
    """GIVEN a plugin-like list in YAML WHEN crossed THEN each of the first's sets makes its own."""
    teams = {"list": {"elements": [{"team": "a", "apps": ["x", "why"]}, {"team": "b", "apps": ["z"]}]}}
    apps = {"list": {"elementsYaml": "{{ range .apps }}\n- app: {{ . }}\n{{ end }}", "elements": []}}
    found = made(program, World(), {"matrix": {"generators": [teams, apps]}}, name="{{.team}}-{{.app}}")
    assert ["a-x", "a-why", "b-z"] == [each.name for each in found]


def test_a_flat_list_is_gone_through_by_a_template(program: str) -> None:
    """One application may name every cluster."""
    world = World(clusters=[ClusterFacts("a", "https://a"), ClusterFacts("b", "https://b")])
    flat = {"clusters": {"flatList": True}}
    found = made(program, world, flat, name="{{ range .clusters }}{{ .name }}{{ end }}")
    assert ["ab"] == [each.name for each in found]


def test_merged_parameters_are_laid_into_each_other(program: str) -> None:
    """Nested mappings join; the later generator wins."""
    base = {"list": {"elements": [{"k": "1", "deep": {"a": "x", "b": "y"}}]}}
    other = {"list": {"elements": [{"k": "1", "deep": {"b": "z"}}]}}
    merge = {"merge": {"mergeKeys": ["k"], "generators": [base, other]}}
    assert ["xz"] == [each.name for each in made(program, World(), merge, name="{{.deep.a}}{{.deep.b}}")]


def test_pull_requests_have_labels_and_slugs(program: str) -> None:
    """As the page on that generator says."""
    world = World(requests=[PullRequest(7, "T", "feat/My_Branch", "main", "0123456789", "kim", ("a", "b"))])
    request = {"pullRequest": {"github": {"owner": "o", "repo": "r"}, "values": {"n": "pr{{ .number }}"}}}
    found = made(program, world, request, name='{{.branch_slug}}-{{.values.n}}-{{ .labels | join "-" }}')
    assert ["feat-my-branch-pr7-a-b"] == [each.name for each in found]


def test_filters_are_regular_expressions_of_go(program: str) -> None:
    """GIVEN filters in Go's own syntax WHEN evaluated THEN they choose, and one that is none is named."""
    world = World(requests=[PullRequest(number, f"T{number}", "feat", "main", "0", "kim") for number in range(3)])

    def chosen(*filters: dict[str, str]) -> list[str]:
        request = {"pullRequest": {"github": {"owner": "o", "repo": "r"}, "filters": list(filters)}}
        return [each.name for each in made(program, world, request, name="n{{.number}}")]

    assert ["n0", "n2"] == chosen({"titleMatch": "[[:alpha:]](0|2)$"}, {"branchMatch": "^x"})
    with pytest.raises(ConfigurationError, match="not a regular expression") as caught:
        chosen({"branchMatch": "x"}, {"branchMatch": "(?=x)"})
    assert "spec.generators[0].pullRequest.filters[1].branchMatch" == caught.value.field


def test_a_patch_is_a_go_template_too(program: str) -> None:
    """GIVEN a patch with a condition WHEN generated THEN each application has what its parameters say."""
    elements = {"list": {"elements": [{"n": "a", "prune": True}, {"n": "b", "prune": False}]}}
    patch = "spec:\n  syncPolicy:\n    automated:\n      prune: {{ .prune }}\n{{ if .prune }}  info: []\n{{ end }}"
    found = made(program, World(), elements, name="{{.n}}", templatePatch=patch)
    assert [True, False] == [each.document["spec"]["syncPolicy"]["automated"]["prune"] for each in found]
    assert ["info" in each.document["spec"] for each in found] == [True, False]


def test_a_missing_parameter_names_its_place(program: str) -> None:
    """GIVEN missingkey=error WHEN a parameter is missing THEN the field and the set are told."""
    with pytest.raises(RenderError, match="set 2 of 2") as caught:
        made(program, World(), {"list": {"elements": [{"n": "a"}, {"m": "b"}]}}, name="{{.n}}")
    assert "spec.template.metadata.name" == caught.value.field


def test_options_that_nobody_knows_are_refused(program: str) -> None:
    """As text/template does."""
    with pytest.raises(ConfigurationError, match="unrecognized option"):
        made(program, World(), {"list": {"elements": [{"n": "a"}]}}, name="{{.n}}", goTemplateOptions=["x=y"])


def test_a_thousand_applications_are_one_question(program: str) -> None:
    """GIVEN a matrix of 50 folders and 20 clusters WHEN generated THEN the program is started once."""
    world = World(
        files={f"apps/a{number:02}/x": b"" for number in range(50)},
        clusters=[ClusterFacts(f"c{number:02}", "https://c") for number in range(20)],
    )
    git = {"git": {"repoURL": "r", "directories": [{"path": "apps/*"}]}}
    gokit = Counting(program)
    matrix = {"matrix": {"generators": [git, {"clusters": {}}]}}
    found = generate(declared(matrix, name="{{.path.basename}}-{{.name}}", **STRICT), world.ports(gokit))
    assert (1000, 1000, 1) == (len(found), len({each.name for each in found}), gokit.calls)


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{{ $s := repeat 1000 `x` }}{{ range until 90 }}{{ $s = cat $s $s }}{{ end }}", "memory"),
        ("{{ range until 90000 }}{{ range until 90000 }}{{ end }}{{ end }}", "took longer"),
        ('{{ repeat 2000000 "x" }}', "at most"),
    ],
)
def test_a_template_takes_no_more_than_its_share(program: str, template: str, said: str) -> None:
    """GIVEN a template that loops or grows for ever WHEN generated THEN there is an error for its author, and an end."""
    with pytest.raises((ConfigurationError, RenderError), match=said):
        made(program, World(), {"list": {"elements": [{"n": "a"}]}}, name=template)
