"""Messages about images: read as they were written, and kept apart from those of other queues."""

from __future__ import annotations

import pytest

from mooring.errors import ConfigurationError
from mooring.events.bodies import parse_images, parse_later, parse_note, parse_render, parse_sync, to_body
from mooring.events.messages import AppMessage, Cause, ImagesMessage, Later
from mooring.model.application import AppKey

APP = AppKey("argocd", "shop")


@pytest.mark.parametrize(
    "message",
    [
        ImagesMessage(Cause("tick")),
        ImagesMessage(Cause("image", "id", "octocat"), images=("docker.io/library/nginx", "ghcr.io/shop/web")),
        ImagesMessage(Cause("person", by="ada"), (APP, AppKey("team", "x")), plan="01KJ"),
        ImagesMessage(Cause("tick"), repository="github.com/acme/shop"),
        ImagesMessage(Cause("tick"), repository=""),
    ],
)
def test_they_survive_the_queue(message: ImagesMessage) -> None:
    """GIVEN a message WHEN written and read, directly and through `later`, THEN it is the same."""
    assert message == parse_images(to_body(message))
    later = Later("images", message)
    assert later == parse_later(to_body(later))


def test_no_queue_takes_those_of_another() -> None:
    """GIVEN a message that came to the wrong queue, it is refused."""
    body = to_body(ImagesMessage(Cause("tick")))
    for parse in (parse_render, parse_sync, parse_note):
        with pytest.raises(ConfigurationError):
            parse(body)
    with pytest.raises(ConfigurationError, match="images"):
        parse_images(to_body(AppMessage(APP, Cause("tick"))))
