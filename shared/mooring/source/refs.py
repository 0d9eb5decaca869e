"""What a `targetRevision` names, given the references that a server advertises. Pure.

The order follows Argo CD ("Tracking and Deployment Strategies" and the code behind it): a full SHA is taken as it is,
then ranges over tags, then names, then abbreviated SHAs. Where a branch and a tag share a name, Argo CD's documentation
promises neither; the branch wins here, always, and `refs/tags/NAME` names the tag.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from mooring.errors import ConfigurationError

__all__ = [
    "Resolution",
    "Resolutions",
    "branch_of",
    "find_name",
    "is_abbreviated",
    "is_sha",
    "may_be_range",
    "needs_everything",
    "parse_advertised",
    "tags_of",
    "unknown_revision",
]

_SHA = re.compile(r"[0-9A-Fa-f]{40}")
_ABBREVIATED = re.compile(r"[0-9A-Fa-f]{7,39}")
_MAYBE_RANGE = re.compile(r"\s*[=!<>~^]{0,2}\s*v?[0-9xX*|]")
_UNUSABLE = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|^[-/.]|[/.]$|\.lock$")


@dataclass(frozen=True, slots=True)
class Resolution:
    """The commit that a revision names right now; `ref` is the reference that led there, empty for a SHA."""

    revision: str
    sha: str
    ref: str = ""


Resolutions: TypeAlias = dict[str, Resolution | ConfigurationError]
"""What each revision names; an error in place of those that name nothing."""


def is_sha(revision: str) -> bool:
    """Forty hexadecimal digits: a commit, whatever a server says."""
    return _SHA.fullmatch(revision) is not None


def is_abbreviated(revision: str) -> bool:
    """Seven to thirty-nine hexadecimal digits: perhaps the beginning of a commit's SHA."""
    return _ABBREVIATED.fullmatch(revision) is not None


def may_be_range(revision: str) -> bool:
    """False where a revision is certainly no version range, which spares the question."""
    return _MAYBE_RANGE.match(revision) is not None


def branch_of(revision: str) -> str | None:
    """The reference to ask for when a revision most likely follows a branch; None where the server's list is needed."""
    if revision in {"", "HEAD"}:
        return "HEAD"
    if is_sha(revision) or is_abbreviated(revision) or may_be_range(revision) or _UNUSABLE.search(revision):
        return None
    if revision.startswith("refs/"):
        return None if revision.startswith("refs/tags/") else revision
    return f"refs/heads/{revision}"


def needs_everything(revision: str) -> bool:
    """Whether a revision may be something else than a branch or a tag: HEAD, a pull request, a reference in full."""
    return revision in {"", "HEAD"} or revision.startswith(("refs/", "pull/", "merge-requests/"))


def parse_advertised(text: str) -> dict[str, str]:
    """Reference → SHA from the output of `git ls-remote`; an annotated tag counts as the commit that it points to."""
    refs: dict[str, str] = {}
    for line in text.splitlines():
        sha, separator, name = line.partition("\t")
        if separator and is_sha(sha):
            # A peeled line (`NAME^{}`) follows the line of its tag, and replaces it.
            refs[name.removesuffix("^{}")] = sha
    return refs


def tags_of(refs: Mapping[str, str]) -> list[str]:
    """Names of the tags, in the server's order."""
    return [name.removeprefix("refs/tags/") for name in refs if name.startswith("refs/tags/")]


def find_name(revision: str, refs: Mapping[str, str]) -> Resolution | None:
    """What a name stands for: itself in full, then a branch, then a tag, then anything below `refs/`."""
    name = revision or "HEAD"
    candidates = (name, f"refs/heads/{name}", f"refs/tags/{name}", f"refs/{name}")
    for ref in candidates if name != "HEAD" else ("HEAD",):
        if ref in refs and (ref == "HEAD" or ref.startswith("refs/")):
            return Resolution(revision, refs[ref], ref)
    return None


def unknown_revision(revision: str, refs: Iterable[str]) -> ConfigurationError:
    """The error for a revision that names nothing; says which names are near."""
    import difflib

    field = "spec.source.targetRevision"
    names = [re.sub(r"^refs/(heads|tags)/", "", ref) for ref in refs if ref != "HEAD"]
    if not names:
        return ConfigurationError("the repository has no commits yet; push one", field=field)
    near = difflib.get_close_matches(revision, list(dict.fromkeys(names))[:5000], n=3, cutoff=0.6)
    hint = f"; did you mean {' or '.join(near)}?" if near else "; name a branch, a tag, a commit or a version range"
    return ConfigurationError(f"{revision or 'HEAD'} is unknown to the repository{hint}", field=field)
