"""Questions for `gokit`, the Go program that answers what only Go libraries answer the way Argo CD does.

One process answers a whole batch (it starts in 2 ms; each answer costs microseconds). The program is in
`layers/tools/gokit`; it reads nothing but its input, so it gets an empty environment.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mooring.errors import ConfigurationError, UnreachableError

__all__ = ["GoKit", "VersionRange"]


_TOO_LARGE = 12  # the status with which gokit ends when it has grown beyond its limit of memory


@dataclass(frozen=True, slots=True)
class VersionRange:
    """What gokit made of one revision: `tag` is the highest tag inside the range, None where it holds none."""

    tag: str | None


class GoKit:
    """The program at `path` (a name is looked up on PATH)."""

    def __init__(self, path: str = "gokit", *, timeout: float = 10.0) -> None:
        self._path = path
        self._timeout = timeout

    def ask(self, requests: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """One answer for each request, in order; `{"error": …}` where a request has none.

        Raises `ConfigurationError` where the program is missing or the requests need too much memory,
        `UnreachableError` where it fails or takes too long.
        """
        if not requests:
            return []
        try:
            done = subprocess.run(
                [self._path],
                input=json.dumps(requests).encode(),
                capture_output=True,
                timeout=self._timeout,
                check=True,
            )
            answers = json.loads(done.stdout)
        except FileNotFoundError as error:
            raise ConfigurationError("gokit was not found; deploy the function with the tools layer") from error
        except subprocess.CalledProcessError as error:
            if error.returncode == _TOO_LARGE:
                raise ConfigurationError(
                    "the templates need more memory than they may have; look for one that makes ever more"
                ) from None
            raise UnreachableError(f"gokit failed with status {error.returncode}") from None
        except (subprocess.SubprocessError, ValueError) as error:
            raise UnreachableError(f"gokit failed: {type(error).__name__}") from error
        if not isinstance(answers, list) or len(answers) != len(requests):
            raise UnreachableError("gokit gave another number of answers than it was asked for")
        return answers

    def ranges(self, revisions: Sequence[str], tags: Sequence[str]) -> dict[str, VersionRange]:
        """Those revisions that are version ranges (`1.*`, `>=1.2 <2`), each with the highest of `tags` inside it."""
        answers = self.ask([{"verb": "semver", "constraint": each, "versions": list(tags)} for each in revisions])
        return {
            revision: VersionRange(answer["version"])
            for revision, answer in zip(revisions, answers, strict=True)
            if answer.get("range")
        }
