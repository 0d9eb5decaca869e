"""Fingers that know Argo CD's command: its verbs are there, or say what to do instead."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import click
import pytest

from mooring_cli.commands import command
from tests.unit.cli.fake_api import Outcome

Mooring = Callable[..., Outcome]

# Argo CD, command reference, release 3.
ARGO_CD: Final = {
    "account": "bcrypt can-i delete-token generate-token get get-user-info list session-token update-password",
    "admin": "",
    "app": "actions add-source confirm-deletion create delete delete-resource diff edit get get-resource history list logs "
    "manifests patch patch-resource remove-source resources rollback set sync terminate-op unset wait",
    "appset": "create delete generate get list",
    "cert": "add-ssh add-tls list rm",
    "cluster": "add get list rm rotate-auth set",
    "completion": "",
    "configure": "",
    "context": "",
    "gpg": "add get list rm",
    "login": "",
    "logout": "",
    "proj": "add-destination add-destination-service-account add-orphaned-ignore add-signature-key add-source "
    "add-source-namespace allow-cluster-resource allow-namespace-resource create delete deny-cluster-resource "
    "deny-namespace-resource edit get list remove-destination remove-orphaned-ignore remove-signature-key remove-source "
    "role set windows",
    "relogin": "",
    "repo": "add get list rm",
    "repocreds": "add list rm",
    "version": "",
}
VERBS: Final = [f"{group} {verb}".strip() for group, verbs in ARGO_CD.items() for verb in verbs.split() or [""]]


@pytest.mark.parametrize("typed", VERBS)
def test_every_verb_of_argo_cd_is_there_or_says_what_to_do(mooring: Mooring, typed: str) -> None:
    """GIVEN a verb of Argo CD's command WHEN it is typed THEN it is there, or the error names what to do instead."""
    if _is_there(typed):
        return
    outcome = mooring(*typed.split())
    assert (2, "") == (outcome.code, outcome.out)
    assert "No such command" not in outcome.err, outcome.err
    assert "mooring" in outcome.err.partition("\n")[0], outcome.err


def _is_there(typed: str) -> bool:
    found: click.Command | None = command()
    for word in typed.split():
        assert isinstance(found, click.Group)
        found = found.get_command(click.Context(found), word)
        if found is None:
            return False
    return True


def test_what_nobody_knows_stays_unknown(mooring: Mooring) -> None:
    """GIVEN a word that is no verb anywhere WHEN it is typed THEN that is said, with where the verbs are listed."""
    outcome = mooring("app", "frobnicate")
    assert (2, True, True) == (outcome.code, "No such command" in outcome.err, "--help" in outcome.err)


def test_instead_is_said_by_the_full_name(mooring: Mooring) -> None:
    """GIVEN a verb below a group of a group WHEN it is typed by an alias THEN the error names it in full."""
    told = mooring("proj", "role", "add-policy", "p", "r").err
    assert told.startswith("error: project role add-policy: roles and their policies are part of the AppProject"), told


def test_lists_and_gets_print_what_programs_read() -> None:
    """GIVEN each `list` and `get` WHEN its options are looked at THEN it takes `-o`, and lists of the API take `-w`."""
    without = {
        name for name, verb in _verbs(command()) if name.split()[-1] in ("list", "get") and not _takes(verb, "-o")
    }
    assert set() == without
    unwatched = {name for name, verb in _verbs(command()) if name.endswith(" list") and not _takes(verb, "-w")}
    # the first asks a function that people wait for, the second no API, the third a code host
    assert {"app actions list", "context list", "webhook list"} == unwatched


def _verbs(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    ctx = click.Context(group)
    for name in group.list_commands(ctx):
        found = group.get_command(ctx, name)
        if isinstance(found, click.Group):
            yield from _verbs(found, (*path, name))
        elif found is not None:
            yield " ".join((*path, name)), found


def _takes(verb: click.Command, option: str) -> bool:
    return any(option in each.opts for each in verb.params)
