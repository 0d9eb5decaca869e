"""Secrets that a person hands over: from a file or standard input, never from an argument."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import click

from mooring.errors import ConfigurationError

__all__ = ["login_options", "read_login", "read_secret"]

# The body's field, the option that names its file, and what the file holds.
_LOGIN: Final = (
    ("password", "password_file", "A file with the password (- for standard input)."),
    ("token", "token_file", "A file with an access token (- for standard input)."),
    ("sshPrivateKey", "ssh_private_key_file", "A private key without a passphrase."),
    ("sshKnownHosts", "ssh_known_hosts_file", "The server's keys, as ssh-keyscan prints them."),
)


def login_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say as whom a repository is read; `read_login` takes what they give."""
    for _, option, told in reversed(_LOGIN):
        click.option(f"--{option.replace('_', '-')}", metavar="FILE", help=told)(function)
    return click.option("--username", metavar="NAME", help="For HTTPS, with --password-file.")(function)


def read_login(options: Mapping[str, str | None]) -> dict[str, str]:
    """The fields of a repository's credential that were given. Raises `ConfigurationError`."""
    files = [(field, file) for field, option, _ in _LOGIN if (file := options.get(option))]
    found = {field: read_secret(file, whole=field.startswith("ssh")) for field, file in files}
    return found | ({"username": username} if (username := options.get("username")) else {})


def read_secret(file: str, *, whole: bool = False) -> str:
    """A secret's text (`-` for standard input); a key keeps the line feed at its end, a token or password loses it."""
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"can't read it: {type(error).__name__}", field=file) from error
    return text if whole else text.strip()
