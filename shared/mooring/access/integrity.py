"""Whose signature a commit must bear: `signatureKeys` and `sourceIntegrity` of a project.

Argo CD's "Git GnuPG signature verification" and "Source integrity": the first policy that fits a repository counts, no
other is looked at, and what none fits is not checked. `signatureKeys` is one policy for every repository. The block
`ssh` of a policy is Mooring's own: SSH keys, as they stand in an `id_….pub` file, beside or instead of GnuPG's.
A repository can't leave a policy by another spelling of its address. Pure.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass

from mooring.access.addresses import allowed_form, place_of
from mooring.access.globs import check_glob, is_denial, matches
from mooring.model.fields import Fields

__all__ = ["SignaturePolicy", "key_id", "parse_signatures", "policy_for", "ssh_key"]

_ID = re.compile(r"(?:0x)?(?:[0-9A-Fa-f]{16}|[0-9A-Fa-f]{40})")
_SSH = ("ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521")


@dataclass(frozen=True, slots=True)
class SignaturePolicy:
    """Whose signatures count in which repositories (globs; a leading `!` leaves one out).

    `gpg` are long key ids, `ssh` keys in wire format; where both are empty nothing is checked. `field` is where the
    project says so.
    """

    field: str
    repos: tuple[str, ...]
    gpg: tuple[str, ...] = ()
    ssh: tuple[bytes, ...] = ()


def policy_for(policies: Iterable[SignaturePolicy], address: str) -> SignaturePolicy | None:
    """The policy that a repository falls under; None where its commits need no signature."""
    for policy in policies:
        denied = any(is_denial(each) and _same(each[1:], address) for each in policy.repos)
        if not denied and any(not is_denial(each) and _fits(each, address) for each in policy.repos):
            return policy if policy.gpg or policy.ssh else None
    return None


def _same(pattern: str, address: str) -> bool:
    return matches(pattern, address) or matches(allowed_form(pattern), allowed_form(address))


def _fits(pattern: str, address: str) -> bool:
    return _same(pattern, address) or matches(place_of(pattern), place_of(address))


def parse_signatures(spec: Fields) -> tuple[SignaturePolicy, ...]:
    """The policies of a project's `spec`. Raises `ConfigurationError` naming the field."""
    legacy = tuple(_key(each, "keyID", each.required_text("keyID")) for each in _closed(spec.mappings("signatureKeys")))
    integrity = spec.mapping("sourceIntegrity")
    if integrity is None:
        return (SignaturePolicy("spec.signatureKeys", ("*",), legacy),) if legacy else ()
    if legacy:
        raise spec.error("signatureKeys", "can't be used together with sourceIntegrity; move the keys into a policy")
    if integrity.has("helm"):
        raise integrity.error("helm", "can't be obeyed: the provenance of charts is not checked; remove it")
    git = integrity.mapping("git")
    policies = () if git is None else tuple(_policy(each) for each in _closed(git.mappings("policies")))
    if git is not None:
        git.close()
    integrity.close()
    return policies


def _closed(items: Iterable[Fields]) -> Iterable[Fields]:
    for each in items:
        yield each
        each.close()


def _policy(fields: Fields) -> SignaturePolicy:
    repos = tuple(_repo(fields, index, each) for index, each in enumerate(fields.raw_list("repos")))
    if not repos:
        raise fields.error("repos", "must list patterns of repositories; '*' is every one")
    gpg: list[str] = []
    ssh: list[bytes] = []
    given = False
    for name in ("gpg", "ssh"):
        block = fields.mapping(name)
        if block is None:
            continue
        given = True
        mode, keys = block.text("mode"), block.texts("keys")
        if mode == "strict":
            raise block.error("mode", "strict can't be obeyed: earlier commits are not checked; write head")
        if mode not in ("none", "head"):
            raise block.error("mode", "must be none or head")
        if mode == "head" and not keys:
            raise block.error("keys", "must list the keys that count")
        for index, text in enumerate(keys if mode == "head" else ()):
            if name == "gpg":
                gpg.append(_key(block, f"keys[{index}]", text))
            else:
                ssh.append(_ssh(block, f"keys[{index}]", text))
        block.close()
    if not given:
        raise fields.error("gpg", "must say how commits are checked (or ssh must)")
    return SignaturePolicy(fields.path, repos, tuple(gpg), tuple(ssh))


def _repo(fields: Fields, index: int, given: object) -> str:
    name = f"repos[{index}]"
    pattern = given.get("url") if isinstance(given, dict) else given
    if not isinstance(pattern, str) or not pattern.removeprefix("!"):
        raise fields.error(name, "must be a pattern of repositories")
    if wrong := check_glob(pattern.removeprefix("!")):
        raise fields.error(name, f"{wrong}: {pattern!r}")
    return pattern


def _key(fields: Fields, name: str, text: str) -> str:
    found = key_id(text)
    if found is None:
        raise fields.error(name, f"must be a long key id (16 hexadecimal digits) or a fingerprint (40), not {text!r}")
    return found


def _ssh(fields: Fields, name: str, text: str) -> bytes:
    found = ssh_key(text)
    if found is None:
        raise fields.error(name, f"must be a public key as in a .pub file, of one of the kinds {', '.join(_SSH)}")
    return found


def key_id(text: str) -> str | None:
    """The long key id (16 digits, upper case) that an id or a fingerprint stands for; None for what is neither."""
    plain = text.strip().replace(" ", "")
    return plain[-16:].upper() if _ID.fullmatch(plain) else None


def ssh_key(text: str) -> bytes | None:
    """An SSH public key in wire format from its line in a `.pub` file; None for what is none that can be checked."""
    kind, _, rest = text.strip().partition(" ")
    try:
        blob = base64.b64decode(rest.partition(" ")[0], validate=True)
    except (binascii.Error, ValueError):
        return None
    named = len(kind).to_bytes(4) + kind.encode()
    return blob if kind in _SSH and blob.startswith(named) and len(blob) > len(named) else None
