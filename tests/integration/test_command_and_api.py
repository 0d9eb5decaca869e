"""The command over HTTP against the function `api` itself: what one sends, the other understands."""

from __future__ import annotations

import base64
import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest

from mooring_cli.main import main
from tests.doubles.deployed import API_TOKEN, Handler, deployed_api

ROOT = Path(__file__).parents[2]
SPEC = ["--repo", "https://git.test/a.git", "--path", "k8s", "--dest-name", "in-cluster", "--dest-namespace", "shop"]

Mooring = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def handler() -> Iterator[Handler]:
    """An installation of this module's own."""
    with deployed_api() as found:
        yield found.handler


@pytest.fixture
def mooring(
    handler: Handler, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Iterator[Mooring]:
    """Runs the command; its requests reach the handler as API Gateway would hand them over."""
    sample = (ROOT / "events" / "api-list.json").read_text()

    class Gateway(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            event = json.loads(sample)
            event |= {"rawPath": parts.path, "rawQueryString": parts.query, "isBase64Encoded": bool(body)}
            event |= {"queryStringParameters": dict(parse_qsl(parts.query)), "cookies": []}
            event["body"] = base64.b64encode(body).decode() if body else None
            event["headers"] = {name.lower(): value for name, value in self.headers.items()}
            event["requestContext"]["http"] |= {"method": self.command, "path": parts.path}
            answer = handler(event, None)
            text = answer.get("body") or ""
            sent = base64.b64decode(text) if answer.get("isBase64Encoded") else text.encode()
            self.send_response(answer["statusCode"])
            for name, value in (answer.get("headers") or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

        def log_message(self, format: str, *args: object) -> None:
            """Keeps the test's output quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Gateway)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("MOORING_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("MOORING_TOKEN", API_TOKEN)

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        told = capsys.readouterr()
        # The function writes its log to the same standard output, for it runs in this process.
        lines = [line for line in told.out.splitlines(keepends=True) if not line.startswith('{"level"')]
        return code, "".join(lines), told.err

    yield run
    server.shutdown()
    server.server_close()
    thread.join()


def test_an_application_is_created_changed_and_found(mooring: Mooring) -> None:
    """GIVEN an installation WHEN an application is created, set and listed THEN the API says what the command did."""
    assert (0, "application shop created\n") == mooring("app", "create", "shop", *SPEC, "--label", "team=x")[:2]
    assert "is there" in mooring("app", "create", "shop", *SPEC)[2]
    assert (0, "application shop changed\n", "") == mooring("app", "set", "shop", "--revision", "v2", "--self-heal",
                                                            "--sync-policy", "automated")  # fmt: skip
    spec = json.loads(mooring("app", "get", "shop", "-o", "json")[1])["spec"]
    assert ("v2", {"selfHeal": True}) == (spec["source"]["targetRevision"], spec["syncPolicy"]["automated"])
    assert ["argocd/shop", "Unknown"] == mooring("app", "list", "-l", "team=x")[1].splitlines()[1].split()[:2]
    assert ["v2", "automated", "-"] == mooring("app", "list", "-o", "wide")[1].split()[-3:]
    found = json.loads(mooring("app", "list", "-p", "default", "--sort", "name", "-o", "json")[1])
    assert ["shop"] == [each["metadata"]["name"] for each in found["items"]]
    assert "" == mooring("app", "list", "-p", "other", "-o", "name")[1].strip()
    code, _, told = mooring("app", "list", "--sort", "wrong")
    assert (1, True) == (code, told.startswith("error: sort: must be one of"))


def test_a_project_is_changed_where_nobody_else_did(mooring: Mooring, tmp_path: Path) -> None:
    """GIVEN a project WHEN lists of it are changed THEN it says so, and its roles get tokens that are let in."""
    (tmp_path / "p.yaml").write_text(
        "apiVersion: argoproj.io/v1alpha1\nkind: AppProject\nmetadata: {name: team}\nspec:\n  sourceRepos: ['*']\n"
        "  roles: [{name: ci, policies: ['p, proj:team:ci, applications, get, team/*, allow']}]\n"
    )
    assert (0, "project team declared\n", "") == mooring("proj", "create", "-f", "p.yaml")
    assert (0, "project team changed\n") == mooring("proj", "add-source", "team", "https://git.test/b")[:2]
    assert (0, "project team changed\n") == mooring("proj", "add-destination", "team", "in-cluster", "a", "--name")[:2]
    spec = json.loads(mooring("proj", "get", "team", "-o", "json")[1])["spec"]
    assert (["*", "https://git.test/b"], "a") == (spec["sourceRepos"], spec["destinations"][0]["namespace"])
    assert "ci" in mooring("proj", "role", "list", "team")[1]
    code, token, told = mooring("proj", "role", "create-token", "team", "ci", "-e", "1h")
    assert (0, "") == (code, told)
    code, page, _ = mooring("--token", token.strip(), "account", "whoami")
    assert (0, True) == (code, "proj:team:ci" in page)
    (known,) = json.loads(mooring("proj", "role", "list-tokens", "team", "ci", "-o", "json")[1])["items"]
    assert 0 == mooring("proj", "role", "delete-token", "team", "ci", known["id"])[0]


def test_somebody_signs_in_with_a_token_of_theirs(mooring: Mooring, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a token made for reading WHEN it is kept by login THEN it reads, and what it may not is told."""
    code, token, told = mooring("account", "create-token", "ci", "--role", "role:readonly")
    assert (0, "") == (code, told)
    url = os.environ["MOORING_URL"]
    monkeypatch.delenv("MOORING_URL")
    monkeypatch.delenv("MOORING_TOKEN")
    assert 0 == mooring("login", url, "--token", token.strip(), "--name", "here")[0]
    assert 0 == mooring("app", "list")[0]
    assert (0, "yes\n", "") == mooring("account", "can-i", "get", "applications", "default/shop")
    assert (1, "no\n", "") == mooring("account", "can-i", "sync", "applications", "default/shop")
    assert (0, "yes\n") == mooring("account", "can-i", "get", "applications")[:2]
    assert (1, "no\n") == mooring("account", "can-i", "update", "access")[:2]
    assert mooring("account", "can-i", "sink", "applications")[2].startswith("error: action: must be one of get,")
    assert mooring("account", "can-i", "get", "apps")[2].startswith("error: resource: must be one of applications,")
    code, _, told = mooring("app", "create", "other", *SPEC)
    assert (1, True) == (code, told.startswith("error: "))
    listed = mooring("account", "tokens", "--url", url, "--token", API_TOKEN)[1]
    assert "role:readonly" in listed


def test_an_application_is_steered_and_edited(mooring: Mooring, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN an application WHEN it is paused, refreshed, patched, edited THEN the API takes what the command sends."""
    assert 0 == mooring("app", "create", "steered", *SPEC, "--sync-policy", "automated", "--helm-set", "a=1")[0]
    code, told, _ = mooring("app", "pause", "steered", "--why", "incident 7")
    assert (0, True) == (code, told.startswith("application steered: paused by ")), told
    assert (0, "application steered: resumed\n", "") == mooring("app", "resume", "steered")
    assert (0, "application steered: was not paused\n", "") == mooring("app", "resume", "steered")
    assert (0, "application steered: refresh asked for\n", "") == mooring("app", "refresh", "steered")
    assert 0 == mooring("app", "get", "steered", "--hard-refresh", "--show-operation")[0]
    merge = ("--type", "merge", "--patch", "spec: {source: {path: other}}")
    assert (0, "application steered changed\n", "") == mooring("app", "patch", "steered", *merge)
    assert (0, "application steered unchanged\n", "") == mooring("app", "patch", "steered", *merge)
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", "sed -i s/other/edited/")
    assert (0, "application steered changed\n", "") == mooring("app", "edit", "steered")
    assert (0, "application steered changed\n", "") == mooring("app", "unset", "steered", "-p", "a", "--sync-policy")
    spec = json.loads(mooring("app", "get", "steered", "-o", "json")[1])["spec"]
    assert ("edited", False, False) == (spec["source"]["path"], "helm" in spec["source"], "syncPolicy" in spec)
    for wrong in (("rollback", "steered", "3"), ("rollback", "steered", "01JB"), ("confirm", "steered"),
                  ("actions", "result", "steered", "01JB"), ("sync", "steered", "--source-positions", "1")):  # fmt: skip
        code, _, told = mooring("app", *wrong)
        assert (1, True) == (code, told.startswith("error: ")), (wrong, told)


def test_an_edit_overwrites_nobody(mooring: Mooring, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """GIVEN somebody who declares an application anew WHEN it is being edited THEN the edit is refused and kept."""
    assert 0 == mooring("app", "create", "shared", *SPEC)[0]
    other = tmp_path / "editor"
    other.write_text(
        "import subprocess, sys\n"
        "subprocess.run([sys.executable, '-m', 'mooring_cli.main', 'app', 'set', 'shared', '--path', 'theirs'], check=True)\n"
        "text = open(sys.argv[1]).read()\n"
        "open(sys.argv[1], 'w').write(text.replace('k8s', 'ours'))\n"
    )
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", f"{sys.executable} {other}")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT / "cli"), str(ROOT / "shared")]))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    code, _, told = mooring("app", "edit", "shared")
    assert (1, True) == (code, "error: " in told), told
    assert "ours" in Path(told.partition("your text is kept in ")[2].splitlines()[0]).read_text()
    assert "theirs" == json.loads(mooring("app", "get", "shared", "-o", "json")[1])["spec"]["source"]["path"]


def test_what_is_read_is_understood(mooring: Mooring) -> None:
    """GIVEN a new installation WHEN costs, lists and the fleet are asked for THEN each answer is one the command prints."""
    for each in (("costs", "--by", "day"), ("top",), ("drift", "list"), ("webhook", "deliveries"), ("image", "list"),
                 ("promotion", "list"), ("appset", "list"), ("repo", "list"), ("cluster", "list"), ("gpg", "list")):  # fmt: skip
        code, told, wrong = mooring(*each)
        assert (0, True, "") == (code, bool(told), wrong), each
    code, _, told = mooring("costs", "--since", "yesterday")
    assert (1, True) == (code, told.startswith("error: since: "))
    assert (0, "all sessions ended\n", "") == mooring("account", "end-sessions", "-y")
