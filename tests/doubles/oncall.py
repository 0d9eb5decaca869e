"""Doubles of PagerDuty, Opsgenie, Grafana, Mattermost, Google Chat and Telegram, behind one address (`listeners`).

None of them is the service. Each demands what its public API page demands (how one says who one is, which fields, which
words, how long) and keeps what was said as the service would: incidents by their key, annotations by their number.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

__all__ = ["BOT_TOKEN", "GENIE_KEY", "GRAFANA_TOKEN", "ROUTING_KEY", "OnCall"]

ROUTING_KEY = "s3cret".ljust(32, "0")
GENIE_KEY = "s3cret-genie"
GRAFANA_TOKEN = "glsa_s3cret"
BOT_TOKEN = "bot-s3cret"
Answer = tuple[int, dict[str, str], Any]


@dataclass
class OnCall:
    """What was said. `incidents` and `genie` are open alerts by key, with how often each was triggered."""

    incidents: dict[str, dict[str, Any]] = field(default_factory=dict)
    changes: list[dict[str, Any]] = field(default_factory=list)
    genie: dict[str, dict[str, Any]] = field(default_factory=dict)
    closed: list[str] = field(default_factory=list)
    annotations: dict[str, dict[str, Any]] = field(default_factory=dict)
    posts: dict[str, dict[str, Any]] = field(default_factory=dict)
    spaces: dict[str, dict[str, Any]] = field(default_factory=dict)
    telegrams: dict[str, dict[str, Any]] = field(default_factory=dict)

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer | None:
        """The answer of whichever service the path belongs to, None for none of these."""
        path = urlsplit(target).path
        if path in ("/v2/enqueue", "/v2/change/enqueue"):
            return self._pagerduty(path, json.loads(body))
        if path.startswith("/v2/alerts"):
            return self._opsgenie(target, headers, json.loads(body))
        if path.startswith("/grafana/api/annotations"):
            return self._grafana(method, path, headers, json.loads(body))
        if path.startswith("/mattermost/api/v4/posts"):
            return self._mattermost(method, path, headers, json.loads(body))
        if path.startswith("/v1/spaces/"):
            return self._chat(target, json.loads(body))
        if path.startswith("/bot"):
            return self._telegram(path, json.loads(body))
        return None

    def _pagerduty(self, path: str, event: dict[str, Any]) -> Answer:
        if len(event.get("routing_key", "")) != 32:
            wrong = {"status": "invalid event", "message": "Event object is invalid"}
            return 400, {}, wrong | {"errors": [f"'{event.get('routing_key')}' is no routing key"]}
        if event["routing_key"] != ROUTING_KEY:
            return 202, {}, {"status": "success", "message": "Event processed"}  # as PagerDuty does, and drops it
        if path.endswith("change/enqueue"):
            _payload(event["payload"])
            self.changes.append(event)
            return 202, {}, {"status": "success", "message": "Change event processed"}
        assert event["event_action"] in ("trigger", "acknowledge", "resolve")
        key = event["dedup_key"]
        assert 0 < len(key) <= 255
        if event["event_action"] == "resolve":
            if self.incidents.pop(key, None) is not None:
                self.closed.append(key)
        else:
            _payload(event["payload"])
            assert event["payload"]["severity"] in ("critical", "error", "warning", "info")
            for link in event.get("links", ()):
                assert link["href"].startswith("https://")
            times = self.incidents.get(key, {}).get("times", 0)
            self.incidents[key] = event["payload"] | {"times": times + 1}
        return 202, {}, {"status": "success", "message": "Event processed", "dedup_key": key}

    def _opsgenie(self, target: str, headers: dict[str, str], alert: dict[str, Any]) -> Answer:
        if headers.get("authorization") != f"GenieKey {GENIE_KEY}":
            return 403, {}, {"message": "You are not authorized to make this request", "requestId": "r"}
        accepted: Answer = (202, {}, {"result": "Request will be processed", "took": 0.1, "requestId": "r"})
        path = urlsplit(target).path
        if match := re.fullmatch(r"/v2/alerts/([^/]+)/close", path):
            assert parse_qs(urlsplit(target).query)["identifierType"] == ["alias"], "the path is an alias, not an id"
            assert len(alert.get("note", "")) <= 25_000
            if self.genie.pop(unquote(match[1]), None) is not None:
                self.closed.append(unquote(match[1]))
            return accepted
        limits = {"message": 130, "alias": 512, "description": 15_000, "entity": 512, "source": 100}
        wrong = {name: f"must be at most {most} long" for name, most in limits.items() if len(alert[name]) > most}
        if not alert["message"]:
            wrong["message"] = "can not be empty"
        if wrong:
            return 422, {}, {"message": "Request body is not processable.", "errors": wrong, "requestId": "r"}
        assert alert["priority"] in ("P1", "P2", "P3", "P4", "P5")
        assert len(alert["tags"]) <= 20
        assert all(len(tag) <= 50 for tag in alert["tags"])
        assert sum(len(name) + len(value) for name, value in alert["details"].items()) <= 8000
        assert all(each["type"] == "team" and ("id" in each or "name" in each) for each in alert["responders"])
        times = self.genie.get(alert["alias"], {}).get("times", 0)
        self.genie[alert["alias"]] = alert | {"times": times + 1}
        return accepted

    def _grafana(self, method: str, path: str, headers: dict[str, str], body: dict[str, Any]) -> Answer:
        if headers.get("authorization") != f"Bearer {GRAFANA_TOKEN}":
            return 401, {}, {"message": "Invalid API key"}
        assert headers["content-type"].startswith("application/json")
        for name in ("time", "timeEnd"):
            assert isinstance(body.get(name, 10**12), int)
            assert 10**12 <= body.get(name, 10**12) < 10**13, "milliseconds of the epoch"
        if method == "POST":
            assert body["text"]
            assert all(isinstance(tag, str) and tag for tag in body["tags"])
            number = str(len(self.annotations) + 1)
            self.annotations[number] = {**body, "timeEnd": body.get("timeEnd", body["time"])}
            return 200, {}, {"message": "Annotation added", "id": int(number)}
        number = path.rpartition("/")[2]
        if method != "PATCH" or number not in self.annotations:
            return 404, {}, {"message": "Could not find annotation to update"}
        self.annotations[number] |= body
        return 200, {}, {"message": "Annotation patched"}

    def _mattermost(self, method: str, path: str, headers: dict[str, str], body: dict[str, Any]) -> Answer:
        if headers.get("authorization") != f"Bearer {BOT_TOKEN}":
            return 401, {}, {"id": "api.context.session_expired.app_error", "message": "Invalid session"}
        assert len(body["message"]) <= 16_383
        assert isinstance(body["props"]["attachments"], list)
        if method == "PUT":
            number = path.split("/")[-2]
            if number not in self.posts:
                return 404, {}, {"message": "Unable to get the post"}
            self.posts[number] |= body
            return 200, {}, {"id": number}
        assert body["channel_id"]
        number = f"post{len(self.posts)}"
        self.posts[number] = body
        return 201, {}, {"id": number}

    def _chat(self, target: str, body: dict[str, Any]) -> Answer:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}
        if (asked.get("key"), asked.get("token")) != ("k", "s3cret"):
            return 401, {}, {"error": {"code": 401, "status": "UNAUTHENTICATED"}}
        assert bool(body.get("text")) or body.get("cardsV2") or body.get("cards")
        assert len(body.get("text", "")) <= 4096
        assert all(each["cardId"] and each["card"] for each in body.get("cardsV2", ()))
        self.spaces.setdefault(asked["requestId"], body | {"thread": asked.get("threadKey", "")})
        return 200, {}, {"name": f"spaces/A/messages/{asked['requestId']}"}

    def _telegram(self, path: str, body: dict[str, Any]) -> Answer:
        token, _, method = path.removeprefix("/bot").partition("/")
        if token != BOT_TOKEN:
            return 401, {}, {"ok": False, "error_code": 401, "description": "Unauthorized"}
        assert 0 < len(body["text"]) <= 4096
        if body["chat_id"] == "@nowhere":
            return 400, {}, {"ok": False, "error_code": 400, "description": "Bad Request: chat not found"}
        if method == "editMessageText":
            kept = self.telegrams.get(str(body["message_id"]))
            if kept is None or kept["text"] == body["text"]:
                why = "message to edit not found" if kept is None else "message is not modified: the same content"
                return 400, {}, {"ok": False, "error_code": 400, "description": f"Bad Request: {why}"}
            kept["text"] = body["text"]
            return 200, {}, {"ok": True, "result": {"message_id": body["message_id"]}}
        number = len(self.telegrams) + 1
        self.telegrams[str(number)] = dict(body)
        return 200, {}, {"ok": True, "result": {"message_id": number}}


def _payload(payload: dict[str, Any]) -> None:
    assert 0 < len(payload["summary"]) <= 1024, "PagerDuty: 1,024 characters of summary"
    assert payload["source"]
    assert datetime.fromisoformat(payload["timestamp"]).tzinfo is not None
    assert len(json.dumps(payload)) <= 512 * 1024
