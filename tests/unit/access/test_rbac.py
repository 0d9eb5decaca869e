"""Who may, held to what Argo CD's documentation says ("RBAC Configuration", "Projects") and to where we are stricter."""

from __future__ import annotations

import pytest

from mooring.access.parsing import parse_project
from mooring.access.policycsv import read_scope
from mooring.access.rbac import (
    ADMINISTRATOR,
    NOBODY,
    Caller,
    Policy,
    might,
    named,
    parse_policy,
    permits,
    with_projects,
)
from mooring.errors import ConfigurationError
from mooring.model.application import AppKey


def someone(subject: str = "alice", *groups: str, means: str = "session") -> Caller:
    return Caller(subject, subject, groups, means)


def policy(*lines: str, **settings: str) -> Policy:
    keys = {"default": "policy.default", "mode": "policy.matchMode", "scopes": "scopes"}
    return parse_policy({"policy.csv": "\n".join(lines)} | {keys[name]: value for name, value in settings.items()})


def project(name: str, *roles: dict[str, object]) -> object:
    document = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AppProject",
        "metadata": {"name": name, "namespace": "argocd"},
        "spec": {"roles": list(roles)},
    }
    return parse_project(document).project


ALICE, READ, SYNC = "alice", ("applications", "get"), ("applications", "sync")

CASES = [
    # what it shows, lines, who, resource, action, object, whether
    ("nothing is allowed by nothing", [], someone(), *READ, "shop/web", False),
    ("a line about somebody", ["p, alice, applications, get, shop/*, allow"], someone(), *READ, "shop/web", True),
    ("another project", ["p, alice, applications, get, shop/*, allow"], someone(), *READ, "bank/web", False),
    ("another action", ["p, alice, applications, get, shop/*, allow"], someone(), *SYNC, "shop/web", False),
    ("another resource", ["p, alice, applications, get, */*, allow"], someone(), "logs", "get", "shop/web", False),
    ("a line about a group", ["p, org:team, applications, sync, shop/*, allow"], someone("bob", "org:team"), *SYNC, "shop/web", True),
    ("a group in a role", ["g, org:team, role:admin"], someone("bob", "org:team"), "projects", "delete", "shop", True),
    ("a group of nobody's", ["g, org:team, role:admin"], someone("bob", "org:teams"), *READ, "shop/web", False),
    ("a user in a role", ["g, bob@example.org, role:readonly"], someone("bob@example.org"), *READ, "shop/web", True),
    ("a role that inherits", ["g, role:dev, role:readonly", "g, alice, role:dev"], someone(), "clusters", "get", "https://c", True),
    ("roles in a circle", ["g, role:a, role:b", "g, role:b, role:a", "g, alice, role:a"], someone(), *READ, "a/b", False),
    ("a role of two steps", ["g, alice, role:a", "g, role:a, role:b", "p, role:b, applications, sync, */*, allow"], someone(), *SYNC, "a/b", True),
    ("a deny after an allow", ["p, alice, applications, *, shop/*, allow", "p, alice, applications, sync, shop/web, deny"], someone(), *SYNC, "shop/web", False),
    ("a deny before an allow", ["p, alice, applications, sync, shop/web, deny", "p, alice, applications, *, shop/*, allow"], someone(), *SYNC, "shop/web", False),
    ("a deny of another object", ["p, alice, applications, sync, shop/web, deny", "p, alice, applications, *, shop/*, allow"], someone(), *SYNC, "shop/api", True),
    ("a star goes over slashes", ["p, alice, applications, action/extensions/*, default/*, allow"], someone(), "applications", "action/extensions/DaemonSet/test", "default/web", True),
    ("one kind's action", ["p, alice, applications, action/apps/Deployment/restart, default/*, allow"], someone(), "applications", "action/apps/Deployment/restart", "default/web", True),
    ("another kind's action", ["p, alice, applications, action/apps/Deployment/restart, default/*, allow"], someone(), "applications", "action/apps/StatefulSet/restart", "default/web", False),
    ("an action of the core group", ["p, alice, applications, action//Pod/maintenance-off, default/*, allow"], someone(), "applications", "action//Pod/maintenance-off", "default/web", True),
    ("deletion of pods only", ["p, alice, applications, delete/*/Pod/*/*, default/prod, allow"], someone(), "applications", "delete//Pod/shop/web-1", "default/prod", True),
    ("and of nothing else", ["p, alice, applications, delete/*/Pod/*/*, default/prod, allow"], someone(), "applications", "delete/apps/Deployment/shop/web", "default/prod", False),
    ("nor of the application", ["p, alice, applications, delete/*/Pod/*/*, default/prod, allow"], someone(), "applications", "delete", "default/prod", False),
    ("pods although the application is denied", ["p, alice, applications, delete, default/prod, deny", "p, alice, applications, delete/*/Pod/*/*, default/prod, allow"], someone(), "applications", "delete//Pod/shop/web-1", "default/prod", True),
    ("an application is not its objects", ["p, alice, applications, update, default/prod, allow"], someone(), "applications", "update/apps/Deployment/shop/web", "default/prod", False),
    ("objects are not their application", ["p, alice, applications, update/*, default/prod, allow"], someone(), "applications", "update", "default/prod", False),
    ("an application of another namespace", ["p, alice, applications, get, */app-namespace/*, allow"], someone(), *READ, "shop/app-namespace/web", True),
    ("one of our namespace is not of another", ["p, alice, applications, get, */app-namespace/*, allow"], someone(), *READ, "shop/web", False),
    ("quotes hold a comma", ['p, alice, applications, "{get,sync}", shop/*, allow'], someone(), *SYNC, "shop/web", True),
    ("comments and empty lines", ["# all", "", "  p , alice , applications , get , */* , allow  "], someone(), *READ, "shop/web", True),
    ("the administrator", [], ADMINISTRATOR, "clusters", "delete", "https://c", True),
    ("the administrator can be denied", ["p, role:admin, clusters, delete, *, deny"], ADMINISTRATOR, "clusters", "delete", "https://c", False),
    ("nobody", ["g, nobody, role:admin"], NOBODY, *READ, "shop/web", False),
    # Where Argo CD lets more through.
    ("a group that is called like a role", [], someone("bob", "role:admin"), *READ, "shop/web", False),
    ("a group that is called admin", [], someone("bob", "admin"), *READ, "shop/web", False),
    ("somebody from outside who is called admin", [], someone("admin"), *READ, "shop/web", False),
    ("somebody from outside who is called like a role", [], someone("role:admin"), *READ, "shop/web", False),
    ("a deny of one group, an allow of another", ["p, a, applications, get, */*, allow", "p, b, applications, get, shop/*, deny"], someone("x", "a", "b"), *READ, "shop/web", False),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "caller", "resource", "action", "target", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])  # fmt: skip
