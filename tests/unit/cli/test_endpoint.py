"""Where the command finds the API."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from mooring.errors import ConfigurationError
from mooring_cli.endpoint import find_endpoint

ENVIRONMENT = {"MOORING_URL": "https://mooring.example.com/", "MOORING_TOKEN": "from-environment"}


def stack(directory: Path, pid: int) -> None:
    (directory / ".local").mkdir()
    document = {"mooring": {"url": "http://127.0.0.1:9", "token": "from-stack"}, "pids": {"runner": pid}}
    (directory / ".local/stack.json").write_text(json.dumps(document))


def test_a_running_stack_is_found_from_below_its_folder(tmp_path: Path) -> None:
    """A stack above the current folder wins over the environment."""
    # GIVEN a running stack, and a folder deep below it
    stack(tmp_path, os.getpid())
    below = tmp_path / "a/b"
    below.mkdir(parents=True)
    # WHEN the API is looked for from there
    found = find_endpoint(url=None, token=None, environment=ENVIRONMENT, directory=below)
    # THEN it is the stack's
    assert ("http://127.0.0.1:9", "from-stack") == (found.url, found.token)


def test_a_stack_that_has_ended_gives_way_to_the_environment(tmp_path: Path) -> None:
    """A file left over by a killed stack is not used."""
    stack(tmp_path, 2**22 + 1)
    found = find_endpoint(url=None, token=None, environment=ENVIRONMENT, directory=tmp_path)
    assert ("https://mooring.example.com", "from-environment") == (found.url, found.token)


def test_flags_win(tmp_path: Path) -> None:
    """`--url` and `--token` are stronger than anything found."""
    stack(tmp_path, os.getpid())
    found = find_endpoint(url="http://other:1", token="t", environment=ENVIRONMENT, directory=tmp_path)
    assert ("http://other:1", "t") == (found.url, found.token)


def test_another_api_never_gets_the_stacks_token(tmp_path: Path) -> None:
    """A token belongs to the address that it was found with."""
    stack(tmp_path, os.getpid())
    found = find_endpoint(url="http://other:1", token=None, environment={}, directory=tmp_path)
    assert found.token == ""


@pytest.mark.parametrize(
    ("left_over", "words"), [(True, "not running"), (False, "set MOORING_URL")], ids=["left over", "nothing"]
)
def test_nothing_to_talk_to_says_what_to_do(tmp_path: Path, left_over: bool, words: str) -> None:
    """Without an API, the error names the next step."""
    if left_over:
        stack(tmp_path, 2**22 + 1)
    with pytest.raises(ConfigurationError, match=f"{words}.*"):
        find_endpoint(url=None, token=None, environment={}, directory=tmp_path)


def test_an_address_must_be_http(tmp_path: Path) -> None:
    """A file URL, or a bare host, is refused and named."""
    with pytest.raises(ConfigurationError, match="--url: must be an http"):
        find_endpoint(url="file:///etc/passwd", token=None, environment={}, directory=tmp_path)
