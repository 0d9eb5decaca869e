"""What commits, branches and pull requests are called, and as whom we write."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from mooring.errors import ConfigurationError
from mooring.source.credentials import SSHCredential, TokenCredential
from mooring.source.gokit import GoKit
from mooring.writeback.credentials import WriteCredentials, credential_of, stored_signer, stores
from mooring.writeback.edits import Edit, SetImage, WholeFile
from mooring.writeback.telling import body_for, title_of
from mooring.model.imagesettings import parse_branches
from mooring.writeback.updates import Destination, ImageChange, Update, by_destination, checked_branch
from mooring.writeback.wording import branch_names

REVISION = "0123456789abcdef0123456789abcdef01234567"


def update(name: str = "web", new: str = "1.1", **labels: str) -> Update:
    named = {f"org.opencontainers.image.{key}": value for key, value in labels.items()}
    image = ImageChange("foo/bar", "1.0", new, "bar", named)
    return Update("argocd", name, (Edit(f"apps/{name}", SetImage("foo/bar", tag=new)),), (image,))


def test_branches_are_named_by_image_updaters_templates(gokit: GoKit) -> None:
    """GIVEN the templates of its documentation, the names are those that it says."""
    place = Destination("https://git.example.com/shop.git", "main")

    def named(template: str, *updates: Update) -> list[str]:
        return branch_names(template, place, updates or (update(),), gokit.ask)

    assert ["image-updater-foo/bar-1.1"] == named("image-updater{{range .Images}}-{{.Name}}-{{.NewTag}}{{end}}")
    digest = "0fcc2782543e4bb067c174c21bf44eb947f3e55c0d62c403e359c1c209cbd041"  # of "foo/bar-1.0-1.1,"
    assert [f"image-updater-{digest}"] == named("image-updater-{{.SHA256}}")
    assert ["argocd/web", "argocd/api"] == named("{{.AppNamespace}}/{{.AppName}}", update(), update("api"))
    assert 8 == len(named("{{.TargetKey}}")[0])
    assert ["static"] * 2 == named("static", update(), update("api"))
    assert 255 == len(named("{{range .Images}}" + "x" * 300 + "{{end}}")[0])
    for wrong in ("{{.AppName", "{{fail .AppName}}", "{{.AppName}} x"):
        with pytest.raises(ConfigurationError, match="git-branch"):
            named(wrong)


@pytest.mark.parametrize(
    ("text", "parts"),
    [("main", ("main", "")), ("main:other", ("main", "other")), (":other", ("", "other")), ("", ("", ""))],
)
def test_git_branch_is_taken_apart(text: str, parts: tuple[str, str]) -> None:
    """GIVEN the forms of `git-branch`, base and written branch are told apart."""
    assert parts == parse_branches(text, field="git-branch")


@pytest.mark.parametrize("name", ["", "-x", "a b", "a..b", "a~1", "x.lock", "/x", "x/", "a//b", "@{u}", "HEAD", "a/.b"])
def test_what_git_takes_for_no_branch_is_refused(name: str) -> None:
    """GIVEN a name that git-check-ref-format refuses, so do we."""
    with pytest.raises(ConfigurationError):
        checked_branch(name)
    assert "release/1.x" == checked_branch(" release/1.x ")


def test_updates_of_one_branch_are_one_group() -> None:
    """GIVEN updates in any order, those of one branch are together, sorted."""
    one, two = Destination("https://a.example/x"), Destination("https://a.example/x", "main", "side")
    found = by_destination([(one, update("web")), (two, update("b")), (one, update("api"))])
    assert {one: [update("api"), update("web")], two: [update("b")]} == found


@pytest.mark.parametrize(
    ("source", "link"),
    [
        ("https://github.com/a/b.git", f"[0123456789ab](https://github.com/a/b/commit/{REVISION})"),
        ("https://gitlab.example.com/a/b", f"[0123456789ab](https://gitlab.example.com/a/b/-/commit/{REVISION})"),
        ("https://bitbucket.org/a/b/", f"[0123456789ab](https://bitbucket.org/a/b/commits/{REVISION})"),
        ("javascript:alert(1)", f"`{REVISION}`"),
        ("https://x.example/) [evil](https://y.example", f"`{REVISION}`"),
        ("", f"`{REVISION}`"),
    ],
)
def test_the_source_of_an_image_is_linked_where_it_is_an_address(source: str, link: str) -> None:
    """GIVEN labels that anybody may have written, only a plain https address becomes a link."""
    assert f"  - source: {link}\n" in body_for([update(source=source, revision=REVISION)], limit=10_000)


def test_nothing_in_a_label_is_more_than_text() -> None:
    """GIVEN labels with markdown, mentions and line breaks, they stay in their code span."""
    body = body_for([update(title="`x` | @team\n# heading", revision="not a sha")], limit=10_000)
    assert "  - title: `'x' / @team # heading`\n" in body
    assert "not a sha" not in body


def test_a_long_table_is_cut_and_says_so() -> None:
    """GIVEN 200 applications and a host with a small description, the rest is counted."""
    body = body_for([update(f"app-{number}") for number in range(200)], limit=3_900)
    assert 3_000 < len(body) <= 3_900
    assert "more changes: see the commits" in body
    assert "`files/a`" in body_for([Update("argocd", "x", (Edit("files/a", WholeFile(b"")),))], limit=3_900)
    assert "one" == title_of("one\n\ntwo")


@pytest.mark.parametrize(
    ("method", "credential"),
    [
        ("git", ""),
        ("git:repocreds", ""),
        ("git:secret:robots", "secret:argocd/robots"),
        ("git:secret:argocd/robots", "secret:argocd/robots"),
    ],
)
def test_methods_name_a_credential(method: str, credential: str) -> None:
    """GIVEN Image Updater's forms, each names its credential."""
    assert credential == credential_of(method, "argocd")