def test_lines_decide(
    lines: list[str], caller: Caller, resource: str, action: str, target: str, expected: bool
) -> None:
    """GIVEN a policy WHEN somebody asks for something THEN its lines decide, and nothing else."""
    assert expected == permits(policy(*lines), caller, resource, action, target)


def test_the_default_role_is_everybodys_who_is_known() -> None:
    """GIVEN policy.default WHEN asked THEN everybody who is known has it, nobody does not, and a deny still wins."""
    found = policy("p, alice, applications, get, bank/*, deny", default="role:readonly")
    assert permits(found, someone(), *READ, "shop/web")
    assert permits(found, someone("bob"), *READ, "bank/web")
    assert not permits(found, someone(), *READ, "bank/web")
    assert not permits(found, NOBODY, *READ, "shop/web")
    assert not permits(found, someone(), *SYNC, "shop/web")


def test_readonly_reads_and_changes_nothing() -> None:
    """GIVEN role:readonly WHEN asked THEN it reads, of each resource, and may do nothing else to any."""
    found = policy("g, alice, role:readonly")
    assert permits(found, someone(), "audit", "get", "*")
    assert permits(found, someone(), "logs", "get", "shop/web")
    for resource in ("applications", "clusters", "projects", "settings", "access", "webhooks", "accounts"):
        for action in ("create", "update", "delete", "sync", "action/apps/Deployment/restart"):
            assert not permits(found, someone(), resource, action, "a/b")


