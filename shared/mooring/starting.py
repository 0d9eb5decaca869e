"""Functions that start functions: without waiting, or for an answer.

A watch of a cluster outlives any one function, so one starts the next, by an asynchronous invocation, which Lambda
keeps and tries again. And `api` waits for a look at a cluster, which it doesn't reach itself, by a synchronous one.
Everything else goes through the queues.
"""

from __future__ import annotations

import base64
import gzip
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import orjson

from mooring.errors import PermanentError, ThrottledError, UnreachableError

__all__ = ["LookAsker", "WatchStarter", "compressed"]

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


class LookAsker:
    """Asks the function `look` and waits for its answer; `client` is made when there is something to ask.

    The client must wait for less than API Gateway does (29 s) and must not try again: whoever waits asks again.
    """

    def __init__(self, client: Callable[[], _LambdaClient], function: str) -> None:
        self._client = client
        self._function = function

    def __call__(self, question: Mapping[str, Any]) -> Any:
        """The answer, as JSON; compressed ones are opened.

        Raises `ThrottledError` where Lambda has no instance to spare, `UnreachableError` where the function failed or
        its time was over, and `PermanentError` where it may not be asked.
        """
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            told = self._client().invoke(
                FunctionName=self._function, InvocationType="RequestResponse", Payload=orjson.dumps(question)
            )
            payload = told["Payload"].read()
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code == "TooManyRequestsException":
                raise ThrottledError(
                    "too many look at clusters at once; ask again in a moment", retry_after=1
                ) from error
            if code in ("ServiceException", "EC2ThrottledException", "ResourceNotReadyException"):
                raise UnreachableError(f"Lambda can't start the look now ({code}); ask again") from error
            raise PermanentError(
                f"Lambda refuses to start {self._function} ({code}); check the role of api, and deploy the stack again"
            ) from error
        except (BotoCoreError, OSError) as error:
            raise UnreachableError(
                f"the look at the cluster brought no answer in time ({type(error).__name__}); ask again, or for less"
            ) from error
        if told.get("FunctionError"):
            raise UnreachableError("the look at the cluster failed or took too long; its log says why")
        value = orjson.loads(payload)
        if isinstance(value, dict) and isinstance(value.get("gzip"), str):
            return orjson.loads(gzip.decompress(base64.b64decode(value["gzip"])))
        return value


def compressed(answer: Any) -> Any:
    """An answer as `LookAsker` takes it: compressed where it is large, since Lambda answers with 6 MB at most."""
    content = orjson.dumps(answer)
    if len(content) <= _LARGEST:
        return answer
    return {"gzip": base64.b64encode(gzip.compress(content, 5)).decode()}
