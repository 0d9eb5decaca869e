"""Functions that start functions: an asynchronous invocation, which Lambda keeps and tries again.

Only the watch of a cluster needs it, which outlives any one function. Everything else goes through the queues.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import orjson

from mooring.errors import PermanentError, UnreachableError

__all__ = ["WatchStarter"]

_LARGEST = 200 * 1024  # bytes of a payload (AWS Lambda, "Quotas": 1 MB, and 256 KB until October 2025)


class _LambdaClient(Protocol):
    def invoke(self, *, FunctionName: str, InvocationType: str, Payload: bytes) -> Any:  # noqa: N803 (boto3's names)
        """boto3's."""


class WatchStarter:
    """Starts watchers; `function` is the name of the function that watches.

    `client` is called when there is one to start: most sweeps have none, and a client takes a while to make.
    """

    def __init__(self, client: Callable[[], _LambdaClient], function: str) -> None:
        self._client = client
        self._function = function

    def __call__(self, cluster: str, versions: Mapping[str, str]) -> None:
        """Starts a watcher of a cluster without waiting for it; `versions` are where its watches go on.

        Raises `UnreachableError` where Lambda does not take it, which the next sweep makes good, and `PermanentError`.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        payload = orjson.dumps({"watch": cluster, "versions": dict(versions)})
        if len(payload) > _LARGEST:
            payload = orjson.dumps({"watch": cluster})
        try:
            self._client().invoke(FunctionName=self._function, InvocationType="Event", Payload=payload)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code in ("TooManyRequestsException", "ServiceException"):
                raise UnreachableError(f"Lambda does not take a watcher of {cluster} now: {code}") from error
            told = f"Lambda refuses to start {self._function} for {cluster}, which is to be watched ({code})"
            raise PermanentError(f"{told}; deploy with WatchConcurrency=2 or more") from error
        except BotoCoreError as error:
            raise UnreachableError(f"Lambda can't be reached: {type(error).__name__}") from error
