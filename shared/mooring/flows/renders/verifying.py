"""Whether commits bear the signatures that a project asks for, before anything of them is rendered.

As Argo CD's "Git GnuPG signature verification": each git source of an application is looked at by itself; where its
target is an annotated tag, the tag has to be signed, otherwise the commit. Charts are not looked at. An application
whose project asks for nothing costs nothing; one whose project does costs, for each new revision, two local processes
and a read of the keyring, and for a target that is a tag two requests to the repository.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from mooring.access.integrity import SignaturePolicy, policy_for
from mooring.access.project import Project
from mooring.errors import RenderError
from mooring.source import Repositories
from mooring.source.openpgp import check_openpgp
from mooring.source.signatures import OPENPGP, SSH, Refused, split_commit, split_tag
from mooring.source.sshsig import check_ssh, fingerprint
from mooring.state.gpgkeys import GpgKeys
from mooring.state.wanted import Input

__all__ = ["NotSignedError", "verify_sources"]


class NotSignedError(RenderError):
    """A commit does not bear the signature that its project asks for."""


def verify_sources(
    project: Project,
    revisions: Mapping[Input, str],
    repositories: Repositories,
    keyring: GpgKeys,
    now: datetime,
) -> None:
    """Checks the commits that an application's inputs have now; `revisions` are by input.

    Raises `NotSignedError` naming commit, key and rule for the first that is refused, and what reading them raises.
    """
    if not project.signatures:
        return
    known: dict[str, str] | None = None
    for each, sha in revisions.items():
        policy = policy_for(project.signatures, each.url) if each.in_git else None
        if policy is None:
            continue
        if known is None:
            known = keyring.read() if any(one.gpg for one in project.signatures) else {}
        kind, raw = repositories.signed(each.url, each.target, sha)
        try:
            _check(policy, kind, sha, raw, known, now)
        except Refused as refused:
            raise NotSignedError(
                f"commit {sha} of {each.url} {refused}; the project {project.name!r} asks for a signature by "
                f"{_names(policy)} ({policy.field})",
                field="spec.source.targetRevision",
            ) from None


def _check(policy: SignaturePolicy, kind: str, sha: str, raw: bytes, keyring: Mapping[str, str], now: datetime) -> None:
    signed = split_tag(sha, raw) if kind == "tag" else split_commit(sha, raw)
    if signed.signature.startswith(OPENPGP):
        if not policy.gpg:
            raise Refused("is signed with OpenPGP, not with SSH")
        check_openpgp(signed.payload, signed.signature, keyring, policy.gpg, now)
    elif signed.signature.startswith(SSH):
        if not policy.ssh:
            raise Refused("is signed with SSH, not with OpenPGP")
        check_ssh(signed.payload, signed.signature, policy.ssh)
    else:
        raise Refused("has a signature that is neither OpenPGP's nor SSH's")


def _names(policy: SignaturePolicy) -> str:
    names: Iterable[str] = (*policy.gpg, *(fingerprint(each) for each in policy.ssh))
    return " or ".join(names)
