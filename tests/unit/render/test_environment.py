"""The build environment: Argo CD's variables, put into text by the rules of Go's os.Expand."""

from __future__ import annotations

import pytest

from mooring.render.environment import BuildEnvironment

SHA = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def environment() -> BuildEnvironment:
    return BuildEnvironment(
        app_name="shop",
        namespace="prod",
        project="team",
        revision=SHA,
        path="k8s",
        repo_url="https://example.com/r.git",
        target_revision="main",
        kube_version="1.36.3",
        api_versions=("apps/v1", "v1"),
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$ARGOCD_APP_NAME-x", "shop-x"),
        ("${ARGOCD_APP_NAMESPACE}x", "prodx"),
        ("$ARGOCD_APP_PROJECT_NAME", "team"),
        ("$ARGOCD_APP_SOURCE_PATH@$ARGOCD_APP_SOURCE_REPO_URL", "k8s@https://example.com/r.git"),
        ("${ARGOCD_APP_SOURCE_TARGET_REVISION}", "main"),
        ("$KUBE_VERSION $KUBE_API_VERSIONS", "1.36.3 apps/v1,v1"),
        ("$$ARGOCD_APP_NAME", "$ARGOCD_APP_NAME"),
        ("$HOME|$PATH|${UNKNOWN}|$1|$?", "||||"),
        ("5$ and $ and $-", "5$ and $ and "),
        ("${}|${open", "|open"),
        ("${$}", "$"),
        ("ends with $", "ends with $"),
        ("$ÄNAME", "$ÄNAME"),
        ("nothing", "nothing"),
    ],
)
def test_text_is_expanded_as_go_does_it(environment: BuildEnvironment, text: str, expected: str) -> None:
    """Only names of the build environment have a value: those of the function's own environment have none."""
    assert expected == environment.substitute(text)
    assert not environment.revision_used


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$ARGOCD_APP_REVISION", SHA),
        ("$ARGOCD_APP_REVISION_SHORT", SHA[:7]),
        ("${ARGOCD_APP_REVISION_SHORT_8}", SHA[:8]),
    ],
)
def test_reading_the_revision_is_remembered(environment: BuildEnvironment, text: str, expected: str) -> None:
    """Who reads it has to be rendered anew for every revision."""
    assert expected == environment.substitute(text)
    assert environment.revision_used


def test_whoever_gets_everything_may_read_the_revision(environment: BuildEnvironment) -> None:
    """A program's own use of its variables can't be seen."""
    assert SHA == environment.everything()["ARGOCD_APP_REVISION"]
    assert environment.revision_used
