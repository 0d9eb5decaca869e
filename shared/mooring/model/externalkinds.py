"""The kinds of External Secrets that are read here; a module of its own, since every sync has to know them."""

from __future__ import annotations

__all__ = ["GENERATORS", "GENERATORS_GROUP", "GROUP", "PUSHING", "VERSIONS"]

GROUP = "external-secrets.io"
VERSIONS = ("v1", "v1beta1")
GENERATORS_GROUP = "generators.external-secrets.io"
GENERATORS = ("Password", "UUID", "ECRAuthorizationToken", "STSSessionToken")
PUSHING = ("PushSecret", "ClusterPushSecret")
