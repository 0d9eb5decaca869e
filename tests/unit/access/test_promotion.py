"""What a Promotion may say, and which field an error names."""

from __future__ import annotations

from typing import Any

import pytest

from mooring.access.promotion import FileMove, How, ManifestPlace, Moves, parse_promotion
from mooring.errors import ConfigurationError
from mooring.model.application import AppKey
from mooring.model.promotionkey import PromotionKey

MANIFEST = {"repoURL": "https://git.test/acme/apps", "branch": "main", "path": "prod/shop.yaml"}


def document(**spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "mooring.dev/v1alpha1",
        "kind": "Promotion",
        "metadata": {"name": "shop"},
        "spec": {
            "from": {"application": "staging"},
            "to": {"application": "prod"},
            "moves": {"images": ["registry.test/acme/*"]},
            **spec,
        },
    }


def test_a_whole_promotion_is_read() -> None:
    """GIVEN every field, each has its value, and nothing is warned of."""
    parsed = parse_promotion(
        document(
            project="shop",
            to={"applications": ["prod-eu", "other/prod-us"], "manifest": MANIFEST},
            moves={
                "images": ["a/*"],
                "targetRevision": "commit",
                "chartVersion": True,
                "files": [{"from": "a.yaml", "to": "b.yaml"}],
            },
            when={
                "healthyFor": "10m",
                "checks": ["ci"],
                "syncWindows": [{"kind": "allow", "schedule": "0 9 * * *", "duration": "8h"}],
            },
            how={"commit": {"message": "Promote"}},
            verify={"healthyFor": "5m"},
            suspend=True,
        )
    )
    found = parsed.promotion
    assert () == parsed.warnings
    assert (PromotionKey("argocd", "shop"), "shop") == (found.key, found.project)
    assert AppKey("argocd", "staging") == found.source
    assert (AppKey("argocd", "prod-eu"), AppKey("other", "prod-us")) == found.targets
    assert ManifestPlace("https://git.test/acme/apps", "main", "prod/shop.yaml") == found.manifest
    assert Moves(("a/*",), "commit", True, (FileMove("a.yaml", "b.yaml"),)) == found.moves
    assert (600.0, ("ci",), "8h") == (found.when.healthy_for, found.when.checks, found.when.windows[0].lasting)
    assert How("commit", message="Promote") == found.how
    assert (300.0, True) == (found.verify_for, found.suspend)


def test_what_is_left_out_has_its_default() -> None:
    """GIVEN no more than what is needed, a pull request is opened as soon as the source is well."""
    found = parse_promotion(document()).promotion
    assert ("default", How(), 0.0, None, ()) == (
        found.project, found.how, found.when.healthy_for, found.when.checks, found.when.windows,
    )  # fmt: skip
    assert () == parse_promotion(document(when={"checks": True})).promotion.when.checks
    labelled = document(how={"pullRequest": {"labels": ["promotion", "needs review"]}})
    assert How(labels=("promotion", "needs review")) == parse_promotion(labelled).promotion.how


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"from": None}, "spec.from"),
        ({"from": {"application": "No!"}}, "spec.from.application"),
        ({"to": {}}, "spec.to.application"),
        ({"to": {"application": "staging"}}, "spec.to.application"),
        ({"to": {"applications": ["a", "a"]}}, "spec.to.applications[1]"),
        ({"to": {"application": "a", "manifest": {**MANIFEST, "path": "../x"}}}, "spec.to.manifest.path"),
        ({"moves": {}}, "spec.moves"),
        ({"moves": {"images": ["a:v1"]}}, "spec.moves.images[0]"),
        ({"moves": {"images": [""]}}, "spec.moves.images[0]"),
        ({"moves": {"targetRevision": "HEAD"}}, "spec.moves.targetRevision"),
        ({"moves": {"targetRevision": "commit"}}, "spec.to.manifest"),
        ({"moves": {"files": [{"from": "/etc/passwd", "to": "b"}]}}, "spec.moves.files[0].from"),
        ({"moves": {"files": [{"from": "a", "to": ".git/config"}]}}, "spec.moves.files[0].to"),
        ({"when": {"healthyFor": "soon"}}, "spec.when.healthyFor"),
        ({"when": {"checks": []}}, "spec.when.checks"),
        ({"when": {"syncWindows": [{"kind": "allow", "schedule": "x", "duration": "1h"}]}},
         "spec.when.syncWindows[0].schedule"),
        ({"when": {"syncWindows": [{"clusters": ["a"]}]}}, "spec.when.syncWindows[0].clusters"),
        ({"how": {"commit": {}, "pullRequest": {}}}, "spec.how.commit"),
        ({"how": {"pullRequest": {"branch": "a..b"}}}, "spec.how.pullRequest.branch"),
        ({"how": {"pullRequest": {"labels": ["a", "b,c"]}}}, "spec.how.pullRequest.labels[1]"),
        ({"how": {"pullRequest": {"labels": [""]}}}, "spec.how.pullRequest.labels[0]"),
        ({"verify": {"healthyFor": "9999h"}}, "spec.verify.healthyFor"),
        ({"suspend": "yes"}, "spec.suspend"),
    ],
)  # fmt: skip
def test_an_error_names_the_field(spec: dict[str, Any], field: str) -> None:
    """GIVEN a field that is wrong, THEN just that one is named."""
    with pytest.raises(ConfigurationError) as caught:
        parse_promotion(document(**spec))
    assert field == caught.value.field


def test_an_unknown_field_is_warned_of() -> None:
    """GIVEN a field that nobody knows, it is named in a warning."""
    assert ("spec.nonsense: unknown field, ignored",) == parse_promotion(document(nonsense=1)).warnings
