"""Logs, events, manifests, comparisons, differences and costs: what is asked for, and how it is shown."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from mooring_cli import logs
from tests.unit.cli.fake_api import FakeApi, Outcome, application

APP = "/api/v1/applications/shop"
LOGS = f"GET {APP}/pods/web-1/logs?namespace=argocd&resourceNamespace=shop"
WEB = {"group": "apps", "version": "v1", "kind": "Deployment", "namespace": "shop", "name": "web"}
Mooring = Callable[..., Outcome]


def line(at: int, text: str, pod: str = "web-1", container: str = "web") -> dict[str, str]:
    return {"at": f"2026-01-01T00:00:{at:02}.000000000Z", "pod": pod, "container": container, "text": text}


def lines(*found: dict[str, str], cursor: str = "c1", more: bool = False, **stream: str) -> dict[str, Any]:
    streams = [{"pod": "web-1", "container": "web", **stream}]
    return {"lines": found, "cursor": cursor, "more": more, "streams": streams, "podsLeftOut": 0}


POD = ("--kind", "Pod", "--name", "web-1", "--namespace", "shop", "--group", "")


def test_logs_are_printed_page_by_page(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN a log of two ranges WHEN it is printed THEN each line comes once, without what steers a terminal."""
    api.on(LOGS, lines(line(1, "one"), line(2, "\x1b[2Jtwo"), more=True, message="waits for its image"))
    api.on(f"{LOGS}&cursor=c1", lines(line(3, "three"), cursor="c2", message="waits for its image"))
    outcome = mooring("app", "logs", "shop", *POD)
    assert (0, "one\n\ufffd[2Jtwo\nthree\n") == (outcome.code, outcome.out)
    assert "warning: web-1 web: waits for its image\n" == outcome.err


