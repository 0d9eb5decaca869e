"""AWS Secrets Manager: current values twenty a request (`BatchGetSecretValue`), other versions and stages one by one.

A version is a stage (`AWSPREVIOUS`) or, behind `uuid/`, a version id (external-secrets.io, "AWS Secrets Manager").
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, TypeVar

from mooring.errors import MooringError, PermanentError
from mooring.model.externalsecret import Find
from mooring.model.objects import canonical_json, digest
from mooring.secrets.external.awsaccess import call, problem
from mooring.secrets.external.provider import Answer, Ask, Value

__all__ = ["SecretsManager"]

_T = TypeVar("_T")

_AT_ONCE = 20  # secrets of one BatchGetSecretValue
_HINT = "allow secretsmanager:GetSecretValue, BatchGetSecretValue and kms:Decrypt to the role in spec.provider.aws.role"
_LIST_HINT = "allow secretsmanager:ListSecrets to the role in spec.provider.aws.role"


class SecretsManager:
    """One store; `client` makes its botocore client when the first secret is asked for."""

    def __init__(self, client: Callable[[], Any], prefix: str = "") -> None:
        self._client = client
        self._prefix = prefix
        self.calls = 0

    def fetch(self, asks: Iterable[Ask]) -> Mapping[Ask, Answer]:
        """A value for each, or why there is none."""
        answers: dict[Ask, Answer] = {}
        plain: list[Ask] = []
        for ask in dict.fromkeys(asks):
            if not ask.version and not ask.metadata:
                plain.append(ask)
            else:
                answers[ask] = self._one(ask)
        if len(plain) == 1:
            return answers | {plain[0]: self._one(plain[0])}
        for at in range(0, len(plain), _AT_ONCE):
            answers |= self._many(plain[at : at + _AT_ONCE])
        return answers

    def names(self, find: Find) -> list[str]:
        """The names of secrets below a path that have all these tags. Raises `MooringError`."""
        path = self._prefix + find.path
        filters = [{"Key": "name", "Values": [path]}] if path else []
        for key, value in find.tags.items():
            filters += [{"Key": "tag-key", "Values": [key]}, {"Key": "tag-value", "Values": [value]}]
        names: list[str] = []
        more: dict[str, str] = {}
        client = self._client()
        while True:
            request = {"Filters": filters, "MaxResults": 100} | more
            page = self._count("the list of secrets", _LIST_HINT, partial(client.list_secrets, **request))
            for each in page.get("SecretList", []):
                # AWS's filters fit the beginnings of words, and a key and a value of different tags.
                tags = {tag["Key"]: tag["Value"] for tag in each.get("Tags", [])}
                if each["Name"].startswith(path) and find.tags.items() <= tags.items():
                    names.append(each["Name"].removeprefix(self._prefix))
            if not page.get("NextToken"):
                return names
            more = {"NextToken": page["NextToken"]}

    def _many(self, asks: list[Ask]) -> dict[Ask, Answer]:
        """Current values. What AWS says nothing of is asked for by itself."""
        ids = {self._prefix + ask.key: ask for ask in asks}
        answers: dict[Ask, Answer] = {}
        more: dict[str, str] = {}
        while True:
            try:
                request = {"SecretIdList": list(ids)} | more
                get = partial(self._client().batch_get_secret_value, **request)
                page = self._count(f"{len(ids)} secrets", _HINT, get)
            except MooringError as error:
                return dict.fromkeys(asks, error)
            for each in page.get("SecretValues", []):
                for name in _named(each, ids):
                    answers[ids[name]] = _value(each)
            for each in page.get("Errors", []):
                told = {"Code": each.get("ErrorCode"), "Message": each.get("Message")}
                if (ask := ids.get(each.get("SecretId", ""))) is not None:
                    answers[ask] = problem(f"the secret {ask.key!r}", _HINT, told)
            if not page.get("NextToken"):
                return answers | {ask: self._one(ask) for ask in asks if ask not in answers}
            more = {"NextToken": page["NextToken"]}

    def _one(self, ask: Ask) -> Answer:
        name = self._prefix + ask.key
        try:
            client = self._client()
            if ask.metadata:
                describe = partial(client.describe_secret, SecretId=name)
                told = self._count(f"the tags of {ask.key!r}", _HINT, describe)
                tags = {tag["Key"]: tag["Value"] for tag in told.get("Tags", [])}
                return Value(canonical_json(tags), digest(tags))
            which = {"VersionStage": ask.version} if ask.version else {}
            if ask.version.startswith("uuid/"):
                which = {"VersionId": ask.version.removeprefix("uuid/")}
            about = f"the secret {ask.key!r}" + (f" at {ask.version}" if ask.version else "")
            return _value(self._count(about, _HINT, partial(client.get_secret_value, SecretId=name, **which)))
        except MooringError as error:
            return error

    def _count(self, what: str, hint: str, request: Callable[[], _T]) -> _T:
        self.calls += 1
        return call(what, hint, request)


def _value(answer: Mapping[str, Any]) -> Answer:
    if answer.get("SecretString") is not None:
        return Value(answer["SecretString"].encode(), answer.get("VersionId", ""))
    if answer.get("SecretBinary") is not None:
        return Value(bytes(answer["SecretBinary"]), answer.get("VersionId", ""))
    return PermanentError(f"the secret {answer.get('Name', '')!r} has neither text nor bytes; give it a value")


def _named(answer: Mapping[str, Any], ids: Mapping[str, Ask]) -> list[str]:
    """By which of the ids a secret was asked for: its name, its ARN, or its ARN without the random end."""
    arn = str(answer.get("ARN", ""))
    return [each for each in (str(answer.get("Name", "")), arn, arn[:-7]) if each in ids]
