"""Which registration is about a repository, however its address is spelled."""

from __future__ import annotations

import pytest

from mooring.flows.asked.repositoryfacts import _about, plain_address


@pytest.mark.parametrize(
    ("url", "registered", "is_about"),
    [
        ("https://git.test/shop/deploy.git", "https://git.test/shop/deploy", True),
        ("git@git.test:shop/deploy", "ssh://git@git.test/shop/deploy.git", True),
        ("git.test/shop/deploy", "https://git.test/shop/", True),
        ("https://git.test/shopping/deploy", "https://git.test/shop", False),
        ("https://git.test:8443/a/b", "https://git.test:8443/a", True),
        ("oci://registry.test/charts/web", "oci://registry.test/charts", True),
        ("HTTPS://Git.test/Shop", "https://git.test/shop", True),
    ],
)
def test_a_repository_is_known_by_any_of_its_spellings(url: str, registered: str, is_about: bool) -> None:
    """GIVEN a repository and a registration WHEN compared THEN host and path count, and whole parts of the path."""
    assert is_about is bool(_about(url, {registered: plain_address(registered)}))
