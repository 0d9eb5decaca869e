"""The plugin generator: a service of the user's that answers with parameters.

Argo CD names the service in a ConfigMap (`baseUrl`, `token: $<secret>:<key>`, `requestTimeout` in seconds). There need
be no cluster here, so the same fields are a JSON object in the secret `<prefix>/appsets/<namespace>/<name of the
ConfigMap>`, where `token` is the token itself. The request and the answer are Argo CD's ("Plugin Generator"): POST
`/api/v1/getparams.execute`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from mooring.appsets.ports import Params
from mooring.appsets.tokens import SetSecrets
from mooring.errors import ConfigurationError, ForbiddenError, UnreachableError
from mooring.source.inward import refuse_inward

__all__ = ["PluginServices"]

_WHERE = "plugin.configMapRef"
_TIMEOUT = 30.0  # seconds, as in Argo CD
_MOST = 55.0  # so that a function still has time for the rest
_MOST_BYTES = 32 << 20


class PluginServices:
    """Asks plugin services; `get` answers with the JSON object of a secret by its full name."""

    def __init__(
        self,
        get: Callable[[str], Mapping[str, Any]],
        secrets: SetSecrets,
        *,
        guard: Callable[[str], None] = refuse_inward,
    ) -> None:
        self._guard = guard
        self._get = get
        self._secrets = secrets

    def parameters(self, namespace: str, config_map: str, set_name: str, inputs: Mapping[str, Any]) -> list[Params]:
        """The sets of parameters that the service answers.

        Raises `UnreachableError`, `ForbiddenError`, or `ConfigurationError` for an answer of another shape.
        """
        import urllib3

        name = self._secrets.name(namespace, config_map, _WHERE)
        base, token, timeout = _settings(self._get(name), name)
        self._guard(base)
        body = json.dumps({"applicationSetName": set_name, "input": {"parameters": dict(inputs)}}).encode()
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json", "User-Agent": "mooring"}
        try:
            with urllib3.PoolManager() as pool:
                answer = pool.request(
                    "POST",
                    f"{base}/api/v1/getparams.execute",
                    body=body,
                    headers=headers,
                    timeout=timeout,
                    retries=False,
                    redirect=False,
                )
        except urllib3.exceptions.HTTPError as error:
            raise UnreachableError(f"the plugin does not answer: {type(error).__name__}", subject=name) from None
        if answer.status in {401, 403}:
            raise ForbiddenError(f"the plugin refuses the token (status {answer.status})", subject=name)
        if answer.status != 200:
            raise UnreachableError(f"the plugin fails with status {answer.status}", subject=name)
        return _sets(answer.data, name)


def _settings(given: Mapping[str, Any], name: str) -> tuple[str, str, float]:
    base, token = given.get("baseUrl"), given.get("token")
    if not isinstance(base, str) or not base.startswith(("https://", "http://")):
        raise ConfigurationError(
            "must be an address that begins with https:// or http://", field="baseUrl", subject=name
        )
    if not isinstance(token, str) or not token or not token.isprintable():
        raise ConfigurationError("must hold the token of the service", field="token", subject=name)
    wanted = given.get("requestTimeout", _TIMEOUT)
    try:
        timeout = float(wanted)
    except (TypeError, ValueError):
        raise ConfigurationError("must be a number of seconds", field="requestTimeout", subject=name) from None
    return base.rstrip("/"), token, min(timeout, _MOST) if timeout > 0 else _TIMEOUT


def _sets(data: bytes, name: str) -> list[Params]:
    sets: Any = None
    if len(data) <= _MOST_BYTES:
        try:
            sets = json.loads(data)["output"]["parameters"]
        except (ValueError, KeyError, TypeError):
            sets = None
    if not isinstance(sets, list) or not all(isinstance(each, dict) for each in sets):
        raise ConfigurationError("the plugin must answer a list of mappings in output.parameters", subject=name)
    return sets
