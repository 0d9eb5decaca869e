"""AWS CodeCommit, by its own API.

Rights: `codecommit:ListPullRequests`, `GetPullRequest`, `CreatePullRequest`, `UpdatePullRequestTitle`,
`UpdatePullRequestDescription`, `UpdatePullRequestStatus`, `PostCommentForPullRequest` (AWS: "CodeCommit permissions
reference"). No call leads from a commit to its pull request, and closed ones come in no order that is promised: what
merged a commit is not known here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mooring.errors import ConfigurationError, ForbiddenError, RejectedError, ThrottledError, UnreachableError
from mooring.forge.ports import Change, Proposal, State
from mooring.model.mergedrequest import MergedRequest

__all__ = ["CodeCommit", "codecommit_client"]

_HEADS = "refs/heads/"
_ABSENT = {"PullRequestDoesNotExistException"}
_REFUSED = {"AccessDenied", "AccessDeniedException", "UnrecognizedClientException", "ExpiredTokenException"}
_THROTTLED = {"ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded"}


def codecommit_client(region: str) -> Any:
    """A client for a region, as the function itself."""
    import boto3
    from botocore.config import Config

    config = Config(connect_timeout=5, read_timeout=15, retries={"mode": "standard", "max_attempts": 3})
    return boto3.client("codecommit", region_name=region, config=config)


class CodeCommit:
    """One repository; `client` makes the client when it is first needed."""

    def __init__(self, client: Callable[[], Any], region: str, name: str) -> None:
        self._client = client
        self._made: Any = None
        self._region = region
        self._name = name

    def merged_request(self, _commit: str, /) -> MergedRequest | None:
        """As `CodeHost`: never known."""
        return None

    def open_change(self, proposal: Proposal) -> Change:
        """As `CodeHost`."""
        target = {
            "repositoryName": self._name,
            "sourceReference": proposal.head,
            "destinationReference": proposal.base,
        }
        made = self._call("create_pull_request", title=proposal.title, description=proposal.body, targets=[target])
        return self._change(made["pullRequest"])

    def find_change(self, head: str, base: str) -> Change | None:
        """As `CodeHost`; each open request is read."""
        changes = (self._change(self._required(number)) for number in self._numbers("OPEN"))
        return next((each for each in changes if (each.head, each.base) == (head, base)), None)

    def change(self, number: int) -> Change | None:
        """As `CodeHost`."""
        found = self._found(str(number))
        return None if found is None else self._change(found)

    def rewrite_change(self, number: int, title: str, body: str) -> None:
        """As `CodeHost`, in two calls."""
        self._call("update_pull_request_title", pullRequestId=str(number), title=title)
        self._call("update_pull_request_description", pullRequestId=str(number), description=body)

    def comment(self, number: int, text: str) -> None:
        """As `CodeHost`."""
        target = self._required(str(number))["pullRequestTargets"][0]
        self._call(
            "post_comment_for_pull_request", pullRequestId=str(number), repositoryName=self._name, content=text,
            beforeCommitId=target["destinationCommit"], afterCommitId=target["sourceCommit"],
        )  # fmt: skip

    def close_change(self, number: int) -> None:
        """As `CodeHost`."""
        self._call("update_pull_request_status", pullRequestId=str(number), pullRequestStatus="CLOSED")

    def _numbers(self, status: str) -> Any:
        token: dict[str, str] = {}
        while True:
            page = self._call("list_pull_requests", repositoryName=self._name, pullRequestStatus=status, **token)
            yield from page["pullRequestIds"]
            if not page.get("nextToken"):
                return
            token = {"nextToken": page["nextToken"]}

    def _found(self, number: str) -> Any | None:
        try:
            return self._call("get_pull_request", pullRequestId=number)["pullRequest"]
        except _AbsentError:
            return None

    def _required(self, number: str) -> Any:
        return self._call("get_pull_request", pullRequestId=number)["pullRequest"]

    def _change(self, item: Any) -> Change:
        target = item["pullRequestTargets"][0]
        merged = bool((target.get("mergeMetadata") or {}).get("isMerged"))
        state: State = "merged" if merged else "open" if item["pullRequestStatus"] == "OPEN" else "closed"
        head, base = (target[f"{end}Reference"].removeprefix(_HEADS) for end in ("source", "destination"))
        number, text = int(item["pullRequestId"]), item.get("description") or ""
        return Change(number, item["title"], text, self._url(item), head, base, state)

    def _url(self, item: Any) -> str:
        console = f"https://{self._region}.console.aws.amazon.com/codesuite/codecommit/repositories"
        return f"{console}/{self._name}/pull-requests/{item['pullRequestId']}"

    def _call(self, name: str, **arguments: Any) -> Any:
        from botocore.exceptions import BotoCoreError, ClientError

        where = f"CodeCommit in {self._region}"
        try:
            if self._made is None:
                self._made = self._client()
            return getattr(self._made, name)(**arguments)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code in _ABSENT:
                raise _AbsentError(f"{where} has no such pull request", field="number") from error
            if code in _REFUSED:
                raise ForbiddenError(f"{where} refuses {name} ({code}); allow it to the function's role") from error
            if code in _THROTTLED:
                raise ThrottledError(f"{where} asks to be left alone for a while") from error
            raise RejectedError(f"{where} does not take it ({code})") from error
        except BotoCoreError as error:
            raise UnreachableError(f"{where} can't be reached: {type(error).__name__}") from error


class _AbsentError(ConfigurationError):
    """There is no such pull request."""
