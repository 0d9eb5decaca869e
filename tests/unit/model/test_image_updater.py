"""Images as the resource ImageUpdater declares them."""

from __future__ import annotations

from typing import Any

import pytest

from mooring.errors import ConfigurationError
from mooring.model.application import AppKey
from mooring.model.imageannotations import PREFIX
from mooring.model.imageupdater import ImageUpdater, declared_images, parse_image_updater


def document(*refs: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "argocd-image-updater.argoproj.io/v1alpha1",
        "kind": "ImageUpdater",
        "metadata": {"name": "shop", "namespace": "argocd"},
        "spec": {"namespace": "argocd", "applicationRefs": list(refs), **spec},
    }


def ref(pattern: str = "web-*", **more: Any) -> dict[str, Any]:
    return {"namePattern": pattern, "images": [{"alias": "web", "imageName": "ghcr.io/shop/web:1.x"}], **more}


def declared(updater: ImageUpdater, name: str, **metadata: Any) -> Any:
    return declared_images(AppKey("argocd", name), metadata, (updater,))


def test_the_nearest_settings_count() -> None:
    """GIVEN settings for all, for a selection and for an image THEN each field comes from the nearest that has it."""
    updater = parse_image_updater(
        document(
            ref(
                commonUpdateSettings={"updateStrategy": "alphabetical", "ignoreTags": ["latest"]},
                writeBackConfig={"method": "git", "gitConfig": {"branch": "main", "writeBackTarget": "kustomization"}},
                images=[
                    {
                        "alias": "web",
                        "imageName": "ghcr.io/shop/web:1.x",
                        "commonUpdateSettings": {"updateStrategy": "semver", "platforms": ["linux/arm64"]},
                        "manifestTargets": {"kustomize": {"name": "shop/web"}},
                    },
                    {"alias": "db", "imageName": "postgres"},
                ],
            ),
            commonUpdateSettings={"forceUpdate": True, "allowTags": "regexp:^v", "pullSecret": "pullsecret:a/b"},
            writeBackConfig={"method": "git:secret:creds", "gitConfig": {"repository": "https://git.example/x.git"}},
        )
    )
    assert () == updater.warnings
    found = declared(updater, "web-1")
    web, db = found.images
    assert ("semver", "^v", ("latest",), True, "1.x") == (
        web.strategy,
        web.allow,
        web.ignore,
        web.force,
        web.constraint,
    )
    assert (["linux/arm64"], "shop/web") == ([str(each) for each in web.platforms], web.keys.kustomize_name.text)
    assert ("alphabetical", "", "postgres") == (db.strategy, db.constraint, db.name.text)
    back = found.write_back
    assert ("git", "", "https://git.example/x.git", "main", "kustomization") == (
        back.method,
        back.credential,
        back.repository,
        back.base_branch,
        back.target,
    )


def test_a_credential_without_a_namespace_lies_beside_the_resource() -> None:
    """`git:secret:name` is in the resource's own namespace, and no other may be named."""
    found = declared(parse_image_updater(document(ref(), writeBackConfig={"method": "git:secret:creds"})), "web-1")
    assert "argocd/creds" == found.write_back.credential
    with pytest.raises(ConfigurationError, match="of the namespace argocd only") as caught:
        parse_image_updater(document(ref(), writeBackConfig={"method": "git:secret:team-b/creds"}))
    assert "spec.writeBackConfig.method" == caught.value.field


def test_the_most_exact_selection_counts() -> None:
    """GIVEN a name, patterns and labels THEN an application belongs to what names it best, whatever stands first."""
    updater = parse_image_updater(
        document(
            ref("*", images=[{"alias": "any", "imageName": "x"}]),
            ref("web-*", images=[{"alias": "pattern", "imageName": "x"}]),
            ref("web-*", images=[{"alias": "label", "imageName": "x"}], labelSelectors={"matchLabels": {"tier": "a"}}),
            ref("web-1", images=[{"alias": "exact", "imageName": "x"}]),
        )
    )
    assert "exact" == declared(updater, "web-1").images[0].alias
    assert "pattern" == declared(updater, "web-2").images[0].alias
    assert "label" == declared(updater, "web-2", labels={"tier": "a"}).images[0].alias
    assert "any" == declared(updater, "db").images[0].alias
    assert declared_images(AppKey("shop", "db"), {}, (updater,)) is None


def test_annotations_count_where_no_resource_selects_or_one_says_so() -> None:
    """`useAnnotations` leaves it to each application; an application that nobody selects keeps its own."""
    annotations = {f"{PREFIX}image-list": "own=nginx"}
    updater = parse_image_updater(document({"namePattern": "web-*", "useAnnotations": True}))
    assert "own" == declared(updater, "web-1", annotations=annotations).images[0].alias
    assert declared(updater, "web-1") is None
    assert "own" == declared(updater, "db", annotations=annotations).images[0].alias
    chosen = parse_image_updater(document(ref()))
    assert "web" == declared(chosen, "web-1", annotations=annotations).images[0].alias


def test_pull_requests_name_their_host() -> None:
    """The base branch alone goes with them."""
    git = {"branch": "main", "pullRequest": {"gitlab": {}}}
    found = declared(parse_image_updater(document(ref(writeBackConfig={"method": "git", "gitConfig": git}))), "web-1")
    assert ("gitlab", "main") == (found.write_back.pull_request, found.write_back.base_branch)
    with pytest.raises(ConfigurationError, match="base branch only"):
        parse_image_updater(document(ref(writeBackConfig={"gitConfig": {**git, "branch": "main:x"}})))


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        (document(), "spec.applicationRefs"),
        (document({"namePattern": "x"}), "spec.applicationRefs[0].images"),
        (document(ref("")), "spec.applicationRefs[0].namePattern"),
        (document(ref(images=[{"imageName": "x"}])), "spec.applicationRefs[0].images[0].alias"),
        (document(ref(images=[{"alias": "a", "imageName": "X"}])), "spec.applicationRefs[0].images[0].imageName"),
        (
            document(ref(images=[{"alias": "a", "imageName": "x"}, {"alias": "a", "imageName": "y"}])),
            "spec.applicationRefs[0].images[1].alias",
        ),
        (document(ref(), commonUpdateSettings={"updateStrategy": "x"}), "spec.commonUpdateSettings.updateStrategy"),
        (
            document(ref(images=[{"alias": "a", "imageName": "x"}]), commonUpdateSettings={"updateStrategy": "digest"}),
            "spec.applicationRefs[0].images[0].imageName",
        ),
        (
            document(ref(images=[{"alias": "a", "imageName": "x", "manifestTargets": {}}])),
            "spec.applicationRefs[0].images[0].manifestTargets.helm",
        ),
        ({**document(ref()), "apiVersion": "v1"}, "apiVersion"),
        ({**document(ref()), "kind": "Application"}, "kind"),
    ],
)
def test_what_is_wrong_is_named_by_its_path(changed: dict[str, Any], field: str) -> None:
    """The first field that can't be meant is told with where it stands."""
    with pytest.raises(ConfigurationError) as caught:
        parse_image_updater(changed)
    assert field == caught.value.field


def test_fields_that_nobody_knows_are_told() -> None:
    """As for every other declared thing."""
    assert ("spec.later: unknown field, ignored",) == parse_image_updater(document(ref(), later=1)).warnings
