"""The API as it is deployed, asked by whoever has a token, a session or a cookie."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mooring.access.sessions import Session, derived_key, write_session
from tests.doubles.deployed import API_TOKEN, Deployed

__all__ = ["FAR", "KEY", "Api", "session"]

EVENT = json.loads((Path(__file__).parents[2] / "events" / "api-list.json").read_text())
KEY = derived_key(API_TOKEN, "sessions")
FAR = 4_000_000_000


@dataclass(frozen=True, slots=True)
class Api:
    """The handler and what is behind it."""

    found: Deployed

    def answer(
        self, method: str, path: str, body: Any = None, *, bearer: str = "", cookie: str = "", source: str = "",
        query: dict[str, str] | None = None, **headers: str,
    ) -> dict[str, Any]:  # fmt: skip
        event = copy.deepcopy(EVENT)
        event |= {
            "rawPath": path,
            "body": None if body is None else json.dumps(body),
            "queryStringParameters": query or {},
        }
        event["requestContext"] |= {"domainName": "mooring.test"}
        event["requestContext"]["http"] |= {"method": method, "path": path} | ({"sourceIp": source} if source else {})
        event["cookies"] = [f"__Host-mooring={cookie}"] if cookie else []
        del event["headers"]["authorization"]
        event["headers"] |= {name.replace("_", "-"): value for name, value in headers.items()}
        if bearer:
            event["headers"]["authorization"] = f"Bearer {bearer}"
        return self.found.handler(event, None)

    def ask(self, *asked: Any, **more: Any) -> tuple[int, Any]:
        answer = self.answer(*asked, **more)
        return answer["statusCode"], json.loads(answer["body"]) if answer["body"] else None

    def headers(self, *asked: Any, **more: Any) -> dict[str, str]:
        answer = self.answer(*asked, **more)
        told = {name.lower(): values[0] for name, values in (answer.get("multiValueHeaders") or {}).items()}
        return told | {name.lower(): value for name, value in (answer.get("headers") or {}).items()}

    def told(self, *asked: Any, **more: Any) -> Any:
        status, answer = self.ask(*asked, **more)
        assert 200 == status, answer
        return answer

    def token(self, body: dict[str, Any], bearer: str = API_TOKEN) -> str:
        return str(self.told("POST", "/api/v1/tokens", {"name": "ci"} | body, bearer=bearer)["token"])


def session(subject: str, *groups: str, expires: int = FAR, epoch: str = "", ident: str = "S1") -> str:
    """What somebody who signed in brings."""
    return write_session(Session(ident, subject, subject, groups, "session", expires, epoch), KEY)
