"""The text of a commit: what git hashes, signs and keeps.

Written here rather than by `git commit`, which would want a checkout and an identity of its own; the form is that of
git's object database (Git, "git-cat-file", "git-hash-object"; a signature stands in the header `gpgsig`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

__all__ = ["Draft", "Known", "Person", "Signer", "commit_text", "read_commit"]

Signer = Callable[[bytes], bytes]
"""Makes an armored signature of a commit's text."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who a commit is by."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A commit to be made: the files that differ from those of `base`, and the commits that come before it.

    `when` is in seconds since the epoch.
    """

    base: str
    parents: tuple[str, ...]
    files: Mapping[str, bytes]
    message: str
    author: Person
    committer: Person
    when: int


@dataclass(frozen=True, slots=True)
class Known:
    """A commit that is there: its tree, its parents, and its committer's email address."""

    tree: str
    parents: tuple[str, ...]
    committer: str


def commit_text(draft: Draft, tree: str, sign: Signer | None = None) -> bytes:
    """A commit of a tree as git keeps it, signed where a signer is given."""
    head = [f"tree {tree}", *(f"parent {each}" for each in dict.fromkeys(draft.parents))]
    head += [f"{role} {_stamp(who, draft.when)}" for role, who in _people(draft)]
    body = f"\n\n{draft.message.strip()}\n"
    text = ("\n".join(head) + body).encode()
    if sign is None:
        return text
    signature = sign(text).decode("ascii").strip().replace("\n", "\n ")
    return ("\n".join([*head, f"gpgsig {signature}"]) + body).encode()


def read_commit(text: bytes) -> Known:
    """What a commit as git keeps it says of itself."""
    tree, parents, email = "", [], ""
    for line in text.partition(b"\n\n")[0].decode("utf-8", "replace").split("\n"):
        name, _, value = line.partition(" ")
        if name == "tree":
            tree = value
        elif name == "parent":
            parents.append(value)
        elif name == "committer":
            email = value.rpartition("<")[2].partition(">")[0]
    return Known(tree, tuple(parents), email)


def _people(draft: Draft) -> tuple[tuple[str, Person], ...]:
    return ("author", draft.author), ("committer", draft.committer)


def _stamp(who: Person, when: int) -> str:
    """Git keeps names and addresses between angle brackets and on one line."""
    name, email = (
        "".join(c for c in text if c.isprintable() and c not in "<>").strip() for text in (who.name, who.email)
    )
    return f"{name} <{email}> {when} +0000"