def test_logs_are_narrowed_as_asked(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN all options WHEN the log is asked for THEN each is a parameter, and lines say where they are from."""
    asked = "container=%2A&previous=true&sinceSeconds=600&tailLines=5&filter=oops"
    api.on(f"{LOGS}&{asked}", lines(line(1, "oops", container="side")))
    given = ("-c", "*", "-p", "--since", "10m", "--tail", "5", "--filter", "oops", "--timestamps")
    outcome = mooring("app", "logs", "shop", *POD, *given)
    assert "2026-01-01T00:00:01.000000000Z [web-1 side] oops\n" == outcome.out
    assert line(1, "oops", container="side") == json.loads(
        mooring("app", "logs", "shop", *POD, *given, "-o", "json").out
    )
    for wrong in (("--since", "1m", "--since-time", "x"), ("-f", "-p"), ("--since", "soon")):
        assert 1 == mooring("app", "logs", "shop", *POD, *wrong).code


def test_following_goes_on_where_it_was(api: FakeApi, mooring: Mooring, monkeypatch: pytest.MonkeyPatch) -> None:
    """GIVEN a log that grows WHEN it is followed THEN an API that is away for a moment costs no line."""
    rounds = iter(range(4))

    def sleep(_: float) -> None:
        if next(rounds) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(logs.time, "sleep", sleep)
    api.on(LOGS, lines(line(1, "one")))
    api.on(f"{LOGS}&cursor=c1", {"detail": "no cluster"}, status=503)
    api.on(f"{LOGS}&cursor=c1", lines(line(2, "two"), cursor="c2"))
    api.on(f"{LOGS}&cursor=c2", lines(cursor="c2"))
    outcome = mooring("app", "logs", "shop", *POD, "-f")
    assert (130, "one\ntwo\n", "warning: no cluster") == (outcome.code, outcome.out, outcome.err.strip())


def test_all_workloads_are_read_in_order_of_time(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN two workloads and a pod of git's own WHEN nothing is named THEN their lines are put in order."""

    def node(kind: str, name: str, owner: str = "", *, managed: bool = False) -> dict[str, Any]:
        group = "apps" if kind == "Deployment" else ""
        refs = [{"uid": owner}] if owner else []
        place = {"group": group, "kind": kind, "namespace": "shop", "name": name, "uid": name}
        return {**place, "parentRefs": refs, "managed": managed}

    nodes = [node("Deployment", "web", managed=True), node("Pod", "web-1", "web"), node("Pod", "web-2", "web"),
             node("Pod", "job", managed=True)]  # fmt: skip
    api.on(f"GET {APP}/resource-tree?namespace=argocd", {"nodes": nodes}, {"nodes": []})
    api.on(f"GET {APP}/logs?namespace=argocd&group=apps&kind=Deployment&resourceNamespace=shop&resourceName=web",
           lines(line(1, "a"), line(3, "c", "web-2")))  # fmt: skip
    api.on(f"GET {APP}/pods/job/logs?namespace=argocd&resourceNamespace=shop", lines(line(2, "b", "job")))
    assert "[web-1 web] a\n[job web] b\n[web-2 web] c\n" == mooring("app", "logs", "shop").out
    assert "application shop has no pods" in mooring("app", "logs", "shop").err


def test_events_are_told_newest_last(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN events WHEN they are listed THEN the newest stands last, and what is left out is told."""
    event = {"type": "Warning", "reason": "BackOff", "message": "restarting", "count": 3, "first": "1", "last": "2"}
    older = event | {"reason": "Pulled", "last": "1", "object": WEB}
    api.on(f"GET {APP}/events?namespace=argocd&limit=2", {"items": [event | {"object": WEB}, older], "leftOut": 4})
    outcome = mooring("app", "events", "shop", "--limit", "2")
    assert ["Pulled", "BackOff"] == [row.split()[2] for row in outcome.out.splitlines()[1:]]
    assert "warning: 4 older events are left out\n" == outcome.err


def test_manifests_of_any_revision(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN what is wanted, applied, and was WHEN manifests are printed THEN kubectl could read them."""
    known = application()
    known["status"]["history"] = [{"id": 1, "revision": "a" * 40, "operation": "01A"}]
    api.on(f"GET {APP}?namespace=argocd", known)
    one, two = {"kind": "A", "x": 1}, {"kind": "B"}
    api.on(f"GET {APP}/manifests?namespace=argocd&at=wanted", {"manifests": [one, two]})
    api.on(f"GET {APP}/manifests?namespace=argocd&at=synced", {"manifests": [two]})
    api.on(f"GET {APP}/operations/01A/manifests?namespace=argocd", {"manifests": [one]})
    assert [one, two] == list(yaml.safe_load_all(mooring("app", "manifests", "shop").out))
    assert [one, two] == list(yaml.safe_load_all(mooring("app", "manifests", "shop", "--source", "git").out))
    assert [two] == list(yaml.safe_load_all(mooring("app", "manifests", "shop", "--source", "synced").out))
    assert [one] == json.loads(mooring("app", "manifests", "shop", "--revision", "aaaaaaa", "-o", "json").out)[
        "manifests"
    ]
    assert "was not synced" in mooring("app", "manifests", "shop", "--revision", "bbb").err
    # THEN what is live is read object by object
    nodes = [WEB | {"uid": "1", "managed": True}, WEB | {"uid": "", "managed": True}, WEB | {"uid": "2"}]
    api.on(f"GET {APP}/resource-tree?namespace=argocd", {"nodes": nodes})
    place = "resourceNamespace=shop&resourceName=web&group=apps&kind=Deployment&version=v1"
    api.on(f"GET {APP}/resource?namespace=argocd&{place}", {"live": one})
    assert [one] == list(yaml.safe_load_all(mooring("app", "manifests", "shop", "--source", "live").out))


def test_two_revisions_are_compared(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN a number of the history WHEN it is compared with git THEN each object that differs has its difference."""
    known = application()
    known["status"]["history"] = [{"id": 7, "operation": "01A"}]
    api.on(f"GET {APP}?namespace=argocd", known)
    ends = {"from": {"at": "01A", "revision": "a" * 40}, "to": {"at": "wanted", "revision": "b" * 40}}
    item = WEB | {"kindOfChange": "changed", "text": "-a\n+b\n", "changes": []}
    cut = WEB | {"name": "big", "kindOfChange": "added", "text": "", "changes": [], "cut": True}
    api.on(f"GET {APP}/compare?namespace=argocd&from=01A&to=wanted", {**ends, "items": [item, cut], "leftOut": 2})
    outcome = mooring("app", "compare", "shop", "7")
    assert (1, [
        "01A (aaaaaaa) → wanted (bbbbbbb)", "",
        "===== apps/Deployment/shop/web: changed", "-a", "+b", "",
        "===== apps/Deployment/shop/big: added", "(too long; `app get-resource` shows it)", "",
        "… and 2 more objects that may differ",
    ]) == (outcome.code, outcome.out.splitlines())  # fmt: skip
    assert 0 == mooring("app", "compare", "shop", "7", "--no-exit-code").code
    assert "has no number 8" in mooring("app", "compare", "shop", "8").err


def difference(name: str = "web") -> dict[str, Any]:
    return WEB | {"name": name, "diff": {"kind": "changed", "dryRun": "refused: no", "text": "-1\n+2\n"}}


def test_a_look_tells_differences(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN two objects that differ WHEN one is chosen THEN it alone is told; the exit code says that it differs."""
    api.on(f"GET {APP}/managed-resources?namespace=argocd", {"items": [difference(), difference("api")], "leftOut": 0})
    outcome = mooring("app", "diff", "shop", "--live", "--resource", "apps:Deployment:shop/w*")
    assert (1, "===== apps/Deployment/shop/web: changed\n# refused: no\n-1\n+2\n") == (outcome.code, outcome.out)
    none = mooring("app", "diff", "shop", "--live", "--resource", "!*:*:*")
    assert (0, "nothing differs\n") == (none.code, none.out)
    assert 0 == mooring("app", "diff", "shop", "--live", "--no-exit-code").code


def test_a_folder_is_rendered_and_compared(api: FakeApi, mooring: Mooring, tmp_path: Path) -> None:
    """GIVEN manifests that nobody pushed WHEN compared THEN what they give is sent, and what is withheld is told."""
    (tmp_path / "repo" / ".git").mkdir(parents=True)
    folder = tmp_path / "repo" / "elsewhere"
    folder.mkdir()
    (folder / "a.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: '1'}\n")
    api.on(f"GET {APP}?namespace=argocd", application())
    api.on(f"GET {APP}/build-context?namespace=argocd", {"kubeVersion": "1.36.3", "apiVersions": ["apps/v1"]})
    answer = {"items": [], "leftOut": 0, "compared": 0, "withheld": ["Secret/shop/token"]}
    api.on(f"POST {APP}/managed-resources?namespace=argocd", answer)
    outcome = mooring("app", "diff", "shop", "--local", str(folder))
    assert (0, "nothing differs\n", True) == (outcome.code, outcome.out, "Secret/shop/token" in outcome.err), outcome
    (sent,) = api.calls[-1].body["manifests"]
    assert ("a", {"x": "1"}) == (sent["metadata"]["name"], sent["data"])


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["--local", "none"], "is no folder"),
        (["--local", ".", "--local-repo-root", "/proc/self"], "is not above"),
        (["--local", ".", "--live"], "can't be given together"),
        (["--local", "."], "spec.source"),
    ],
)
def test_a_folder_that_can_not_be_used_is_refused(api: FakeApi, mooring: Mooring, given: list[str], told: str) -> None:
    """GIVEN a wrong folder, or an empty one WHEN compared THEN nothing is sent, or it says what is missing."""
    api.on(f"GET {APP}?namespace=argocd", application() | {"spec": application()["spec"] | {"sources": [{}, {}]}})
    api.on(f"GET {APP}/build-context?namespace=argocd", {"kubeVersion": "", "apiVersions": []})
    outcome = mooring("app", "diff", "shop", *given)
    assert (1, True) == (outcome.code, told in outcome.err), outcome.err
    assert [] == [call for call in api.calls if call.method == "POST"]


