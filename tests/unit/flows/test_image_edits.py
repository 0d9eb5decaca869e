"""New tags as edits, by what an application's source is and what its annotations name."""

from __future__ import annotations

from typing import Any

import pytest

from mooring.errors import ConfigurationError
from mooring.flows.images.edits import edits_of, overridden, version_of
from mooring.images.planning import Update
from mooring.model.application import AppKey
from mooring.model.imagenames import parse_name
from mooring.model.imagesettings import ValuesKeys
from mooring.model.imagetargets import WriteTarget
from mooring.writeback.edits import Edit, SetImage, SetOverrides, SetValues

IMAGE = parse_name("ghcr.io/shop/web", field="image")
OTHER = parse_name("web", field="image")
DIGEST = "sha256:" + "ab" * 32
IN_GIT = {"repository": "https://git.test/shop.git", "base": "main"}
OVERRIDES = WriteTarget("git", 0, "parameters", path="apps/web/.argocd-source-shop_web.yaml", **IN_GIT)


def update(target: WriteTarget, keys: ValuesKeys | None = None, *, tag: str = "v2", digest: str = "") -> Update:
    return Update(AppKey("argocd", "web"), "app", IMAGE, "v1", "", tag, digest, "because", target, keys or ValuesKeys())


def test_a_kustomization_gets_the_image_by_its_name_there() -> None:
    """An image that the kustomization calls otherwise keeps that name and gets the new one beside it."""
    target = WriteTarget("git", 0, "kustomization", path="apps/web", **IN_GIT)
    assert (Edit("apps/web", SetImage("ghcr.io/shop/web", "", "v2", "")),) == edits_of([update(target)], ())
    named = ValuesKeys(kustomize_name=OTHER)
    assert (Edit("apps/web", SetImage("web", "ghcr.io/shop/web", "latest", DIGEST)),) == edits_of(
        [update(target, named, tag="latest", digest=DIGEST)], ()
    )


def test_helm_values_get_what_is_named_and_no_more() -> None:
    """Only keys that annotations name are written to a file of values; a digest goes with its tag."""
    target = WriteTarget("git", 0, "helmvalues", path="values.yaml", **IN_GIT)
    tag_only, both = ValuesKeys(helm_tag="web.tag"), ValuesKeys(helm_name="web.name", helm_tag="web.tag")
    spec = ValuesKeys(helm_spec="web.image")
    assert (Edit("values.yaml", SetValues((("web.tag", "v2"),))),) == edits_of([update(target, tag_only)], ())
    assert (Edit("values.yaml", SetValues((("web.name", "ghcr.io/shop/web"), ("web.tag", "v2")))),) == edits_of(
        [update(target, both)], ()
    )
    assert (Edit("values.yaml", SetValues((("web.image", f"ghcr.io/shop/web:latest@{DIGEST}"),))),) == edits_of(
        [update(target, spec, tag="latest", digest=DIGEST)], ()
    )


@pytest.mark.parametrize(
    ("kind", "keys", "expected"),
    [
        ("Kustomize", ValuesKeys(), SetOverrides("shop_web", images=("ghcr.io/shop/web:v2",))),
        ("Kustomize", ValuesKeys(kustomize_name=OTHER), SetOverrides("shop_web", images=("web=ghcr.io/shop/web:v2",))),
        (
            "Helm",
            ValuesKeys(),
            SetOverrides("shop_web", parameters=(("image.name", "ghcr.io/shop/web"), ("image.tag", "v2"))),
        ),
        ("Helm", ValuesKeys(helm_tag="tag"), SetOverrides("shop_web", parameters=(("tag", "v2"),))),
    ],
)
def test_overrides_lie_beside_the_manifests(kind: str, keys: ValuesKeys, expected: SetOverrides) -> None:
    """`.argocd-source-<application>.yaml` gets images of Kustomize, or parameters of Helm with the usual names."""
    assert (Edit("apps/web", expected),) == edits_of([update(OVERRIDES, keys)], (kind,))


def test_plain_manifests_have_no_parameters() -> None:
    """GIVEN a source of plain YAML, nothing can be overridden, and the error names what to set."""
    with pytest.raises(ConfigurationError, match="write-back-target"):
        edits_of([update(OVERRIDES)], ("Directory",))


def test_an_application_gets_parameters_of_its_own() -> None:
    """The method argocd changes the one parameter that there is, adds what is missing, and touches nothing else."""
    source: dict[str, Any] = {"repoURL": "x", "helm": {"parameters": [{"name": "image.tag", "value": "v1"}]}}
    declared = {"spec": {"source": source}}
    target = WriteTarget("argocd", 0)
    found = overridden(declared, [update(target)], ("Helm",))
    assert [
        {"name": "image.tag", "value": "v2"},
        {"name": "image.name", "value": "ghcr.io/shop/web", "forceString": True},
    ] == found["spec"]["source"]["helm"]["parameters"]
    assert [{"name": "image.tag", "value": "v1"}] == source["helm"]["parameters"]
    several = {"spec": {"sources": [{"ref": "values"}, {"kustomize": {"images": ["ghcr.io/shop/web:v1", "db:1"]}}]}}
    found = overridden(several, [update(WriteTarget("argocd", 1))], ("", "Kustomize"))
    assert ["ghcr.io/shop/web:v2", "db:1"] == found["spec"]["sources"][1]["kustomize"]["images"]


def test_what_an_image_is_brought_to() -> None:
    """A digest that is followed is told with its tag."""
    assert ("v2", f"latest@{DIGEST}") == (
        version_of(update(OVERRIDES)),
        version_of(update(OVERRIDES, tag="latest", digest=DIGEST)),
    )
