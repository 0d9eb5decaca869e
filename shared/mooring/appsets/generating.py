"""The applications that an ApplicationSet stands for now.

All or nothing: where any generator fails, any template does not render, or two applications would have one name, there
is an error and no list, so that nobody takes what is missing for something to delete (Argo CD's page "Automated
pruning" warns of the opposite).

Parameters for a thousand applications are rendered in one question to gokit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mooring.appsets.evaluating import Evaluator
from mooring.appsets.patching import patched
from mooring.appsets.ports import Ports
from mooring.appsets.rendering import Job, Renderer
from mooring.errors import ConfigurationError
from mooring.model.application import API_VERSION, RESOURCES_FINALIZER
from mooring.model.applicationset import ApplicationSet
from mooring.model.generatorkinds import Generator
from mooring.model.objects import Manifest

__all__ = ["Generated", "generate"]

_TEMPLATE = "spec.template"
_PATCH = "spec.templatePatch"


@dataclass(frozen=True, slots=True)
class Generated:
    """One application. `origin` says which generator it came from, and from which set of its parameters."""

    name: str
    document: Manifest
    origin: str


def generate(declared: ApplicationSet, ports: Ports) -> tuple[Generated, ...]:
    """Every application of the set, in the order of the generators and their parameters.

    They live in the set's own namespace (Argo CD, "ApplicationSet in any namespace"). Raises what the ports raise,
    `RenderError` for a template, `ConfigurationError` for an application without a name or with another one's.
    """
    renderer = Renderer(ports.templates, go_template=declared.go_template, options=declared.go_template_options)
    sets = Evaluator(declared, ports, renderer).evaluate(declared.generators)
    jobs = [
        Job(_tree(declared, generator), params, _TEMPLATE)
        for generator, params in zip(declared.generators, sets, strict=True)
    ]
    found: dict[str, Generated] = {}
    for generator, trees in zip(declared.generators, renderer.render(jobs), strict=True):
        for number, tree in enumerate(trees, 1):
            made = _application(declared, tree, f"{generator.where}, set {number} of its parameters")
            if made.name in found:
                raise ConfigurationError(
                    f"two applications would be called {made.name!r}: one from {found[made.name].origin}, "
                    f"one from {made.origin}; put a parameter into the name that tells them apart",
                    field=f"{_TEMPLATE}.metadata.name",
                )
            found[made.name] = made
    return tuple(found.values())


def _tree(declared: ApplicationSet, generator: Generator) -> dict[str, Any]:
    template = declared.template if generator.template is None else generator.template.over(declared.template)
    return {"metadata": template.metadata, "spec": template.spec, "patch": declared.template_patch}


def _application(declared: ApplicationSet, tree: dict[str, Any], origin: str) -> Generated:
    metadata = {key: value for key, value in tree["metadata"].items() if value}
    if not declared.preserve_resources and not metadata.get("finalizers"):
        metadata["finalizers"] = [RESOURCES_FINALIZER]
    document: Manifest = {"apiVersion": API_VERSION, "kind": "Application", "metadata": metadata, "spec": tree["spec"]}
    if tree["patch"]:
        document = patched(document, tree["patch"], where=_PATCH)
    name = document["metadata"].get("name")
    if not name or not isinstance(name, str):
        raise ConfigurationError(f"is empty for {origin}", field=f"{_TEMPLATE}.metadata.name")
    document = {**document, "metadata": {**document["metadata"], "name": name, "namespace": declared.key.namespace}}
    return Generated(name, document, origin)
