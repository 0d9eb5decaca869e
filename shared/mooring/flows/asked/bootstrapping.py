"""The root of an app of apps: one application that declares all others.

It is declared by a person (`mooring bootstrap`), or by the installation itself, by its parameters and once: a sweep
that finds no application at all and no mark declares it. The mark stays, so whatever people change or delete afterwards
is theirs. Source: Argo CD, "Cluster Bootstrapping".
"""

from __future__ import annotations

from dataclasses import dataclass, field

from mooring.errors import ConfigurationError, MooringError
from mooring.flows.asked.declaring import AskPorts, declare
from mooring.model.application import API_VERSION, DEFAULT_NAMESPACE, Parsed
from mooring.model.fields import Fields
from mooring.model.objects import Manifest
from mooring.state.bootstrap import BootstrapMark

__all__ = ["ROOT", "Root", "declare_root", "root_document"]

ROOT = "root"
_INSTALLATION = "template parameters"


def root_document(
    repo_url: str, path: str = ".", revision: str = "HEAD", *, name: str = ROOT, project: str = "default"
) -> Manifest:
    """The root application. It heals itself and prunes: what leaves git is deleted, its objects if its finalizer says
    so. It has no finalizer of its own, so deleting it deletes nothing else.
    """
    return {
        "apiVersion": API_VERSION,
        "kind": "Application",
        "metadata": {"name": name, "namespace": DEFAULT_NAMESPACE},
        "spec": {
            "project": project,
            "source": {"repoURL": repo_url, "path": path, "targetRevision": revision},
            "destination": {"server": "https://kubernetes.default.svc", "namespace": DEFAULT_NAMESPACE},
            "syncPolicy": {"automated": {"prune": True, "selfHeal": True}},
        },
    }


def declare_root(ports: AskPorts, given: object, by: str) -> Parsed:
    """Declares the root application that a person describes: `repoURL`, and perhaps `path`, `targetRevision`, `name`
    and `project`. Raises `ConfigurationError` naming the field, and as `declare` does.
    """
    warnings: list[str] = []
    fields = Fields(given, "", warnings)
    document = root_document(
        fields.required_text("repoURL"),
        fields.text("path") or ".",
        fields.text("targetRevision") or "HEAD",
        name=fields.text("name") or ROOT,
        project=fields.text("project") or "default",
    )
    fields.close()
    if warnings:
        raise ConfigurationError(warnings[0], field="body")
    return declare(ports, document, by)


@dataclass(slots=True)
class Root:
    """What the installation's parameters name; the mark is read once by each function instance."""

    ports: AskPorts
    mark: BootstrapMark
    repo_url: str
    path: str
    revision: str
    _settled: bool = field(default=False, init=False)

    def ensure(self, *, nothing_yet: bool) -> MooringError | None:
        """Declares the root where nothing is declared and nothing ever was; an installation in use is left alone.

        Returns what was wrong with it; the next sweep tries again.
        """
        if self._settled or self.mark.is_set():
            self._settled = True
            return None
        if nothing_yet:
            document = root_document(self.repo_url, self.path or ".", self.revision or "HEAD")
            try:
                declare(self.ports, document, _INSTALLATION)
            except MooringError as error:
                return error
        self.mark.set()
        self._settled = True
        return None
