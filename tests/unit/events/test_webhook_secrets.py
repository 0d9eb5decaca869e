"""What webhooks are verified with, as one secret holds it."""

from __future__ import annotations

import pytest

from mooring.errors import ConfigurationError
from mooring.events.forges.webhooksecrets import read_webhook_secrets

GITHUB = "webhook.github.secret"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("plain words", {GITHUB: ("plain words",)}),
        ("12345", {GITHUB: ("12345",)}),
        ('{"github": "a"}', {GITHUB: ("a",)}),
        ('{"github": "a", "webhook.github.secret": ["b", "c"]}', {GITHUB: ("a", "b", "c")}),
        (
            '{"webhook.gitlab.secret": "t", "webhook.gogs.secret": "", "admin.password": "x", "server.secretkey": 5}',
            {"webhook.gitlab.secret": ("t",), "webhook.gogs.secret": ()},
        ),
    ],
)
def test_secrets(text: str, expected: dict[str, tuple[str, ...]]) -> None:
    """Keys are Argo CD's; what a stack makes, and a plain text, are GitHub's; other keys are none of our business."""
    assert expected == read_webhook_secrets(text)


def test_a_value_that_is_no_text_is_named() -> None:
    """The error names the key and no value."""
    with pytest.raises(ConfigurationError) as caught:
        read_webhook_secrets('{"webhook.gogs.secret": ["s3cret", 5]}')
    assert "webhook.gogs.secret" == caught.value.field
    assert "s3cret" not in str(caught.value)
