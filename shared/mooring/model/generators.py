"""The generators of an ApplicationSet: where its parameters come from, read strictly.

A generator keeps the text that it was read from (`declared`), since the second generator of a matrix is a template for
the first one's parameters: it is rendered and read again. Matrix and merge hold other generators, which may hold others
once more and no deeper, as Argo CD's types have it. Names and rules follow Argo CD's page "Generators" and those below.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mooring.errors import ConfigurationError
from mooring.model.fields import Fields
from mooring.model.forges import REPOSITORY_HOSTS, REQUEST_HOSTS, parse_forge
from mooring.model.generatorkinds import (
    ClusterDecisions,
    Clusters,
    Detail,
    Elements,
    Generator,
    GitDirectories,
    GitFiles,
    Matrix,
    Merge,
    PathItem,
    Plugin,
    PullRequests,
    Repositories,
    RepositoryFilter,
    RequestFilter,
)
from mooring.model.selectors import Selector, parse_selector
from mooring.model.settemplate import parse_set_template

__all__ = ["parse_generators", "reread"]

_NESTED = 2  # combinations inside combinations, and nothing below


def parse_generators(parent: Fields, name: str = "generators", *, level: int = 0) -> tuple[Generator, ...]:
    """All generators of a list. Raises `ConfigurationError` with the path of the first field that is wrong."""
    found: list[Generator] = []
    for block, declared in zip(parent.mappings(name), parent.raw_list(name), strict=True):
        kinds = [kind for kind in _READERS if block.has(kind)]
        unknown = sorted(key for key in declared if key not in _READERS and key != "selector")
        if unknown:
            raise block.error(unknown[0], f"is not a generator; known are {', '.join(_READERS)}")
        if not kinds:
            raise ConfigurationError(f"must be one of {', '.join(_READERS)}", field=block.path)
        if level and len(kinds) > 1:
            raise block.error(kinds[1], f"can't be set together with {kinds[0]}: give each generator its own entry")
        selector = parse_selector(block, "selector")
        for kind in kinds:
            body = block.mapping(kind)
            assert body is not None
            own = {kind: declared[kind], **({"selector": declared["selector"]} if selector is not None else {})}
            found.append(_generator(kind, body, own, selector, level))
        block.close()
    return tuple(found)


def reread(generator: Generator, declared: Mapping[str, Any]) -> Generator:
    """The same generator after its text was rendered. Raises `ConfigurationError` where it can't be used any more."""
    entry = Fields(declared, generator.where.rpartition(".")[0], [])
    body = entry.mapping(generator.kind)
    assert body is not None
    return _generator(generator.kind, body, declared, parse_selector(entry, "selector"), generator.level)


def _generator(
    kind: str, body: Fields, declared: Mapping[str, Any], selector: Selector | None, level: int
) -> Generator:
    if kind in {"matrix", "merge"} and level >= _NESTED:
        raise ConfigurationError("matrix and merge can be nested once only; flatten the innermost one", field=body.path)
    detail = _READERS[kind](body, level)
    requeue = body.integer("requeueAfterSeconds", 0) if body.has("requeueAfterSeconds") else None
    if requeue is not None and requeue < 0:
        raise body.error("requeueAfterSeconds", "must not be negative")
    generator = Generator(
        kind=kind,
        detail=detail,
        where=body.path,
        declared=declared,
        level=level,
        selector=selector,
        values=body.text_map("values") if body.has("values") else None,
        template=parse_set_template(body, "template"),
        requeue_after=requeue,
    )
    body.close()
    return generator


def _elements(body: Fields, level: int) -> Elements:
    elements = body.raw_list("elements")
    for index, element in enumerate(elements):
        if not isinstance(element, dict):
            raise body.error(f"elements[{index}]", "must be a mapping of parameters")
    return Elements(elements, body.text("elementsYaml"))


def _clusters(body: Fields, level: int) -> Clusters:
    return Clusters(parse_selector(body, "selector") or Selector(), body.boolean("flatList", False))


def _git(body: Fields, level: int) -> GitDirectories | GitFiles:
    given = [name for name in ("directories", "files") if body.has(name)]
    if len(given) != 1:
        raise ConfigurationError("must have either directories or files", field=body.path)
    items = []
    for item in body.mappings(given[0]):
        items.append(PathItem(item.required_text("path"), item.boolean("exclude", False)))
        item.close()
    if not items:
        raise body.error(given[0], "must not be empty")
    url, revision = body.required_text("repoURL"), body.text("revision") or "HEAD"
    make = GitDirectories if given[0] == "directories" else GitFiles
    return make(url, revision, tuple(items), body.text("pathParamPrefix"))


def _matrix(body: Fields, level: int) -> Matrix:
    children = parse_generators(body, level=level + 1)
    if len(children) != 2:
        raise body.error("generators", f"must hold two generators, not {len(children)}; nest a matrix for more")
    return Matrix((children[0], children[1]))


def _merge(body: Fields, level: int) -> Merge:
    children = parse_generators(body, level=level + 1)
    if len(children) < 2:
        raise body.error("generators", f"must hold at least two generators, not {len(children)}")
    keys = body.texts("mergeKeys")
    if not keys:
        raise body.error("mergeKeys", "must not be empty: name the parameters that say what belongs together")
    return Merge(children, keys)


def _repositories(body: Fields, level: int) -> Repositories:
    filters = []
    for item in body.mappings("filters"):
        filters.append(
            RepositoryFilter(
                item.text("repositoryMatch"),
                item.text("branchMatch"),
                item.text("labelMatch"),
                item.texts("pathsExist"),
                item.texts("pathsDoNotExist"),
            )
        )
        item.close()
    protocol = body.text("cloneProtocol")
    if protocol not in {"", "ssh", "https", "https-fips"} and "{{" not in protocol:
        raise body.error("cloneProtocol", "must be ssh or https")
    return Repositories(parse_forge(body, REPOSITORY_HOSTS), tuple(filters), protocol)


def _pull_requests(body: Fields, level: int) -> PullRequests:
    filters = []
    for item in body.mappings("filters"):
        filters.append(RequestFilter(item.text("branchMatch"), item.text("targetBranchMatch"), item.text("titleMatch")))
        item.close()
    forge = parse_forge(body, REQUEST_HOSTS)
    return PullRequests(forge, tuple(filters), body.boolean("continueOnRepoNotFoundError", False))


def _plugin(body: Fields, level: int) -> Plugin:
    reference = body.mapping("configMapRef")
    if reference is None:
        raise body.error("configMapRef", "must not be empty")
    name = reference.required_text("name")
    reference.close()
    parameters: Mapping[str, Any] = {}
    if (given := body.mapping("input")) is not None:
        parameters = given.raw_mapping("parameters") or {}
        given.close()
    return Plugin(name, parameters)


def _decisions(body: Fields, level: int) -> ClusterDecisions:
    name, selector = body.text("name"), parse_selector(body, "labelSelector") or Selector()
    if bool(name) == bool(selector):
        raise ConfigurationError("must have either a name or a labelSelector", field=body.path)
    return ClusterDecisions(body.required_text("configMapRef"), name, selector)


_READERS: Mapping[str, Callable[[Fields, int], Detail]] = {
    "list": _elements,
    "clusters": _clusters,
    "git": _git,
    "matrix": _matrix,
    "merge": _merge,
    "scmProvider": _repositories,
    "pullRequest": _pull_requests,
    "plugin": _plugin,
    "clusterDecisionResource": _decisions,
}
