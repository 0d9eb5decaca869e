"""What a pull request says: which application gets which image, and where that image comes from.

Names, tags and labels come from registries and images, whoever pushed them. So they stand in code spans, where nobody
is mentioned and nothing is a link, and only an https address that an image names as its source becomes one. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from mooring.writeback.updates import ImageChange, Update

__all__ = ["body_for", "title_of"]

_SOURCE: Final = "org.opencontainers.image.source"
_REVISION: Final = "org.opencontainers.image.revision"
_TOLD: Final = ("version", "created", "title", "description", "url", "documentation", "licenses", "vendor", "authors")
_SHA: Final = re.compile(r"[0-9a-f]{7,64}")
_ADDRESS: Final = re.compile(r"https://[A-Za-z0-9._~:/@%+-]+")
_LONGEST_TITLE: Final = 255
_LONGEST_LABEL: Final = 200
_FOOTER: Final = "Kept up to date by Mooring for as long as it is open, and closed when it is obsolete."


def title_of(message: str) -> str:
    """The first line of a commit's message, as Image Updater's pull requests have it."""
    return message.strip().partition("\n")[0][:_LONGEST_TITLE]


def body_for(updates: Sequence[Update], *, limit: int) -> str:
    """A table of what changes, then what is known of each image; at most `limit` characters, the rest is counted."""
    rows = [(update.key, image) for update in updates for image in update.images]
    head = "| application | image | from | to |\n| --- | --- | --- | --- |"
    lines = [f"| {_code(key)} | {_code(one.image)} | {_code(one.old)} | {_code(one.new)} |" for key, one in rows]
    others = [f"- {_code(update.key)}: {_paths(update)}" for update in updates if not update.images]
    images = {(one.image, one.new): one for _, one in rows}
    notes = [text for one in images.values() if (text := _about(one))]
    left = limit - len(_FOOTER) - 100
    parts = []
    for heading, entries, what in ((head, lines, "changes"), ("", others, "applications"), ("", notes, "images")):
        if entries:
            text = _fitting(heading, entries, what, left)
            left -= len(text) + 2
            parts.append(text)
    return "\n\n".join([*parts, _FOOTER])


def _fitting(heading: str, entries: list[str], what: str, limit: int) -> str:
    text = heading
    for number, each in enumerate(entries):
        if len(text) + len(each) + 1 > limit:
            return f"{text}\n\n… and {len(entries) - number} more {what}: see the commits".strip()
        text = f"{text}\n{each}" if text else each
    return text


def _about(image: ImageChange) -> str:
    told = {name: image.labels.get(f"org.opencontainers.image.{name}", "").strip() for name in _TOLD}
    link = _revision(image)
    lines = [f"  - source: {link}"] if link else []
    lines += [f"  - {name}: {_code(value[:_LONGEST_LABEL])}" for name, value in told.items() if value]
    return "\n".join([f"- {_code(f'{image.image}:{image.new}')}", *lines]) if lines else ""


def _revision(image: ImageChange) -> str:
    """A link to the commit that an image was built from, as far as its labels tell."""
    source = image.labels.get(_SOURCE, "").strip().removesuffix("/").removesuffix(".git")
    revision = image.labels.get(_REVISION, "").strip()
    known = bool(_SHA.fullmatch(revision))
    if not _ADDRESS.fullmatch(source):
        return _code(revision) if known else ""
    if not known:
        return f"<{source}>"
    host = urlsplit(source).netloc
    way = "/-/commit/" if "gitlab" in host else "/commits/" if "bitbucket" in host else "/commit/"
    return f"[{revision[:12]}]({source}{way}{revision})"


def _paths(update: Update) -> str:
    return ", ".join(_code(path) for path in dict.fromkeys(each.path for each in update.edits))


def _code(text: str) -> str:
    plain = "".join(c if c.isprintable() else " " for c in text.replace("`", "'").replace("|", "/")).strip()
    return f"`{plain}`" if plain else ""
