"""What settings say of images, and what they can't say."""

from __future__ import annotations

import pytest

from mooring.errors import ConfigurationError
from mooring.flows.rules.images import read_image_settings


def test_settings_of_image_updater() -> None:
    """Registries, author, message and sign-off are read from the keys that Image Updater has for them."""
    found = read_image_settings(
        {
            "registries.conf": "registries:\n- {name: here, prefix: images.example.com, default: true}\n",
            "git.user": "robot",
            "git.email": "robot@example.com",
            "git.commit-message-template": "{{.AppName}}",
            "git.commit-sign-off": "true",
        }
    )
    assert ["images.example.com"] == [each.prefix for each in found.endpoints]
    assert ("robot", "robot@example.com") == (found.style.author.name, found.style.author.email)
    assert ("{{.AppName}}", True) == (found.style.template, found.style.sign_off)
    assert ((), "mooring") == (read_image_settings({}).endpoints, read_image_settings({}).style.author.name)


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"registries.conf": "registries: [{prefix: x}]"}, r"data[registries.conf].registries[0].name"),
        ({"git.commit-sign-off": "yes"}, "data[git.commit-sign-off]"),
        ({"git.email": "a@b>\nevil"}, "data[git.email]"),
    ],
)
def test_what_can_not_be_read_is_named(data: dict[str, str], field: str) -> None:
    """GIVEN a setting that means nothing, the error names its key."""
    with pytest.raises(ConfigurationError) as caught:
        read_image_settings(data)
    assert field in (caught.value.field or "")
