"""Go templates of External Secrets, evaluated by gokit with the operator's functions; one process for many of them.

A question that was not asked yet is put aside (`WaitingError`), so that whoever has several ExternalSecrets gathers
their questions, has them answered together and goes through each once more (`together`).

Values are visible as `.key`, and a key that is not there is an error, as in the operator's engine v2, whose functions
for PKCS#12, JWK and PEM are there too; `getSecretKey` is not, since it would read any Secret of the cluster for the
author. Values and results may be any bytes, as an archive is. What a template says in an error may hold a value
(`fail .password`), so of an error only what stands in the template itself is told.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, TypeVar

import orjson

from mooring.errors import ConfigurationError

__all__ = ["AskGo", "Templates", "WaitingError"]

AskGo = Callable[[Sequence[dict[str, Any]]], list[dict[str, Any]]]
"""What gokit answers to a batch of requests."""

_T = TypeVar("_T")

_LANGUAGE: Final[dict[str, Any]] = {"options": ["missingkey=error"], "operator": True}
_AT_ONCE = 200  # questions of one process, which has some seconds for all of them
_MISSING_KEY = re.compile(r'map has no entry for key "([-._a-zA-Z0-9]{1,253})"$')
_MISSING_FUNCTION = re.compile(r'function "([a-zA-Z0-9_]{1,64})" not defined$')
_CALL = re.compile(r"error calling ([a-zA-Z0-9_]{1,64}):")


class WaitingError(Exception):
    """The answer is not there yet; `together` goes on when it is."""


class Templates:
    """The templates of one invocation."""

    def __init__(self, ask: AskGo) -> None:
        self._go = ask
        self._answers: dict[bytes, dict[str, Any]] = {}
        self._waiting: dict[bytes, dict[str, Any]] | None = None

    def together(self, works: Sequence[Callable[[], _T]]) -> list[_T]:
        """The results of all works, their questions answered in as few batches as their depth asks for.

        A work is begun anew after each batch: it must do nothing but compute.
        """
        results: dict[int, _T] = {}
        self._waiting = {}
        try:
            while len(results) < len(works):
                for index, work in enumerate(works):
                    if index not in results:
                        with suppress(WaitingError):
                            results[index] = work()
                self._answer(self._waiting)
                self._waiting = {}
        finally:
            self._waiting = None
            self._answers.clear()
        return [results[index] for index in range(len(works))]

    def _ask(self, requests: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        if self._waiting is None:
            return self._go(requests)
        keys = [orjson.dumps(each, option=orjson.OPT_SORT_KEYS) for each in requests]
        missing = {key: each for key, each in zip(keys, requests, strict=True) if key not in self._answers}
        if missing:
            self._waiting |= missing
            raise WaitingError
        return [self._answers[key] for key in keys]

    def _answer(self, waiting: Mapping[bytes, dict[str, Any]]) -> None:
        keys = list(waiting)
        for at in range(0, len(keys), _AT_ONCE):
            some = keys[at : at + _AT_ONCE]
            self._answers |= zip(some, self._go([waiting[key] for key in some]), strict=True)

    def render(self, texts: Mapping[str, str], values: Mapping[str, bytes], *, quiet: bool = False) -> dict[str, str]:
        """As `render_bytes`, of templates that make text (UTF-8)."""
        rendered: dict[str, str] = {}
        for name, value in self.render_bytes(texts, values, quiet=quiet).items():
            try:
                rendered[name] = value.decode()
            except UnicodeDecodeError:
                raise ConfigurationError("renders to bytes that are no text (UTF-8)", field=name) from None
        return rendered

    def render_bytes(
        self, texts: Mapping[str, str], values: Mapping[str, bytes], *, quiet: bool = False
    ) -> dict[str, bytes]:
        """Each template rendered with the values; its name (a field) stands in errors.

        `quiet` tells nothing of the templates either, since they are secrets themselves. Raises `ConfigurationError`.
        """
        if not any("{{" in text for text in texts.values()):
            return {name: text.encode() for name, text in texts.items()}
        names = list(texts)
        parameters = {key: text for key, value in values.items() if (text := _text(value)) is not None}
        others = {key: base64.b64encode(value).decode() for key, value in values.items() if key not in parameters}
        asked = {"verb": "template", "params": [parameters], "bytes": others, "base64": True, **_LANGUAGE}
        answers = self._ask([{**asked, "tree": [texts[name]]} for name in names])
        rendered: dict[str, bytes] = {}
        for name, answer in zip(names, answers, strict=True):
            result = (answer.get("results") or [{}])[0]
            if answer.get("error") or result.get("error"):
                told = "" if quiet else str(answer.get("error") or result.get("error"))
                raise ConfigurationError(_reason(told), field=name) from None
            rendered[name] = base64.b64decode(result["tree"][0])
        return rendered

    def each(self, text: str, parameters: Sequence[Mapping[str, str]], field: str) -> list[str]:
        """One template rendered with many sets of parameters, none of which is secret. Raises `ConfigurationError`."""
        if not parameters:
            return []
        request = {"verb": "template", "tree": [text], "params": list(parameters), **_LANGUAGE}
        [answer] = self._ask([request])
        results = answer.get("results") or []
        for told in (answer.get("error"), *(each.get("error") for each in results)):
            if told:
                raise ConfigurationError(_reason(str(told)), field=field)
        return [each["tree"][0] for each in results]


def _text(value: bytes) -> str | None:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None


def _reason(told: str) -> str:
    """What of gokit's error stands in the template itself."""
    if found := _MISSING_FUNCTION.search(told):
        if found[1] == "getSecretKey":
            return "calls getSecretKey, which would read any Secret of the cluster: name the value in data instead"
        return f"calls {found[1]}, which is no function"
    if found := _MISSING_KEY.search(told):
        return f"uses {found[1]!r}, which neither data nor dataFrom brings"
    if found := _CALL.search(told):
        return f"can't be rendered: {found[1]} fails (its words are left out, since they may hold a value)"
    if told and "executing" not in told:
        return "is no template: check its braces and the names in it"
    return "can't be rendered (the reason is left out, since it may hold a value)"
