"""Filling parameters into trees of text, in whichever of the two dialects a set has chosen.

Without `goTemplate`, `{{ name }}` is replaced where a parameter of that name is text, and stays as it is otherwise
(Argo CD, "Templates"). With it every string is a Go template; all of them, for all sets of parameters, go to gokit in
one question, because starting a process costs more than thousands of templates.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mooring.appsets.ports import Params, Templates
from mooring.errors import ConfigurationError, RenderError

__all__ = ["Job", "Pattern", "Renderer"]

_TAG = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Job:
    """A tree to be rendered once for each set of parameters. `where` is the path of the tree, for errors."""

    tree: Any
    params: Sequence[Params]
    where: str


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression in Go's syntax, and texts to look for it in; an empty one is found everywhere."""

    text: str
    texts: Sequence[str]
    where: str


class Renderer:
    """Renders jobs for one ApplicationSet."""

    def __init__(self, templates: Templates, *, go_template: bool, options: tuple[str, ...] = ()) -> None:
        self._templates = templates
        self._options = list(options)
        self.go_template = go_template

    def render(self, jobs: Sequence[Job]) -> list[list[Any]]:
        """For each job its tree with each set of parameters, in order.

        Raises `RenderError` with the path of the string that can't be rendered, and what is wrong with it.
        """
        if not self.go_template:
            return [[_filled(job.tree, params) for params in job.params] for job in jobs]
        asked = [job for job in jobs if job.params]
        answers = iter(self._templates.ask([self._question(job) for job in asked]))
        return [_answer(job, next(answers)) if job.params else [] for job in jobs]

    def slugs(self, texts: Sequence[str]) -> list[str]:
        """Branches as parts of names: at most 50 lower-case letters, digits and dashes."""
        if not texts:
            return []
        answer = self._templates.ask([{"verb": "slug", "texts": list(texts)}])[0]
        if "error" in answer:
            raise RenderError(str(answer["error"]))
        slugs: list[str] = answer["slugs"]
        return slugs

    def matches(self, wanted: Sequence[Pattern]) -> list[list[bool]]:
        """For each pattern in which of its texts it is found. Raises `ConfigurationError` for one that is none."""
        asked = [each for each in wanted if each.text]
        questions = [{"verb": "match", "pattern": each.text, "texts": list(each.texts)} for each in asked]
        answers = iter(self._templates.ask(questions) if questions else ())
        return [_matches(each, next(answers)) if each.text else [True] * len(each.texts) for each in wanted]

    def _question(self, job: Job) -> dict[str, Any]:
        return {"verb": "template", "tree": job.tree, "params": list(job.params), "options": self._options}


def _answer(job: Job, answer: Mapping[str, Any]) -> list[Any]:
    if "error" in answer:
        raise ConfigurationError(str(answer["error"]), field=job.where)
    trees = []
    for index, result in enumerate(answer["results"]):
        if result.get("error"):
            at = f"{job.where}.{result['path']}" if result.get("path") else job.where
            raise RenderError(f"{result['error']} (set {index + 1} of {len(job.params)} of parameters)", field=at)
        trees.append(result["tree"])
    return trees


def _matches(pattern: Pattern, answer: Mapping[str, Any]) -> list[bool]:
    if "error" in answer:
        raise ConfigurationError(
            f"{pattern.text!r} is not a regular expression: {answer['error']}", field=pattern.where
        )
    found: list[bool] = answer["matches"]
    return found


def _filled(tree: Any, params: Params) -> Any:
    if isinstance(tree, str):
        return _TAG.sub(lambda found: _replacement(found, params), tree) if "{{" in tree else tree
    if isinstance(tree, Mapping):
        return {_filled(key, params): _filled(value, params) for key, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [_filled(each, params) for each in tree]
    return tree


def _replacement(found: re.Match[str], params: Params) -> str:
    value = params.get(found[1].strip())
    return value if isinstance(value, str) else found[0]
