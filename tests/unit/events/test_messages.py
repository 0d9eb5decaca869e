"""Messages of the queues: read as they were written, and nothing else."""

from __future__ import annotations

import pytest

from mooring.errors import ConfigurationError
from mooring.events.bodies import parse_later, parse_render, parse_sync, to_body
from mooring.events.messages import (
    AppMessage,
    Cause,
    ClusterMessage,
    Later,
    Message,
    ObjectMessage,
    RepositoryMessage,
)
from mooring.model.application import AppKey
from mooring.model.objects import ObjectKey

APP = AppKey("argocd", "shop")


@pytest.mark.parametrize(
    "message",
    [
        AppMessage(APP, Cause("push", "id", "octocat", "2026-01-01T00:00:00Z")),
        AppMessage(APP, Cause("tick")),
        ClusterMessage("in-cluster", Cause("tick")),
        ClusterMessage("in-cluster", Cause("render"), (APP, AppKey("team", "x")), True, 3),
        ClusterMessage("in-cluster", Cause("person", "id", "ada"), check="id"),
        ClusterMessage("in-cluster", Cause("tick"), sets=("argocd/shops", "team/others")),
        ObjectMessage("in-cluster", (ObjectKey("apps", "Deployment", "shop", "web"),), Cause("watch"), APP),
        ObjectMessage("in-cluster", (ObjectKey("", "Pod", "shop", "web-1"),), Cause("person"), APP, act="01KJ"),
        ObjectMessage(
            "in-cluster", (ObjectKey("", "Namespace", "", "shop"),), Cause("audit", at="2026-01-01T00:00:00Z")
        ),
        RepositoryMessage("github.com/acme/shop", Cause("push", "id")),
    ],
)
def test_messages_survive_the_queue(message: Message) -> None:
    """GIVEN a message WHEN written and read, directly and through `later`, THEN it is the same."""
    parse = parse_render if isinstance(message, RepositoryMessage) else parse_sync
    assert message == parse(to_body(message))
    later = Later("syncs", message)
    assert later == parse_later(to_body(later))


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "{}",
        '{"v": 2, "app": "a/b"}',
        '{"v": 1}',
        '{"v": 1, "app": "A B"}',
        '{"v": 1, "app": 5}',
        '{"v": 1, "cluster": "c", "objects": [["a"]]}',
        '{"v": 1, "cluster": "c", "objects": "all"}',
    ],
)
def test_anything_else_is_refused(body: str) -> None:
    """GIVEN a body that is no message WHEN read THEN it is refused, so that it ends as a dead letter."""
    for parse in (parse_render, parse_sync):
        with pytest.raises(ConfigurationError):
            parse(body)


def test_queues_take_their_own_messages() -> None:
    """GIVEN a message of the other queue WHEN read THEN it is refused."""
    with pytest.raises(ConfigurationError, match="repository"):
        parse_render(to_body(ClusterMessage("in-cluster", Cause("tick"))))
    with pytest.raises(ConfigurationError, match="cluster"):
        parse_sync(to_body(RepositoryMessage("github.com/acme/shop", Cause("tick"))))


@pytest.mark.parametrize(
    "body", ['{"v": 1}', '{"v": 1, "to": "moon", "message": {}}', '{"v": 1, "to": "syncs", "message": []}']
)
def test_later_needs_a_queue_and_a_message(body: str) -> None:
    """GIVEN a body that says not where to WHEN read THEN it is refused."""
    with pytest.raises(ConfigurationError):
        parse_later(body)