def test_regular_expressions_are_strict_in_what_they_allow() -> None:
    """GIVEN match mode regex WHEN matched THEN an allow fits the whole value, and a deny any part of it."""
    found = policy(
        "p, alice, applications, get|sync, shop/.*, allow", "p, alice, applications, sync, prod, deny", mode="regex"
    )
    assert permits(found, someone(), *READ, "shop/web")
    assert permits(found, someone(), *SYNC, "shop/web")
    assert not permits(found, someone(), *READ, "workshop/web")
    assert not permits(found, someone(), *SYNC, "shop/prod-1")
    assert permits(found, ADMINISTRATOR, "applications", "delete", "shop/web")


def test_further_files_count() -> None:
    """GIVEN policy.*.csv beside policy.csv WHEN read THEN their lines are one policy."""
    found = parse_policy(
        {
            "policy.csv": "g, alice, role:dev",
            "policy.dev.csv": "p, role:dev, applications, get, */*, allow",
            "other": "x",
        }
    )
    assert permits(found, someone(), *READ, "shop/web")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("", ("groups",)), ("[groups, email]", ("groups", "email")), ("email", ("email",)), ("['cognito:groups']", ("cognito:groups",))],
)  # fmt: skip
def test_scopes_are_claims(text: str, expected: tuple[str, ...]) -> None:
    """GIVEN scopes WHEN read THEN they are names of claims, as a list or alone."""
    assert expected == policy(scopes=text).scopes


WRONG = [
    ("p, alice, applications, get, shop/*", "data[policy.csv] line 2", "must be p, WHO"),
    ("p, alice, applications, get, shop/*, maybe", "data[policy.csv] line 2", "allow or deny"),
    ("p, alice, aplications, get, shop/*, deny", "data[policy.csv] line 2", "aplications"),
    ("p, alice, applications, synk, shop/*, deny", "data[policy.csv] line 2", "synk"),
    ("p, alice, applications, get, shop/{a, allow", "data[policy.csv] line 2", "not closed"),
    ("g, alice", "data[policy.csv] line 2", "g, WHO, ROLE"),
    ("x, alice, role:admin", "data[policy.csv] line 2", "p, … or g, …"),
    ('p, "alice, applications, get, shop/*, allow', "data[policy.csv] line 2", "quotes"),
    (f"g, {'a' * 1000}, role:x", "data[policy.csv] line 2", "characters"),
]


@pytest.mark.parametrize(("line", "field", "words"), WRONG)
def test_what_can_not_be_meant_is_refused(line: str, field: str, words: str) -> None:
    """GIVEN a line that would silently do nothing WHEN read THEN the error names its key, its number, what it must be."""
    with pytest.raises(ConfigurationError) as caught:
        policy("# first", line)
    assert field == caught.value.field
    assert words in str(caught.value)


@pytest.mark.parametrize("pattern", ["(a", "(?=a)", "(?<!a)", r"(a)\1"])
def test_regular_expressions_are_gos(pattern: str) -> None:
    """GIVEN an expression that Go has not WHEN read THEN it is refused, not taken for something else."""
    with pytest.raises(ConfigurationError, match="line 1"):
        policy(f"p, alice, applications, get, {pattern}, allow", mode="regex")


@pytest.mark.parametrize(
    "data", [{"policy.matchMode": "exact"}, {"scopes": "[gro ups]"}, {"policy.csv": "\n" * 10 + "#" * 300_000}]
)
def test_settings_beside_the_lines_are_read_strictly(data: dict[str, str]) -> None:
    """GIVEN a setting that can't be read WHEN declared THEN it is refused."""
    with pytest.raises(ConfigurationError, match="data"):
        parse_policy(data)


DEPLOYER = {
    "name": "deployer",
    "groups": ["org:shop"],
    "policies": ["p, proj:shop:deployer, applications, sync, shop/*, allow", "p, proj:shop:deployer, applications, get, shop/*, allow"],
}  # fmt: skip


