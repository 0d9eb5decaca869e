"""Which code hosts ApplicationSets may be pointed at.

Whoever may write a set may have the secrets of its namespace sent to the address in `api`. So the settings can name the
addresses that are allowed, or switch such generators off; the keys are Argo CD's (`argocd-cmd-params-cm`, its page
"ApplicationSet in any namespace"). The word counts where a request is about to be made: an address may come from a
template.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from mooring.appsets.ports import CodeHosts, FoundRepository, PullRequest
from mooring.errors import ConfigurationError, ForbiddenError
from mooring.model.forges import Forge
from mooring.state.registry import Registry

__all__ = ["ALLOWED_HOSTS", "HOSTS_ENABLED", "AllowedHosts", "read_hosts"]

ALLOWED_HOSTS = "applicationsetcontroller.allowed.scm.providers"
HOSTS_ENABLED = "applicationsetcontroller.enable.scm.providers"


def read_hosts(data: Mapping[str, str]) -> tuple[bool, frozenset[str]]:
    """Whether code hosts may be asked, and at which addresses (empty for any). Raises `ConfigurationError`."""
    enabled = data.get(HOSTS_ENABLED, "true").strip()
    if enabled not in ("true", "false"):
        raise ConfigurationError("must be true or false, as text", field=f"data[{HOSTS_ENABLED}]")
    named = (each.strip().rstrip("/") for each in data.get(ALLOWED_HOSTS, "").split(","))
    return enabled == "true", frozenset(each for each in named if each)


class AllowedHosts:
    """Code hosts, behind the word of the settings; these are read when a host is to be asked, once."""

    def __init__(self, hosts: CodeHosts, registry: Registry) -> None:
        self._hosts = hosts
        self._registry = registry

    def repositories(self, forge: Forge, namespace: str) -> Sequence[FoundRepository]:
        """As `CodeHosts`; raises `ForbiddenError` for a host that is not allowed. So do the others."""
        self._permit(forge)
        return self._hosts.repositories(forge, namespace)

    def branches(self, forge: Forge, namespace: str, repository: FoundRepository) -> Sequence[FoundRepository]:
        """As `CodeHosts`."""
        self._permit(forge)
        return self._hosts.branches(forge, namespace, repository)

    def has_path(self, forge: Forge, namespace: str, repository: FoundRepository, path: str) -> bool:
        """As `CodeHosts`."""
        self._permit(forge)
        return self._hosts.has_path(forge, namespace, repository, path)

    def pull_requests(self, forge: Forge, namespace: str) -> Sequence[PullRequest] | None:
        """As `CodeHosts`."""
        self._permit(forge)
        return self._hosts.pull_requests(forge, namespace)

    @cached_property
    def _rules(self) -> tuple[bool, frozenset[str]]:
        data, _ = self._registry.health_scripts.state()
        return read_hosts(data)

    def _permit(self, forge: Forge) -> None:
        enabled, allowed = self._rules
        if not enabled:
            raise ForbiddenError(f"the settings switch code hosts off ({HOSTS_ENABLED})", field=forge.where)
        if allowed and forge.api and forge.api.rstrip("/") not in allowed:
            raise ForbiddenError(
                f"{forge.api} is not among the hosts that the settings allow ({ALLOWED_HOSTS})", field=forge.where
            )
