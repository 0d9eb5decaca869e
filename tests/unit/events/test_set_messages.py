"""Messages about ApplicationSets."""

from __future__ import annotations

import pytest

from mooring.errors import ConfigurationError
from mooring.events.bodies import parse_later, parse_render, parse_sync, to_body
from mooring.events.messages import ApplicationSetMessage, Cause, Later


@pytest.mark.parametrize(
    "message",
    [
        ApplicationSetMessage("argocd/fleet", Cause("push", "delivery", "ada")),
        ApplicationSetMessage("argocd/fleet", Cause("render"), progress=True),
        ApplicationSetMessage("argocd/fleet", Cause("person", by="ada"), preview="P1"),
    ],
)
def test_they_come_back_as_they_were_sent(message: ApplicationSetMessage) -> None:
    """GIVEN a message WHEN it passes through renders.fifo, or waits before, THEN it is the same."""
    assert message == parse_render(to_body(message))
    assert Later("renders", message) == parse_later(to_body(Later("renders", message)))


def test_sync_takes_none() -> None:
    """GIVEN a message about a set WHEN it comes to `sync` THEN it is refused: sets are evaluated where git is."""
    with pytest.raises(ConfigurationError, match="must name an app or a cluster"):
        parse_sync(to_body(ApplicationSetMessage("argocd/fleet", Cause("tick"))))