@pytest.mark.parametrize(
    "method",
    [
        "",
        "argocd",
        "git:secret",
        "git:secret:",
        "git:other:x",
        "git:secret:b/x",
        "git:secret:../x",
        "git:x",
        "git:repocreds:x",
    ],
)
def test_secrets_of_others_can_not_be_named(method: str) -> None:
    """GIVEN another namespace's secret, or no form at all, the field is named."""
    with pytest.raises(ConfigurationError, match="write-back-method"):
        credential_of(method, "argocd")


def test_a_credential_is_shown_to_its_own_address_only() -> None:
    """GIVEN a secret for one address, a repository elsewhere does not get it."""
    kept = {
        "mooring/write-back/argocd/robots": {"url": "https://git.example.com/acme", "token": "hush"},
        "mooring/write-back/argocd/key": {
            "url": "ssh://git@git.example.com", "sshPrivateKey": "-----BEGIN X\nx", "sshKnownHosts": "git.example.com x",
        },
        "mooring/write-back/argocd/none": {"token": "hush"},
    }  # fmt: skip

    def get(name: str, fresh: bool) -> Mapping[str, Any]:
        return kept[name]

    registered = WriteCredentials("mooring/write-back/argocd/robots", get)
    store = stores(registered, get, "mooring")
    assert registered is store("")
    robots = store("secret:argocd/robots")
    assert isinstance(robots.find("https://git.example.com/acme/shop.git"), TokenCredential)
    assert isinstance(store("secret:argocd/key").find("git@git.example.com:acme/shop.git"), SSHCredential)
    for secret, url in (("robots", "https://evil.example/acme/shop"), ("none", "https://git.example.com/acme/shop")):
        with pytest.raises(ConfigurationError) as caught:
            store(f"secret:argocd/{secret}").find(url)
        assert "url" in str(caught.value)
        assert "hush" not in str(caught.value)


def test_a_signing_key_is_used_where_there_is_one(tmp_path: Path) -> None:
    """GIVEN no secret, nothing signs; GIVEN one that is no key, the error names it."""
    assert stored_signer(lambda name: "", "mooring") is None
    for text in ("hush", "[]", "{}", json.dumps({"sshPrivateKey": "hush"})):
        with pytest.raises(ConfigurationError) as caught:
            stored_signer(lambda name, text=text: text, "mooring")  # type: ignore[misc]
        assert "mooring/write-back/signing-key" in str(caught.value)
        assert "hush" not in str(caught.value)
