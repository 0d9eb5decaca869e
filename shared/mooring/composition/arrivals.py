"""What takes in what arrives from outside: deliveries, audit events, events of Secrets Manager."""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from mooring.composition.adapters import Adapters

if TYPE_CHECKING:
    from mooring.flows.arrivals.audits import AuditPorts
    from mooring.flows.arrivals.deliveries import DeliveryPorts
    from mooring.flows.arrivals.secretchanges import SecretChangePorts

__all__ = ["ArrivalComposition"]


class ArrivalComposition(Adapters):
    """What takes in what arrives from outside: deliveries, audit events, events of Secrets Manager."""

    def delivery_ports(self) -> DeliveryPorts:
        """For `webhook`."""
        from mooring.events.forges.webhooksecrets import read_webhook_secrets
        from mooring.flows.arrivals.deliveries import DeliveryPorts
        from mooring.flows.rules.unsigned import DeliveryRules
        from mooring.state.deliveries import Deliveries

        def secrets() -> Mapping[str, tuple[str, ...]]:
            return read_webhook_secrets(self.secrets.text(self._setting("MOORING_WEBHOOK_SECRET")))

        return DeliveryPorts(
            self.applications,
            self.registry,
            Deliveries(self.table),
            self.queues,
            secrets,
            DeliveryRules(self.registry, time.time),
            time.time,
        )

    @cached_property
    def audit_ports(self) -> AuditPorts:
        """For `audit`; they live as long as the instance, which remembers what is in use."""
        from mooring.flows.arrivals.audits import AuditPorts
        from mooring.flows.arrivals.inuse import InUse
        from mooring.state.auditsources import AuditSources

        named = self._environment.get("MOORING_AUDIT_LOG_GROUPS", "").replace(",", " ").split()
        groups = {group: cluster for group, _, cluster in (each.partition("=") for each in named)}
        in_use = InUse(self.applications)
        drifts = self.applications.drifts
        return AuditPorts(
            self.registry, AuditSources(self.table), self.deeds, drifts, in_use, self.queues, time.time, groups
        )

    def secret_change_ports(self) -> SecretChangePorts:
        """For `sweep`, when a provider tells of a change."""
        from mooring.flows.arrivals.secretchanges import SecretChangePorts
        from mooring.state.secretuses import SecretUses

        return SecretChangePorts(SecretUses(self.table), self.queues)
