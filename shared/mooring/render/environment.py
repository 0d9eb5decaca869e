"""The build environment: what a source may say of the application and the revision that it is rendered for.

Argo CD puts these variables into Helm's parameters, Kustomize's images, labels and annotations, Jsonnet's variables and
the environment of plugins. Whoever reads the revision must be rendered anew for each one, although no file that it
depends on has changed, and whoever reads what the cluster speaks when that changes; therefore the environment remembers
whether anybody asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

__all__ = ["BuildEnvironment"]

_REVISIONS: Final = frozenset({"ARGOCD_APP_REVISION", "ARGOCD_APP_REVISION_SHORT", "ARGOCD_APP_REVISION_SHORT_8"})
_CLUSTERS: Final = frozenset({"KUBE_VERSION", "KUBE_API_VERSIONS"})
_REFERENCE: Final = re.compile(r"\$(?:\{([^}]*)\}|(\{)|([*#$@!?\-0-9])|([A-Za-z_][A-Za-z0-9_]*))")


class BuildEnvironment:
    """The variables of one render of one source."""

    __slots__ = ("_cluster_used", "_revision_used", "_values")

    def __init__(
        self,
        *,
        app_name: str,
        namespace: str = "",
        project: str = "",
        revision: str = "",
        path: str = "",
        repo_url: str = "",
        target_revision: str = "",
        kube_version: str = "",
        api_versions: Iterable[str] = (),
    ) -> None:
        """Source: Argo CD, "Build Environment". `namespace` is the destination's, `revision` the resolved one."""
        self._revision_used = False
        self._cluster_used = False
        self._values: Mapping[str, str] = {
            "ARGOCD_APP_NAME": app_name,
            "ARGOCD_APP_NAMESPACE": namespace,
            "ARGOCD_APP_PROJECT_NAME": project,
            "ARGOCD_APP_REVISION": revision,
            "ARGOCD_APP_REVISION_SHORT": revision[:7],
            "ARGOCD_APP_REVISION_SHORT_8": revision[:8],
            "ARGOCD_APP_SOURCE_PATH": path,
            "ARGOCD_APP_SOURCE_REPO_URL": repo_url,
            "ARGOCD_APP_SOURCE_TARGET_REVISION": target_revision,
            "KUBE_VERSION": kube_version,
            "KUBE_API_VERSIONS": ",".join(api_versions),
        }

    @property
    def revision_used(self) -> bool:
        """Whether what was rendered may hold the revision, so that another revision gives something else."""
        return self._revision_used

    @property
    def cluster_used(self) -> bool:
        """Whether what was rendered may hold the cluster's version or its API versions."""
        return self._cluster_used

    def value(self, name: str) -> str:
        """One variable; empty where there is none of this name."""
        self._revision_used |= name in _REVISIONS
        self._cluster_used |= name in _CLUSTERS
        return self._values.get(name, "")

    def everything(self, *, but_revisions: bool = False) -> dict[str, str]:
        """All variables, for a program whose use of them can't be seen; if asked, without those of the revision."""
        self._cluster_used = True
        if but_revisions:
            return {name: value for name, value in self._values.items() if name not in _REVISIONS}
        self._revision_used = True
        return dict(self._values)

    def substitute(self, text: str) -> str:
        """The text with `$NAME` and `${NAME}` replaced and `$$` made `$`, by the rules of Go's `os.Expand`.

        A name that is not part of the build environment is replaced by nothing, as in Argo CD (`Env.Envsubst`): the
        environment of the function is never looked at.
        """
        return _REFERENCE.sub(self._replace, text) if "$" in text else text

    def _replace(self, match: re.Match[str]) -> str:
        braced, opened, special, plain = match.groups()
        if opened:
            return ""
        name = next(each for each in (braced, special, plain) if each is not None)
        return "$" if name == "$" else self.value(name)