def test_costs_are_summed_up(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN costs of two projects WHEN they are listed THEN each is a line, and the sum is the last."""
    cost: dict[str, Any] = {
        "usd": 0.0012,
        "operations": 3,
        "requests": 40,
        "gbSeconds": 1.25,
        "readUnits": 10.0,
        "writeUnits": 4.5,
    }
    cost["renders"] = {"usd": 0.0004, "gbSeconds": 0.5, "readUnits": 1.0, "writeUnits": 0.0}
    prices = {"region": "eu-central-1", "asOf": "2026-11", "currency": "USD"}
    metadata = {"since": "2026-11-01", "until": "2026-11-21", "group": "project", "prices": prices, "total": cost}
    api.on(
        "GET /api/v1/costs?since=2026-11-01&group=project", {"metadata": metadata, "items": [cost | {"name": "shop"}]}
    )
    found = mooring("costs", "--since", "2026-11-01", "--by", "project").out.splitlines()
    assert ["shop", "0.001200", "0.000400", "3", "40", "1.2", "10", "4.5"] == found[1].split()
    assert ("total", "2026-11-01 to 2026-11-21, at list prices of eu-central-1 (2026-11)") == (
        found[2].split()[0],
        found[-1],
    )


def test_lists_follow_all_pages(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN lists of two pages WHEN they are printed THEN both pages are there, and no more than was asked for."""
    repos = [{"url": f"https://git.test/{n}"} for n in range(2)]
    api.on("GET /api/v1/repositories", {"items": repos[:1], "metadata": {"continue": "x"}})
    api.on("GET /api/v1/repositories?continue=x", {"items": repos[1:], "metadata": {}})
    assert ["https://git.test/0", "https://git.test/1"] == mooring("repo", "list", "-o", "name").out.split()
    drift = [{"id": str(n)} for n in range(4)]
    api.on("GET /api/v1/drifts?limit=3", {"items": drift[:2], "metadata": {"continue": "y"}})
    api.on("GET /api/v1/drifts?limit=3&continue=y", {"items": drift[2:], "metadata": {"continue": "z"}})
    assert ["0", "1", "2"] == mooring("drift", "list", "--limit", "3", "-o", "name").out.split()


def test_secrets_are_listed_without_values(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN an ExternalSecret that fails and a SealedSecret WHEN listed THEN state, store, names and words are shown, and
    what is sealed for now on standard error.
    """
    bare = {"group": "", "namespace": "shop", "message": "", "keys": [], "secrets": [], "remote": [], "stores": []}
    failing = bare | {
        "kind": "ExternalSecret", "name": "db", "source": "ExternalSecret", "state": "failing", "changed": None,
        "message": "there is no shop/db", "remote": [{"key": "shop/db", "property": "word"}],
        "stores": [{"kind": "SecretStore", "name": "aws", "provider": "SecretsManager", "region": "eu-central-1"}],
    }  # fmt: skip
    changed = {"at": "2026-03-01T02:00:00Z", "operation": "01A"}
    sealed = bare | {
        "kind": "SealedSecret",
        "name": "tls",
        "source": "SealedSecret",
        "state": "opened",
        "changed": changed,
    }
    sealing = {"fingerprint": "SHA256:abc", "since": "2026-03-01T00:00:00Z", "until": "2036-03-01T00:00:00Z"}
    answer = {"items": [failing, sealed], "nextRefresh": None, "sealing": sealing}
    api.on("GET /api/v1/applications/shop/secrets?namespace=argocd", answer)
    outcome = mooring("app", "secrets", "shop")
    first, second = outcome.out.splitlines()[1:]
    for told in ("ExternalSecret/db", "failing", "aws (SecretsManager)", "shop/db", "there is no shop/db"):
        assert told in first
    assert ("opened" in second, changed["at"] in second, "SHA256:abc" in outcome.err) == (True, True, True)
