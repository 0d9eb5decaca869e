"""What `api` works with, and what others ask through the same ports."""

from __future__ import annotations

import time
from functools import cached_property
from typing import TYPE_CHECKING

from mooring.composition.adapters import Adapters

if TYPE_CHECKING:
    from mooring.flows.asked.admitting import Door
    from mooring.flows.asked.auditing import AuditAccess
    from mooring.flows.asked.audittrail import RecordPorts
    from mooring.flows.asked.declaring import AskPorts
    from mooring.flows.asked.hooks import HookPorts
    from mooring.flows.asked.registering import RegisterPorts
    from mooring.flows.asked.signingin import Entrance
    from mooring.state.actions import Actions
    from mooring.state.signins import SignIns

__all__ = ["AskComposition"]


class AskComposition(Adapters):
    """What `api` works with, and what others ask through the same ports."""

    def api_token(self) -> str:
        """The administrator's bearer token."""
        return str(self.secrets.get(self._setting("MOORING_API_TOKEN_SECRET")).get("token", ""))

    @cached_property
    def door(self) -> Door:
        """Who sends a request to `api`, and what they may."""
        from mooring.flows.asked.admitting import Door
        from mooring.state.accesspolicy import AccessPolicies
        from mooring.state.apitokens import ApiTokens

        tokens = ApiTokens(self.table)
        return Door(AccessPolicies(self.table), self.registry.projects, tokens, self.api_token)

    @cached_property
    def sign_ins(self) -> SignIns:
        """The sessions that began."""
        from mooring.state.signins import SignIns

        return SignIns(self.table)

    @cached_property
    def entrance(self) -> Entrance:
        """How people sign in at `api`."""
        from mooring.flows.asked.signingin import Entrance
        from mooring.identity.issuer import Client, Issuer

        issuer = None
        if address := self._environment.get("MOORING_OIDC_ISSUER", ""):
            secret = self._environment.get("MOORING_OIDC_CLIENT_SECRET", "")
            client = Client(
                address,
                self._setting("MOORING_OIDC_CLIENT_ID"),
                self._environment.get("MOORING_OIDC_SCOPES") or "openid profile email",
                lambda: self.secrets.text(secret).strip() if secret else "",
            )
            issuer = Issuer(client)
        groups = self._environment.get("MOORING_OIDC_GROUPS_CLAIM") or "groups"
        by_token = self._environment.get("MOORING_LOCAL_LOGIN", "") == "true"
        return Entrance(self.door, self.api_token, issuer, groups, by_token)

    def public_url(self) -> str:
        """The address that people see in front of the API, where it isn't the API's own; empty where it is."""
        return self._environment.get("MOORING_PUBLIC_URL", "").rstrip("/")

    def sync_role(self) -> str:
        """The role that reaches clusters, for whoever gives it access to one; empty where nobody has said."""
        return self._environment.get("MOORING_SYNC_ROLE", "")

    def look_role(self) -> str:
        """The role that only reads clusters, likewise."""
        return self._environment.get("MOORING_LOOK_ROLE", "")

    def region(self) -> str:
        """Where the installation is; empty where nobody has said."""
        return self._environment.get("AWS_REGION", "")

    def ask_ports(self) -> AskPorts:
        """For `api`."""
        from mooring.flows.asked.declaring import AskPorts

        return AskPorts(self.applications, self.queues, time.time, self.registry)

    def record_ports(self) -> RecordPorts:
        """For `api`: the record of who did what."""
        from mooring.flows.asked.audittrail import RecordPorts

        return RecordPorts(self.applications, self._actions, self.region())

    @cached_property
    def _actions(self) -> Actions:
        from mooring.state.actions import Actions

        return Actions(self.table)

    def register_ports(self) -> RegisterPorts:
        """For what `api` registers."""
        from mooring.flows.asked.registering import RegisterPorts

        return RegisterPorts(self.registry, self.applications, self.queues)

    def audit_access(self) -> AuditAccess:
        """For what `api` is asked about audit events."""
        from mooring.flows.asked.auditing import AuditAccess
        from mooring.state.auditsources import AuditSources

        return AuditAccess(self.registry, AuditSources(self.table))

    def hook_ports(self) -> HookPorts:
        """For what `api` installs on code hosts."""
        from mooring.flows.asked.hooks import HookPorts

        return HookPorts(
            lambda: self.secrets.text(self._setting("MOORING_WEBHOOK_SECRET")),
            self._named_forges,
        )
