"""The few requests that starting and testing a cluster takes: JSON in, JSON out, one warm connection per thread.

Not a client library, and not Mooring's: what checks Mooring's work must not share its code.
"""

from __future__ import annotations

import json
import ssl
import tempfile
from typing import Any

import urllib3

from local.cluster.access import Access, AccessError

__all__ = ["Client", "issue_token"]

_ACCOUNT = "mooring-local"
_A_DAY = 86_400


class Client:
    """Requests to one API server. Never raises for a status: callers look at it."""

    def __init__(self, access: Access) -> None:
        context = ssl.create_default_context(cadata=access.ca_data)
        if access.client_certificate and access.client_key:
            with tempfile.NamedTemporaryFile("w") as pair:
                pair.write(access.client_certificate + "\n" + access.client_key)
                pair.flush()
                context.load_cert_chain(pair.name)
        self._headers = {"User-Agent": "mooring-local"}
        if access.token:
            self._headers["Authorization"] = f"Bearer {access.token}"
        self._server = access.server
        self._pool = urllib3.PoolManager(ssl_context=context, retries=False, timeout=urllib3.Timeout(5, read=30))

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        content_type: str = "application/json",
    ) -> tuple[int, Any]:
        """The status and decoded body of one request; status 0 and None when nobody answers.

        A body that isn't JSON comes back as text. `content_type` chooses how a PATCH is understood.
        """
        headers = self._headers | ({"Content-Type": content_type} if body is not None else {})
        data = json.dumps(body) if body is not None else None
        try:
            answer = self._pool.request(method, self._server + path, body=data, headers=headers)
        except urllib3.exceptions.HTTPError:
            return 0, None
        if answer.headers.get("Content-Type", "").startswith("application/json"):
            return answer.status, json.loads(answer.data)
        return answer.status, answer.data.decode()

    def close(self) -> None:
        """Close the connections."""
        self._pool.clear()


def issue_token(client: Client) -> str:
    """A bearer token for a service account that administers the cluster; creates both. Raises `AccessError`."""
    accounts = "/api/v1/namespaces/kube-system/serviceaccounts"
    binding = {
        "metadata": {"name": _ACCOUNT},
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "ClusterRole",
            "name": "cluster-admin",
        },
        "subjects": [{"kind": "ServiceAccount", "namespace": "kube-system", "name": _ACCOUNT}],
    }
    for path, body in (
        (accounts, {"metadata": {"name": _ACCOUNT}}),
        ("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", binding),
        (f"{accounts}/{_ACCOUNT}/token", {"spec": {"expirationSeconds": _A_DAY}}),
    ):
        status, answer = client("POST", path, body)
        if status not in (201, 409):
            raise AccessError(
                f"POST {path}: {status}: use credentials of an administrator, or a kubeconfig with a token"
            )
    return str(answer["status"]["token"])
