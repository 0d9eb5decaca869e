"""AWS Parameter Store: parameters ten a request (`GetParameters`), decrypted; other versions one by one.

Source: external-secrets.io, "AWS Systems Manager Parameter Store"; AWS, "GetParameters", "DescribeParameters".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, TypeVar

from mooring.errors import MooringError
from mooring.model.externalsecret import Find
from mooring.model.objects import canonical_json, digest
from mooring.secrets.external.awsaccess import call
from mooring.secrets.external.provider import AbsentError, Answer, Ask, Value

__all__ = ["ParameterStore"]

_T = TypeVar("_T")

_AT_ONCE = 10  # parameters of one GetParameters
_HINT = "allow ssm:GetParameter, ssm:GetParameters and kms:Decrypt of its key to the role in spec.provider.aws.role"
_TAGS_HINT = "allow ssm:ListTagsForResource to the role in spec.provider.aws.role"
_LIST_HINT = "allow ssm:DescribeParameters to the role in spec.provider.aws.role"


class ParameterStore:
    """One store; `client` makes its botocore client when the first parameter is asked for."""

    def __init__(self, client: Callable[[], Any], prefix: str = "") -> None:
        self._client = client
        self._prefix = prefix
        self.calls = 0

    def fetch(self, asks: Iterable[Ask]) -> Mapping[Ask, Answer]:
        """A value for each, or why there is none."""
        answers: dict[Ask, Answer] = {}
        plain: list[Ask] = []
        for ask in dict.fromkeys(asks):
            if ask.metadata:
                answers[ask] = self._tags(ask)
            elif ask.version:
                answers[ask] = self._one(ask)
            else:
                plain.append(ask)
        for at in range(0, len(plain), _AT_ONCE):
            answers |= self._some({self._prefix + ask.key: ask for ask in plain[at : at + _AT_ONCE]})
        return answers

    def names(self, find: Find) -> list[str]:
        """The names of parameters below a path that have all these tags. Raises `MooringError`."""
        filters: list[dict[str, Any]] = [
            {"Key": f"tag:{key}", "Option": "Equals", "Values": [value]} for key, value in find.tags.items()
        ]
        if find.path:
            filters.append({"Key": "Path", "Option": "Recursive", "Values": [self._prefix + find.path]})
        names: list[str] = []
        more: dict[str, str] = {}
        while True:
            client = self._client()
            request = {"ParameterFilters": filters, "MaxResults": 50} | more
            page = self._count("the list of parameters", _LIST_HINT, partial(client.describe_parameters, **request))
            found = (each["Name"] for each in page.get("Parameters", []))
            names += [name.removeprefix(self._prefix) for name in found if name.startswith(self._prefix)]
            if not page.get("NextToken"):
                return names
            more = {"NextToken": page["NextToken"]}

    def _some(self, named: Mapping[str, Ask]) -> dict[Ask, Answer]:
        try:
            client = self._client()
            about = next(iter(named)) if len(named) == 1 else f"{len(named)} parameters"
            answer = self._count(about, _HINT, lambda: client.get_parameters(Names=list(named), WithDecryption=True))
        except MooringError as error:
            return dict.fromkeys(named.values(), error)
        found: dict[Ask, Answer] = {}
        for each in answer.get("Parameters", []):
            for name in {each["Name"], each.get("ARN", "")} & named.keys():
                found[named[name]] = Value(each["Value"].encode(), _version(each))
        for ask in named.values():
            if ask not in found:
                found[ask] = AbsentError(
                    f"the parameter {ask.key!r} is not there; check its name, version, region and account"
                )
        return found

    def _one(self, ask: Ask) -> Answer:
        """A version by its number or label."""
        try:
            name = f"{self._prefix}{ask.key}:{ask.version}"
            get = partial(self._client().get_parameter, Name=name, WithDecryption=True)
            parameter = self._count(f"the parameter {ask.key!r} at {ask.version}", _HINT, get)["Parameter"]
        except MooringError as error:
            return error
        return Value(parameter["Value"].encode(), _version(parameter))

    def _tags(self, ask: Ask) -> Answer:
        try:
            client = self._client()
            told = self._count(
                f"the tags of {ask.key!r}",
                _TAGS_HINT,
                lambda: client.list_tags_for_resource(ResourceType="Parameter", ResourceId=self._prefix + ask.key),
            )
        except MooringError as error:
            return error
        tags = {tag["Key"]: tag["Value"] for tag in told.get("TagList", [])}
        return Value(canonical_json(tags), digest(tags))

    def _count(self, what: str, hint: str, request: Callable[[], _T]) -> _T:
        self.calls += 1
        return call(what, hint, request)


def _version(parameter: Mapping[str, Any]) -> str:
    """Its number and when it was written: a parameter that was deleted and made anew begins at 1 again."""
    written = parameter.get("LastModifiedDate")
    return f"{parameter.get('Version', '')}@{written.timestamp() if written else ''}"
