"""What `live` works with, and what the API gives pages to connect with."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING

from mooring.composition.adapters import STEPS_AT_ONCE, Adapters

if TYPE_CHECKING:
    from mooring.access.rbac import Policy
    from mooring.flows.telling.pushing import LivePorts, Rules
    from mooring.state.accesspolicy import AccessPolicies
    from mooring.state.connections import Connections

__all__ = ["LiveComposition"]

_ATTEMPTS = 2  # at a message: the stream tells it again


class LiveComposition(Adapters):
    """What `live` works with, and what the API gives pages to connect with."""

    _judged: tuple[str, Policy] | None = None

    @property
    def live_url(self) -> str:
        """Where pages connect to (`wss://…`); empty where the template's LiveUpdates is disabled."""
        return self._environment.get("MOORING_LIVE_URL", "")

    @cached_property
    def connections(self) -> Connections:
        """Tickets and connections of pages."""
        from mooring.state.connections import Connections

        return Connections(self.table)

    def live_ports(self) -> LivePorts:
        """For `live`, to be kept."""
        from mooring.flows.telling.pushing import LivePorts
        from mooring.sockets import SocketLine, management_url

        service = "apigatewaymanagementapi"
        # On one machine it has an address of its own, as botocore's variable says.
        own = self._environment.get("AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI")
        url = own or management_url(self._setting("MOORING_LIVE_URL"))
        line = SocketLine(self._client(service, attempts=_ATTEMPTS, endpoint=url))
        pool = ThreadPoolExecutor(STEPS_AT_ONCE, "line")
        return LivePorts(self.connections, line, self._rules, pool, time.time)

    def _rules(self, projects: set[str]) -> Rules:
        """What counts now, with the roles of these projects; what was read stays known until it changes."""
        from mooring.access.rbac import parse_policy, with_projects
        from mooring.flows.telling.pushing import Rules

        policies = self._policies
        standing = policies.standing()
        if self._judged is None or self._judged[0] != standing.policy:
            self._judged = standing.policy, parse_policy(policies.data() if standing.policy else {})
        # One that is not declared (any more) gives nobody a role.
        declared = sorted(projects & standing.projects.keys())
        found = [self.registry.projects.find(name, standing.projects) for name in declared]
        ended = policies.endings.known(standing.ended, time.time())
        return Rules(with_projects(self._judged[1], found), standing.epoch, ended)

    @cached_property
    def _policies(self) -> AccessPolicies:
        from mooring.state.accesspolicy import AccessPolicies

        return AccessPolicies(self.table)
