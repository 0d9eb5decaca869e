"""One repository's server: listing its references, fetching from it, and saying what went wrong.

Every command gets the credential anew (a token may have been rotated), for its own length only, and a time limit. Where
it is refused, the command runs once more if another credential is stored by now. A server that answers the bare address
with a redirect to the same address with `.git`, as GitLab does, is asked there from then on: with a credential in place
git follows no redirects.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mooring.errors import ConfigurationError, ForbiddenError, MooringError, UnreachableError
from mooring.source.access import Access, LfsAccess, authorisation, authorise
from mooring.source.credentials import Credential, CredentialStore
from mooring.source.failures import Failure, explain, recognise
from mooring.source.githubapp import InstallationTokens
from mooring.source.process import Git, Outcome, git_environment
from mooring.source.refs import parse_advertised
from mooring.source.urls import FIELD, RepositoryURL

__all__ = ["Remote", "RemoteError"]

_TRANSPORTS = "https:http:ssh"
_REFUSALS = {Failure.REFUSED, Failure.HOST_KEY, Failure.ABSENT}
"""What another credential may help against; servers deny that a repository exists to those who may not see it."""


class RemoteError(Exception):
    """A command that failed: `failure` for those who can do something about it, `error` for users."""

    def __init__(self, failure: Failure, error: MooringError) -> None:
        super().__init__(failure.value)
        self.failure = failure
        self.error = error


class Remote:
    """The server side of one repository. `scratch` is a private folder of ours without dotfiles."""

    def __init__(
        self,
        url: RepositoryURL,
        credentials: CredentialStore,
        tokens: InstallationTokens,
        *,
        git: Git,
        scratch: Path,
        timeout: float,
    ) -> None:
        self._url = url
        self._credentials = credentials
        self._tokens = tokens
        self._git = git
        self._scratch = scratch
        self._timeout = timeout
        self._suffix = ""
        self._transports = f"{_TRANSPORTS}:file" if url.scheme == "file" else _TRANSPORTS

    def list_refs(self, *, everything: bool) -> dict[str, str]:
        """Reference → commit, in the server's order: branches and tags, or `everything` with HEAD. Raises
        `RemoteError`.
        """
        options = [] if everything else ["--heads", "--tags"]
        return parse_advertised(self._run(["ls-remote", "--quiet", *options], [], None).decode("utf-8", "replace"))

    def fetch(self, copy: Path, options: Sequence[str], refspecs: Sequence[str], *, stdin: bytes = b"") -> None:
        """Bring `refspecs` into the bare repository at `copy`, or with `stdin` the objects listed there, one a line.

        Raises `RemoteError`.
        """
        always = ["--quiet", "--no-tags", "--no-write-fetch-head", "--no-show-forced-updates"]
        if stdin:
            self._run(["fetch", *always, *options, "--stdin"], [], copy, stdin)
        else:
            self._run(["fetch", *always, *options], refspecs, copy)

    def default_branch(self) -> str:
        """The branch that HEAD names on the server; empty where it names none. Raises `RemoteError`."""
        said = self._run(["ls-remote", "--quiet", "--symref"], ["HEAD"], None).decode("utf-8", "replace")
        first = said.partition("\n")[0].removeprefix("ref: refs/heads/")
        name, tab, what = first.partition("\t")
        return name if tab and what == "HEAD" and not first.startswith("ref: ") and said.startswith("ref: ") else ""

    def push(self, copy: Path, refspec: str) -> None:
        """Moves one reference of the server forward, from the bare repository at `copy`; never by force.

        Raises `RemoteError`.
        """
        self._run(["push", "--quiet"], [refspec], copy)

    def lfs(self) -> LfsAccess | None:
        """Where LFS objects are asked for; None where the repository isn't registered with `enableLfs`.

        Raises `ConfigurationError` for an address that isn't http(s), and what asking for an app's token raises.
        """
        credential = self._credentials.find(self._url.text)
        if credential is None or not credential.lfs:
            return None
        if not self._url.is_http:
            told = f"{self._url.place}: LFS objects are read over https only; write its https address"
            raise ConfigurationError(told, field=FIELD)
        address = self._url.without_user.rstrip("/").removesuffix(".git")
        return LfsAccess(f"{address}.git/info/lfs", authorisation(credential, self._tokens))

    def _run(
        self, command: Sequence[str], refspecs: Sequence[str], copy: Path | None, stdin: bytes | None = None
    ) -> bytes:
        credential = self._credentials.find(self._url.text)
        try:
            return self._run_as(credential, command, refspecs, copy, stdin)
        except (RemoteError, ForbiddenError) as error:
            if isinstance(error, RemoteError) and error.failure not in _REFUSALS:
                raise
            stored = self._credentials.find(self._url.text, fresh=True)
            if stored == credential:
                raise
        return self._run_as(stored, command, refspecs, copy, stdin)

    def _run_as(
        self,
        credential: Credential | None,
        command: Sequence[str],
        refspecs: Sequence[str],
        copy: Path | None,
        stdin: bytes | None,
    ) -> bytes:
        with authorise(credential, self._url, self._tokens, self._scratch) as access:
            outcome = self._attempt(command, refspecs, copy, access, stdin)
            failure = recognise(outcome.complaint) if outcome.code else None
            if failure is Failure.MOVED and not self._suffix and not self._url.text.endswith(".git"):
                self._suffix = ".git"
                outcome = self._attempt(command, refspecs, copy, access, stdin)
                failure = recognise(outcome.complaint) if outcome.code else None
            if failure is None:
                return outcome.out
            error = explain(
                failure,
                self._url,
                known=bool(access.secrets),
                complaint=outcome.complaint,
                secrets=access.secrets,
            )
            raise RemoteError(failure, error)

    def _attempt(
        self,
        command: Sequence[str],
        refspecs: Sequence[str],
        copy: Path | None,
        access: Access,
        stdin: bytes | None,
    ) -> Outcome:
        extra = dict(access.environment) if copy is None else {**access.environment, "GIT_DIR": str(copy)}
        # Nothing is negotiated about single objects: what they belong to is here.
        config = {**access.config, "fetch.negotiationAlgorithm": "noop"} if stdin else access.config
        address = access.url.rstrip("/") + self._suffix if self._suffix else access.url
        try:
            return self._git(
                [*command, address, *refspecs],
                folder=self._scratch if copy is None else copy,
                environment=git_environment(self._scratch, transports=self._transports, config=config, extra=extra),
                stdin=stdin,
                timeout=self._timeout,
            )
        except TimeoutError:
            message = f"{self._url.place} did not answer within {self._timeout:g} s; trying again"
            raise UnreachableError(message, field=FIELD) from None
