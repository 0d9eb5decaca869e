"""Files that are encrypted with SOPS, opened for a render.

They are opened here, because charts and generators read them: in memory where we read a file ourselves, as files in the
scratch folder (mode 0700, gone when the render ends) where a tool does; never in the checkout. All files of a step go
through one process (`sopskit`, see ADR 0082), and what a key service said of a data key is remembered until the
invocation ends. Nothing of a file's plain content ever becomes part of an error: errors name the file, what is wrong
with it, and for a missing key all keys that the file names.

What is not read by name (files of a chart that its templates read with `.Files.Get`) stays encrypted.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson

from mooring.errors import ConfigurationError, DecryptError, ForbiddenError, UnreachableError

__all__ = ["SopsFile", "SopsOpener", "SopsOpening", "form_of"]

_TIMEOUT: Final = 60.0  # seconds
_KEPT: Final = 4096  # parts of data keys
_SEALED: Final = b"ENC[AES256_GCM,"
_FORMS: Final = (
    ("dotenv", re.compile(rb"^sops_mac=ENC\[", re.MULTILINE)),
    ("ini", re.compile(rb"^\[sops\]\s*$", re.MULTILINE)),
    ("yaml", re.compile(rb"^(sops|\"sops\"|'sops'):", re.MULTILINE)),
)
_IDENTITY: Final = re.compile(r"^AGE-SECRET-KEY-[0-9A-Z-]+\s*$", re.MULTILINE)
_ARMORED: Final = re.compile(r"-----BEGIN PGP PRIVATE KEY BLOCK-----.*?-----END PGP PRIVATE KEY BLOCK-----", re.DOTALL)
_RULE: Final = "; project {!r} permits {} (metadata.annotations[mooring.dev/secrets].sopsKeys)"
_ROLE: Final = "; KMS is asked as {}, the role of project {!r} (metadata.annotations[mooring.dev/secrets].sopsRole)"
_PASSED: Final = ("AWS_", "NO_PROXY", "HTTPS_PROXY", "SSL_CERT_")


def form_of(name: str, content: bytes) -> str:
    """The format of a SOPS file (`yaml`, `json`, `dotenv`, `ini`, `binary`); empty for any other file.

    The content tells, since the name need not; only JSON may be either a tree of its own or a file of any kind in it.
    Source: SOPS documentation, "Important information on types" and "Encrypting binary files".
    """
    if _SEALED not in content:
        return ""
    if content.lstrip()[:1] == b"{":
        try:
            tree = orjson.loads(content)
        except orjson.JSONDecodeError:
            return ""
        if not isinstance(tree, dict) or not isinstance(tree.get("sops"), dict):
            return ""
        return "json" if name.endswith((".json", ".yaml", ".yml")) or tree.keys() != {"data", "sops"} else "binary"
    return next((form for form, mark in _FORMS if mark.search(content)), "")


@dataclass(frozen=True, slots=True)
class SopsFile:
    """An encrypted file: what to call it in errors, and its content."""

    where: str
    form: str
    content: bytes = field(repr=False)


class SopsOpener:
    """Opens SOPS files with the keys of this installation.

    `keys` gives the text of age identities and armored PGP keys for a project; it is asked when a file needs it.
    `assume` gives the AWS variables of a role's session; it is asked when a file names a key of KMS.
    """

    def __init__(
        self,
        tool: str,
        keys: Callable[[str], str],
        environment: Mapping[str, str],
        assume: Callable[[str], Mapping[str, str]] | None = None,
    ) -> None:
        self._tool = tool
        self._assume = assume
        self._keys = keys
        # The tool asks KMS by the function's role: the role's credentials and nothing else of the environment.
        self._environment = {name: value for name, value in environment.items() if name.startswith(_PASSED)}
        self._known: dict[tuple[str, tuple[str, ...] | None, str], dict[str, str]] = {}

    def __repr__(self) -> str:
        return "SopsOpener(…)"

    def forget(self) -> None:
        """Drops the data keys that are remembered; at the end of an invocation."""
        self._known.clear()

    def open(
        self, files: Iterable[SopsFile], project: str, permitted: tuple[str, ...] | None = None, role: str = ""
    ) -> list[tuple[bytes, list[str]]]:
        """The plain content of each file and the values that were encrypted in it, in their order.

        `permitted` are patterns (of Go's `path.Match`) of the keys that the project may use, None for all of them; with
        a `role`, KMS is asked as that role and never as the function. Raises `DecryptError` naming the first file that
        can't be opened, `ForbiddenError` for the role, and what reading the keys raises.
        """
        files = list(files)
        text = self._keys(project)
        # Data keys are remembered by project: what one may open, another may not.
        known = self._known.setdefault((project, permitted, role), {})
        request = {
            "files": [{"format": each.form, "content": base64.b64encode(each.content).decode()} for each in files],
            "identities": _IDENTITY.findall(text) and ["\n".join(_IDENTITY.findall(text))],
            "pgp": _ARMORED.findall(text),
            "known": known,
            "allowed": permitted,
        }
        # The ARN of a key stands in every format as it is; files for other keys need no session.
        asked = role if any(b"arn:" in each.content for each in files) else ""
        answer = self._run(orjson.dumps(request), self._as(asked, project) if asked else self._environment)
        known.update(answer["known"])
        if len(known) > _KEPT:
            known.clear()
        opened = []
        for each, found in zip(files, answer["files"], strict=True):
            if kind := found.get("kind"):
                rule = "" if permitted is None else _RULE.format(project, ", ".join(permitted) or "no key")
                rule += _ROLE.format(asked, project) if asked else ""
                raise _trouble(each.where, kind, found.get("tried") or (), rule)
            opened.append((base64.b64decode(found.get("plain") or ""), found.get("values") or []))
        return opened

    def _as(self, role: str, project: str) -> dict[str, str]:
        if self._assume is None:
            raise ForbiddenError(f"no role can be assumed here{_ROLE.format(role, project)}")
        try:
            return {**self._environment, **self._assume(role)}
        except ForbiddenError as error:
            raise ForbiddenError(f"{error.message}{_ROLE.format(role, project)}") from None

    def _run(self, request: bytes, environment: Mapping[str, str]) -> dict[str, Any]:
        import subprocess  # most renders start nothing

        try:
            done = subprocess.run(
                [self._tool], input=request, capture_output=True, timeout=_TIMEOUT, check=False, env=environment
            )
        except subprocess.TimeoutExpired:
            message = f"SOPS files took longer than {_TIMEOUT:g} s to open: can KMS be reached?"
            raise UnreachableError(message) from None
        except OSError as error:
            message = f"sopskit can't be started ({error.strerror}): add it to the tools that Mooring is deployed with"
            raise DecryptError(message) from None
        if done.returncode != 0:
            # Its words are its own and quote nothing of what it was given.
            told = done.stderr.decode(errors="replace").strip().removeprefix("sopskit: ")[:200]
            raise ConfigurationError(f"the keys for SOPS can't be used: {told}; correct the secret", field="sops")
        answer: dict[str, Any] = orjson.loads(done.stdout)
        return answer


def _trouble(where: str, kind: str, tried: Iterable[str], rule: str) -> DecryptError:
    match kind:
        case "key":
            told = "; ".join(tried) + rule
            return DecryptError(
                f"{where}: none of the keys that the file names opens it: {told}; keep one of them for "
                "Mooring, or add one of Mooring's to the file with `sops updatekeys`"
            )
        case "mac":
            return DecryptError(
                f"{where}: its MAC does not fit: it was changed by something else than sops after it was encrypted "
                "(a merge, an editor); restore the file, or edit it with `sops`"
            )
        case "value":
            return DecryptError(f"{where}: a value can't be decrypted by the file's own key; restore the file")
        case _:
            return DecryptError(f"{where}: looks like a SOPS file but can't be read as one; encrypt it anew with sops")


@dataclass(slots=True)
class SopsOpening:
    """What one render opens: for one project, with one opener (None where nothing may be opened, as in a preview), and
    with the keys that the project is `permitted` (None for all that there are), asking KMS as its `role`.
    """

    opener: SopsOpener | None
    project: str
    permitted: tuple[str, ...] | None = None
    role: str = ""
    values: set[str] = field(default_factory=set, repr=False)
    used: bool = False

    def contents(self, given: Mapping[str, bytes]) -> dict[str, bytes]:
        """Of files by their names, the plain content of those that are encrypted; the others are left out.

        Raises as `SopsOpener.open`, and `DecryptError` where nothing may be opened.
        """
        files = [
            SopsFile(where, form, content)
            for where, content in given.items()
            if _SEALED in content and (form := form_of(where, content))
        ]
        if not files:
            return {}
        if self.opener is None:
            raise DecryptError(f"{files[0].where}: is encrypted with SOPS, and no secret is opened here")
        self.used = True
        plain: dict[str, bytes] = {}
        opened = self.opener.open(files, self.project, self.permitted, self.role)
        for each, (content, values) in zip(files, opened, strict=True):
            plain[each.where] = content
            self.values.update(values)
        return plain

    def files(self, paths: Iterable[str], scratch: Path, shown: Mapping[str, str]) -> dict[str, str]:
        """Of files by their absolute paths, where those that are encrypted lie in plain: below `scratch`, with the
        same names. `shown` is what to call each in errors. Raises as `contents`.
        """
        named = {shown.get(path, path): path for path in paths}
        plain = self.contents({where: content for where, path in named.items() if (content := _read(path))})
        placed: dict[str, str] = {}
        if plain:
            (scratch / "opened").mkdir(mode=0o700)
        for number, (where, content) in enumerate(plain.items()):
            folder = scratch / "opened" / str(number)
            folder.mkdir(mode=0o700)
            target = folder / os.path.basename(named[where])
            target.write_bytes(content)
            placed[named[where]] = os.fspath(target)
        return placed


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError:
        return b""  # the tool that needs the file says what is wrong with it
