"""Paths stay inside the checkout, whatever the repository says."""

from __future__ import annotations

from pathlib import Path

import pytest

from mooring.errors import ConfigurationError
from mooring.render.paths import LeavesError, MissingError, cover, inside, locate, reachable


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout beside a folder that must never be read."""
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "token").write_text("hidden")
    root = tmp_path / "checkout"
    (root / "apps" / "shop" / "base").mkdir(parents=True)
    (root / "apps" / "shop" / "base" / "a.yaml").write_text("a: 1\n")
    (root / ".git").mkdir()
    (root / ".git" / "config").write_text("[remote]\n")
    return root


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (".", "."), ("", "."), ("apps", "apps"), ("./apps/shop/", "apps/shop"), ("apps//shop", "apps/shop"),
        ("apps/../apps/shop", "apps/shop"), ("apps/nothing/../shop", "apps/shop"),
    ],
)  # fmt: skip
def test_a_path_inside_leads_to_its_folder(checkout: Path, path: str, expected: str) -> None:
    """Dots and doubled slashes mean what they mean to a shell."""
    assert (checkout / expected).resolve() == inside(checkout, path, field="spec.source.path").resolve()
    assert expected == locate(checkout, path).path


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/etc", "is an absolute path"),
        ("..", "points outside of the repository"),
        ("../secrets", "points outside of the repository"),
        ("apps/../../secrets", "points outside of the repository"),
        ("../checkout/apps", "points outside of the repository"),
        (".git", "leads into .git"),
        ("apps/../.GIT/hooks", "leads into .git"),
        ("nothing", "'nothing' does not exist at this revision"),
        ("apps/nothing/deeper", "'apps/nothing' does not exist at this revision"),
        ("apps/shop/base/a.yaml", "is a file; name the folder"),
        ("apps/shop/base/a.yaml/x", "'apps/shop/base/a.yaml' is a file"),
        ("apps\0", "zero byte"),
    ],
)
def test_a_path_that_is_no_folder_inside_is_refused(checkout: Path, path: str, message: str) -> None:
    """The error names the field and says what is wrong with the path."""
    with pytest.raises(ConfigurationError, match=message) as raised:
        inside(checkout, path, field="spec.source.path")
    assert "spec.source.path" == raised.value.field


@pytest.mark.parametrize(
    "target", ["../secrets", "/etc", "../../../../../etc", ".git", "apps/../../secrets", "hop", "hop/token"]
)
def test_a_link_that_leaves_is_refused(checkout: Path, target: str) -> None:
    """Wherever a link leads out of the repository, directly or by way of another, nothing is opened."""
    (checkout / "hop").symlink_to("apps/shop/../../../secrets")
    (checkout / "link").symlink_to(target)
    with pytest.raises(LeavesError):
        locate(checkout, "link")
    with pytest.raises(ConfigurationError, match=r"link|\.git"):
        inside(checkout, "link", field="spec.source.path")
    with pytest.raises(ConfigurationError, match=r"link|hop|\.git"):
        reachable(checkout, ["."])


def test_links_inside_are_followed_and_named(checkout: Path) -> None:
    """A link is part of what a render depends on, and so is what it leads to."""
    (checkout / "current").symlink_to("apps/shop")
    (checkout / "alias").symlink_to("current/base")
    place = locate(checkout, "alias/a.yaml")
    assert "apps/shop/base/a.yaml" == place.path
    assert ("alias", "current") == place.links
    assert not place.is_folder


def test_links_in_a_circle_end(checkout: Path) -> None:
    """Two links that name each other count as missing."""
    (checkout / "a").symlink_to("b")
    (checkout / "b").symlink_to("a")
    with pytest.raises(MissingError, match="too many symbolic links"):
        locate(checkout, "a")


def test_what_a_folder_reaches_follows_its_links(checkout: Path) -> None:
    """GIVEN links to a file, to a folder and to nothing, THEN all their targets are reached, and links there too."""
    shared = checkout / "shared"
    shared.mkdir()
    (shared / "deep").symlink_to("../deep")
    (checkout / "deep").mkdir()
    (checkout / "apps" / "shop" / "shared").symlink_to("../../shared")
    (checkout / "apps" / "shop" / "gone").symlink_to("../later/gone.yaml")
    (checkout / "apps" / "shop" / "up").symlink_to("..")
    assert ("apps", "deep", "shared") == cover(reachable(checkout, ["apps/shop"]))
    assert "apps/later" in reachable(checkout, ["apps/shop"])


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["a/b", "a", "a-b", "a/b/c"], ("a", "a-b")),
        (["b", ".", "a"], (".",)),
        (["a/b", "a-b/c", "ab"], ("a/b", "a-b/c", "ab")),
        ([], ()),
    ],
)
def test_paths_inside_a_named_folder_are_left_out(paths: list[str], expected: tuple[str, ...]) -> None:
    """What a folder's git object covers need not be named again."""
    assert expected == cover(paths)
