"""What the settings say of commits and pull requests."""

from __future__ import annotations

import pytest

from mooring.errors import ConfigurationError
from mooring.flows.images.ports import read_image_settings
from mooring.source.drafts import Person
from mooring.writeback.updates import MOORING, Style


def test_commits_are_as_the_settings_say() -> None:
    """GIVEN Image Updater's keys and labels, each has its place; without them, the usual holds."""
    assert Style() == read_image_settings({}).style
    assert MOORING == Style().by
    data = {
        "git.user": "robot",
        "git.email": "robot@example.com",
        "git.commit-message-template": "{{.AppName}}",
        "git.commit-sign-off": "true",
        "git.pull-request-labels": "images, mooring,",
    }
    style = read_image_settings(data).style
    robot = Person("robot", "robot@example.com")
    assert Style("{{.AppName}}", robot, None, sign_off=True, labels=("images", "mooring")) == style
    assert robot == style.by
    with pytest.raises(ConfigurationError, match="git.email"):
        read_image_settings({"git.email": "<x>"})
