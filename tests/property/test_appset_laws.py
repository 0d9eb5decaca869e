"""Laws of matrix and merge, and of names."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mooring.appsets.combining import crossed, merged
from mooring.appsets.parameters import normalized
from mooring.appsets.rendering import Job, Renderer
from mooring.model.application import AppKey
from tests.doubles.generatorworld import World, declared
from mooring.appsets.evaluating import Evaluator

WORDS = st.text("abc", min_size=1, max_size=3)
SETS = st.lists(st.dictionaries(WORDS, WORDS, max_size=3), max_size=5)


@given(SETS, SETS)
def test_a_matrix_is_as_large_as_its_sides(first: list[dict[str, str]], second: list[dict[str, str]]) -> None:
    """GIVEN two lists without a common name WHEN crossed THEN every combination is there, in order, and whole."""
    left = [{f"l{key}": value for key, value in each.items()} for each in first]
    right = [{f"r{key}": value for key, value in each.items()} for each in second]
    generators = [{"list": {"elements": left}}, {"list": {"elements": right}}]
    found = declared({"matrix": {"generators": generators}})
    world = World()
    evaluated = Evaluator(found, world.ports(), Renderer(world, go_template=False)).evaluate(found.generators)
    assert [{**one, **other} for one in left for other in right] == evaluated[0]


@given(SETS, st.dictionaries(WORDS, WORDS, max_size=3))
def test_a_merge_keeps_the_base_and_its_order(base: list[dict[str, str]], other: dict[str, str]) -> None:
    """GIVEN any base WHEN merged with one set THEN exactly those with its key are overridden, where they stand."""
    for go_template in (True, False):
        got = merged([base, [other]], ["a"], go_template=go_template, where="x")
        assert [{**each, **other} if each.get("a") == other.get("a") else each for each in base] == got


@given(st.dictionaries(WORDS, WORDS), st.dictionaries(WORDS, WORDS))
def test_the_first_side_of_a_matrix_wins(first: dict[str, str], second: dict[str, str]) -> None:
    """With Go templates nothing of the first side is lost."""
    got = crossed(dict(first), dict(second), go_template=True, where="x")
    assert first.items() <= got.items()
    assert got.keys() == first.keys() | second.keys()


@given(st.text(max_size=300))
def test_normalized_text_names_an_application_or_nothing(text: str) -> None:
    """Whatever is left can be a name."""
    name = normalized(text)
    assert not name or name == AppKey.parse(f"argocd/{name}").name


@given(st.dictionaries(WORDS, st.text(max_size=20)), st.text(st.sampled_from("ab{} "), max_size=30))
def test_what_no_parameter_fills_stays(params: dict[str, str], text: str) -> None:
    """GIVEN any text WHEN no tag in it is a parameter THEN it comes out as it was."""
    others = {f"{key}x": value for key, value in params.items()}
    assert [[text]] == Renderer(World(), go_template=False).render([Job(text, [others], "x")])