def test_roles_of_projects_hold_within_them() -> None:
    """GIVEN a project's role WHEN its groups and tokens ask THEN it holds for that project, and nowhere else."""
    found = with_projects(policy(), [project("shop", DEPLOYER), project("bank")])  # type: ignore[list-item]
    member, token = someone("bob", "org:shop"), someone("proj:shop:deployer", means="project-token")
    for caller in (member, token):
        assert permits(found, caller, *SYNC, "shop/web")
        assert permits(found, caller, "projects", "get", "shop")
        assert not permits(found, caller, *SYNC, "bank/web")
        assert not permits(found, caller, "projects", "update", "shop")
        assert not permits(found, caller, "projects", "get", "bank")
    assert not permits(policy(), member, *SYNC, "shop/web")
    assert not permits(found, someone("proj:shop:deployer"), *SYNC, "shop/web")
    assert not permits(found, someone("bob", "proj:shop:deployer"), *SYNC, "shop/web")


def test_a_token_of_a_project_stays_in_it() -> None:
    """GIVEN everybody may read WHEN a project's token asks about another project THEN it may not."""
    found = with_projects(policy(default="role:readonly"), [project("shop", DEPLOYER), project("bank")])  # type: ignore[list-item]
    token = someone("proj:shop:deployer", means="project-token")
    assert permits(found, token, *READ, "shop/web")
    assert not permits(found, token, *READ, "bank/web")
    assert not permits(found, token, "repositories", "get", "bank/https://git.example/x")
    assert permits(found, token, "repositories", "get", "https://git.example/x")


def test_denies_of_the_installation_hold_in_projects() -> None:
    """GIVEN a deny in the policy WHEN a project's role allows THEN the deny wins."""
    found = with_projects(
        policy("p, proj:shop:deployer, applications, sync, shop/prod-*, deny"),
        [project("shop", DEPLOYER)],  # type: ignore[list-item]
    )
    token = someone("proj:shop:deployer", means="project-token")
    assert permits(found, token, *SYNC, "shop/web")
    assert not permits(found, token, *SYNC, "shop/prod-web")


def test_a_role_of_a_project_says_nothing_of_others() -> None:
    """GIVEN a project's role with a line about another project WHEN declared THEN it is refused."""
    with pytest.raises(ConfigurationError, match="not of this project"):
        project("shop", {"name": "x", "policies": ["p, proj:shop:x, applications, get, bank/*, allow"]})


def test_tokens_are_never_more_than_their_maker() -> None:
    """GIVEN a token with a role or lines WHEN it asks THEN both its maker and they must allow it."""
    found = policy(
        "p, alice, applications, *, shop/*, allow", "p, role:bank, applications, *, bank/*, allow",
        "p, role:get, applications, get, */*, allow",
    )  # fmt: skip
    by_role = Caller("alice", "alice (token x)", (), "token", "role:get")
    assert permits(found, by_role, *READ, "shop/web")
    assert not permits(found, by_role, *SYNC, "shop/web")
    assert not permits(found, by_role, *READ, "bank/web")
    assert not permits(found, Caller("alice", "t", (), "token", "role:bank"), *READ, "bank/web")
    by_lines = Caller("admin", "t", (), "token", "", read_scope(["applications, sync, shop/web"], "scope"))
    assert permits(found, by_lines, *SYNC, "shop/web")
    assert not permits(found, by_lines, *READ, "shop/web")
    assert not permits(found, by_lines, *SYNC, "shop/api")


def test_what_might_be_is_shown() -> None:
    """GIVEN lines about some objects WHEN a page asks what there could be THEN it is told, and of nothing else."""
    found = with_projects(policy("p, alice, applications, action/apps/*, a/*, allow"), [project("shop", DEPLOYER)])  # type: ignore[list-item]
    assert might(found, someone(), "applications", "action")
    assert not might(found, someone(), "applications", "delete")
    assert might(found, someone("bob", "org:shop"), "applications", "sync")
    assert not might(found, someone("bob"), "applications", "sync")
    assert not might(found, NOBODY, "applications", "get")


def test_applications_are_named_with_their_project() -> None:
    """GIVEN applications here and in other namespaces WHEN named for a policy THEN as Argo CD names them."""
    assert "shop/web" == named("shop", AppKey.parse("argocd/web"))
    assert "shop/team/web" == named("shop", AppKey.parse("team/web"))
