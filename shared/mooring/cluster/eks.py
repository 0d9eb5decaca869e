"""EKS tokens, signed here: no request, no AWS CLI, no plugin.

An EKS token is a presigned URL of `sts:GetCallerIdentity`. Whoever holds it can ask STS once more who signed it, and
that is all the cluster does; the signed header `x-k8s-aws-id` ties it to one cluster (Amazon EKS documentation,
"Cluster authentication"; aws-iam-authenticator README, "API Authorization from Outside a Cluster"). The cluster
accepts it for 15 minutes after it was signed, so it is kept for 14, by the wall clock: a function's monotonic clock
may stand still while the function is frozen.
"""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from mooring.cluster.auth import EksLogin
from mooring.cluster.aws import Sessions

if TYPE_CHECKING:
    from botocore.credentials import Credentials

__all__ = ["EksTokens", "sign_token"]

KEPT_SECONDS = 14 * 60


def sign_token(cluster_name: str, region: str, credentials: Credentials) -> str:
    """The bearer token for an EKS cluster, signed with AWS credentials; makes no request."""
    from botocore.auth import SigV4QueryAuth
    from botocore.awsrequest import AWSRequest

    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    request = AWSRequest(
        method="GET",
        url=f"https://sts.{region}.{suffix}/?Action=GetCallerIdentity&Version=2011-06-15",
        headers={"x-k8s-aws-id": cluster_name},
    )
    SigV4QueryAuth(credentials, "sts", region, expires=60).add_auth(request)
    return "k8s-aws-v1." + base64.urlsafe_b64encode(str(request.url).encode()).decode().rstrip("=")


class EksTokens:
    """The current token of one login; thread-safe. `now` is the wall clock in seconds."""

    def __init__(
        self, login: EksLogin, *, sessions: Sessions | None = None, now: Callable[[], float] = time.time
    ) -> None:
        self._login = login
        self._sessions = sessions or Sessions(now=now)
        self._now = now
        self._lock = threading.Lock()
        self._token = ""
        self._until = 0.0

    def token(self, *, fresh: bool = False) -> str:
        """A token with at least a minute left; `fresh` signs a new one. Raises as `Sessions` does."""
        with self._lock:
            if fresh or self._now() >= self._until:
                region, credentials = self._sessions.credentials(self._login, fresh=fresh)
                self._token = sign_token(self._login.cluster_name, region, credentials)
                self._until = self._now() + KEPT_SECONDS
            return self._token
