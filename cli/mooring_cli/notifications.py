"""`mooring notifications …`: who is told of what, what was told, and another try for what could not be."""

from __future__ import annotations

from typing import Any

import click

from mooring.errors import ConfigurationError
from mooring_cli.client import Api
from mooring_cli.completion import app_names
from mooring_cli.documents import read_documents
from mooring_cli.frame import Group, prints
from mooring_cli.output import Output
from mooring_cli.tables import table

__all__ = ["notifications"]

notifications = Group("notifications", "who is told of what, and what was told")


@notifications.verb("apply", "replace the settings by those of a file")
@click.option(
    "-f", "--filename", required=True, metavar="FILE", help="a ConfigMap argocd-notifications-cm, or - for input"
)
def apply(api: Api, filename: str) -> int:
    """Sends the only document of a file."""
    documents = list(read_documents(filename))
    if len(documents) != 1:
        raise ConfigurationError(f"must hold one document, not {len(documents)}", field=filename)
    api.call("PUT", "notifications", "settings", body=documents[0][1])
    print("settings of notifications applied")
    return 0


@notifications.verb("get", "the settings as the ConfigMap argocd-notifications-cm")
@prints("yaml", "json", "name", default="yaml", watch=True)
def get(api: Api, out: Output) -> int:
    """Prints them so that `apply` takes them back."""
    out.emit(api.call("GET", "notifications", "settings"), str)
    return 0


@notifications.verb("list", "what was told about an application, or could not be")
@click.argument("app", required=False, metavar="[NAMESPACE/]NAME", shell_complete=app_names, help="of this application")
@click.option("--failed", is_flag=True, help="only what was given up")
@prints(watch=True)
def list_notes(api: Api, out: Output, app: str | None, failed: bool) -> int:
    """Shows notifications, newest first."""
    query = {"failed": "true"} if failed or not app else {}
    if app:
        query["app"] = app if "/" in app or ":" in app else f"argocd/{app}"
    answer = api.whole("notifications", query=query)
    heads = ["AT", "ABOUT", "TRIGGER", "TO", "STATE", "TRIES", "SAYS", "ID"]
    out.emit(answer, lambda: table(heads, map(_row, answer["items"])))
    return 0


def _row(note: dict[str, Any]) -> list[object]:
    to = f"{note['service']}:{note['recipient']}" if note["recipient"] else note["service"]
    says = note["error"] or note["title"]
    return [note["at"], note["of"], note["trigger"], to, note["state"], note["attempts"], says, note["id"]]


@notifications.verb("retry", "try again what was given up")
@click.argument("id", nargs=-1, help="as `list --failed` shows it; all of them without any")
def retry(api: Api, id: tuple[str, ...]) -> int:
    """Has them delivered once more."""
    failed = api.items("notifications", query={"failed": "true"})
    chosen = [note for note in failed if not id or note["id"] in id]
    if missing := set(id) - {note["id"] for note in chosen}:
        raise ConfigurationError(f"was not given up: {', '.join(sorted(missing))}", field="ID")
    for note in chosen:
        api.call("POST", "notifications", "retry", body={"of": note["of"], "id": note["id"]})
    print(f"{len(chosen)} to be tried again")
    return 0
