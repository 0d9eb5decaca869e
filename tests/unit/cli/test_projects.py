"""`mooring project`: what it sends and prints."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from tests.unit.cli.fake_api import FakeApi, Outcome

Mooring = Callable[..., Outcome]


def project(name: str, **spec: Any) -> dict[str, Any]:
    return {"apiVersion": "argoproj.io/v1alpha1", "kind": "AppProject", "metadata": {"name": name}, "spec": spec}


def test_every_project_of_a_file_is_sent(api: FakeApi, mooring: Mooring, tmp_path: Path) -> None:
    """GIVEN two projects WHEN they are created, or applied, THEN both are sent as they are, with warnings told."""
    (tmp_path / "projects.yaml").write_text(yaml.safe_dump_all([project("a"), project("b")]))
    answers = [{"project": project("a"), "warnings": ["spec.x: unknown field, ignored"]}, {"project": project("b")}]
    api.on("POST /api/v1/projects", *answers, *answers)
    created = mooring("project", "create", "-f", "projects.yaml")
    assert [project("a"), project("b")] == [call.body for call in api.calls]
    assert (0, "project a declared\nproject b declared\n") == (created.code, created.out)
    assert "warning: spec.x: unknown field, ignored\n" == created.err
    assert "project a applied\nproject b applied\n" == mooring("apply", "-f", "projects.yaml").out


def test_a_refused_project_fails_the_command_alone(api: FakeApi, mooring: Mooring, tmp_path: Path) -> None:
    """GIVEN a project that the API refuses WHEN it is created THEN the exit code is 1 and the field is named."""
    (tmp_path / "p.yaml").write_text("kind: AppProject\n")
    error = {"detail": "must not be empty", "field": "metadata.name"}
    api.on("POST /api/v1/projects", error, status=400)
    outcome = mooring("project", "create", "-f", "p.yaml")
    assert (1, "") == (outcome.code, outcome.out)
    assert "error: metadata.name: must not be empty (in p.yaml)\n" == outcome.err


def test_projects_are_listed_shown_and_deleted(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN projects WHEN asked for THEN a line counts what each permits, and one is printed as it was declared."""
    team = project("team", description="ours", sourceRepos=["*", "!x"], destinations=[{"server": "*"}])
    api.on("GET /api/v1/projects", {"items": [project("default"), team]})
    api.on("GET /api/v1/projects/team", team)
    api.on("DELETE /api/v1/projects/team", {})
    assert ["team", "ours", "2", "1", "0"] == mooring("project", "list").out.splitlines()[2].split()
    assert team == yaml.safe_load(mooring("project", "get", "team").out)
    assert "project team deleted\n" == mooring("project", "delete", "team").out


def test_a_project_is_a_table_where_one_is_asked_for(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN a project WHEN it is shown as a table THEN sources, destinations and windows have their lines."""
    spec = {
        "sourceRepos": ["https://git.test/*"],
        "destinations": [{"name": "in-cluster", "namespace": "shop"}],
        "roles": [{"name": "ci"}],
        "syncWindows": [{"kind": "deny", "schedule": "0 22 * * *", "duration": "8h", "applications": ["*"]}],
    }
    api.on("GET /api/v1/projects/p", {"metadata": {"name": "p"}, "spec": spec})
    lines = [line.split() for line in mooring("project", "get", "p", "-o", "table").out.splitlines()]
    assert ["Sources:", "https://git.test/*"] in lines
    assert ["in-cluster", "shop"] in lines
    assert ["deny", "0", "22", "*", "*", "*", "8h", "*"] in lines


def test_one_of_a_list_is_shown(api: FakeApi, mooring: Mooring) -> None:
    """GIVEN keys and repositories WHEN one is asked for THEN it is shown; one that isn't there is told."""
    api.on("GET /api/v1/gpgkeys", {"items": [{"keyID": "AB", "owner": "Ada"}]})
    known = {"url": "u", "type": "git", "applications": 0, "refs": [], "troubles": [], "heard": None}
    api.on("GET /api/v1/repository?url=u", known)
    api.on("GET /api/v1/repository?url=v", {"detail": "nothing is registered", "field": "url"}, status=404)
    assert "AB\n" == mooring("gpg", "get", "AB", "-o", "name").out
    assert ["owner", "Ada"] == mooring("gpg", "get", "AB").out.splitlines()[2].split()
    assert "u\n" == mooring("repo", "get", "u", "-o", "name").out
    assert "error: no key X is imported: `mooring gpg list` shows those that are\n" == mooring("gpg", "get", "X").err
    assert "error: url: nothing is registered\n" == mooring("repo", "get", "v").err
