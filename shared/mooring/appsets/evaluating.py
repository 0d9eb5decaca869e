"""From generators to sets of parameters, many generators at a time.

A matrix asks its second generator anew for each of the first one's parameters. Evaluated one by one that would start a
process for each; so generators are evaluated in batches: what is rendered for all of them is one question, and what
comes out equal is asked of the world once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mooring.appsets.combining import crossed, merged
from mooring.appsets.leaves import Leaves
from mooring.appsets.parameters import flattened
from mooring.appsets.ports import Params, Ports
from mooring.appsets.rendering import Job, Renderer
from mooring.model.applicationset import ApplicationSet
from mooring.model.generatorkinds import Clusters, Generator, Matrix, Merge
from mooring.model.generators import reread

__all__ = ["Evaluator"]

_NESTED = 2  # the level whose selectors count only where the set says so


@dataclass(frozen=True, slots=True)
class _Asked:
    """A generator, and the parameters around it that its values use."""

    generator: Generator
    outer: Params

    def identity(self) -> str:
        """Equal for what has equal answers."""
        return f"{self.generator.level} {json.dumps([self.generator.declared, self.outer], sort_keys=True)}"


class Evaluator:
    """Evaluates the generators of one ApplicationSet."""

    def __init__(self, declared: ApplicationSet, ports: Ports, renderer: Renderer) -> None:
        self._nested_selectors = declared.nested_selectors
        self._leaves = Leaves(declared.key, ports, renderer)
        self._renderer = renderer
        self._known: dict[str, list[Params]] = {}

    def evaluate(self, generators: Sequence[Generator], outer: Sequence[Params] = ()) -> list[list[Params]]:
        """The sets of parameters of each generator. Any error is raised: an incomplete answer is none.

        `outer` are the parameters that each one's `values` may use beside its own: those of a matrix's first generator.
        """
        asked = [
            _Asked(each, outer[index] if outer and each.values and _is_template(each.values) else {})
            for index, each in enumerate(generators)
        ]
        distinct = {each.identity(): each for each in asked}
        new = {name: each for name, each in distinct.items() if name not in self._known}
        if new:
            self._known |= dict(zip(new, self._evaluated(list(new.values())), strict=True))
        return [self._known[each.identity()] for each in asked]

    def _evaluated(self, asked: list[_Asked]) -> list[list[Params]]:
        generators = [each.generator for each in asked]
        found: list[list[Params]] = [[] for _ in generators]
        matrices = [index for index, each in enumerate(generators) if isinstance(each.detail, Matrix)]
        merges = [index for index, each in enumerate(generators) if isinstance(each.detail, Merge)]
        combined = {*matrices, *merges}
        leaves = [index for index in range(len(generators)) if index not in combined]
        for indexes, evaluated in (
            (matrices, self._crossed([generators[index] for index in matrices])),
            (merges, self._merged([generators[index] for index in merges])),
            (leaves, self._with_values([asked[index] for index in leaves])),
        ):
            for index, sets in zip(indexes, evaluated, strict=True):
                found[index] = self._selected(generators[index], sets)
        return found

    def _selected(self, generator: Generator, sets: list[Params]) -> list[Params]:
        selector = generator.selector
        if selector is None or (generator.level >= _NESTED and not self._nested_selectors):
            return sets
        return [params for params in sets if selector.matches(flattened(params))]

    def _with_values(self, asked: list[_Asked]) -> list[list[Params]]:
        found = [self._leaves.of(each.generator) for each in asked]
        jobs = [
            Job(
                each.generator.values or {},
                [{**each.outer, **params} for params in sets] if each.generator.values else [],
                f"{each.generator.where}.values",
            )
            for each, sets in zip(asked, found, strict=True)
        ]
        for sets, rendered in zip(found, self._renderer.render(jobs), strict=True):
            for params, values in zip(sets, rendered, strict=False):
                self._add(params, values)
        return [
            [{"clusters": sets}] if _is_flat(each.generator) else sets for each, sets in zip(asked, found, strict=True)
        ]

    def _add(self, params: Params, values: Mapping[str, str]) -> None:
        if self._renderer.go_template:
            params["values"] = dict(values)
        else:
            params |= {f"values.{key}": value for key, value in values.items()}

    def _crossed(self, generators: list[Generator]) -> list[list[Params]]:
        pairs = [each.detail.children for each in generators if isinstance(each.detail, Matrix)]
        firsts = self.evaluate([first for first, _ in pairs])
        seconds = self._interpolated([second for _, second in pairs], firsts)
        outer = [params for sets in firsts for params in sets]
        answers = iter(self.evaluate([each for several in seconds for each in several], outer))
        go_template = self._renderer.go_template
        return [
            [
                crossed(params, other, go_template=go_template, where=generator.where)
                for params in sets
                for other in next(answers)
            ]
            for generator, sets in zip(generators, firsts, strict=True)
        ]

    def _interpolated(self, generators: list[Generator], sets: list[list[Params]]) -> list[list[Generator]]:
        """Each generator once for each set of parameters that is filled into it.

        All but its `values`: those are filled once it has parameters of its own, too.
        """
        texts = [_without_values(each) for each in generators]
        jobs = [
            Job(text, several if _is_template(text) else [], each.where.rpartition(".")[0])
            for each, text, several in zip(generators, texts, sets, strict=True)
        ]
        rendered = self._renderer.render(jobs)
        return [
            [reread(each, _with_its_values(each, tree)) for tree in trees] if trees else [each] * len(several)
            for each, trees, several in zip(generators, rendered, sets, strict=True)
        ]

    def _merged(self, generators: list[Generator]) -> list[list[Params]]:
        details = [each.detail for each in generators if isinstance(each.detail, Merge)]
        answers = iter(self.evaluate([child for detail in details for child in detail.children]))
        go_template = self._renderer.go_template
        return [
            merged(
                [next(answers) for _ in detail.children], detail.keys, go_template=go_template, where=generator.where
            )
            for generator, detail in zip(generators, details, strict=True)
        ]


def _is_flat(generator: Generator) -> bool:
    return isinstance(generator.detail, Clusters) and generator.detail.flat


def _without_values(generator: Generator) -> dict[str, Any]:
    kind = generator.kind
    body = {key: value for key, value in generator.declared[kind].items() if key != "values"}
    return {**generator.declared, kind: body}


def _with_its_values(generator: Generator, tree: dict[str, Any]) -> dict[str, Any]:
    if generator.values is None:
        return tree
    return {**tree, generator.kind: {**tree[generator.kind], "values": dict(generator.values)}}


def _is_template(tree: Any) -> bool:
    return "{{" in json.dumps(tree)
