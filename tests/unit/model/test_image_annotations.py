"""Images as annotations of an Application declare them."""

from __future__ import annotations

import pytest

from mooring.errors import ConfigurationError
from mooring.model.imageannotations import PREFIX, PULL_REQUEST, parse_annotations, parse_image_spec
from mooring.model.imagenames import ImageName
from mooring.model.imagesettings import AppImages, Platform, PullSecret, TendedImage, ValuesKeys, WriteBack


def parsed(**settings: str) -> AppImages:
    given = {"image_list": "app=ghcr.io/shop/web", **settings}
    found = parse_annotations(
        {f"{PREFIX}{key.replace('__', '.').replace('_', '-')}": each for key, each in given.items()}
    )
    assert found is not None
    return found


def test_an_application_without_a_list_declares_nothing() -> None:
    """Other annotations of the same prefix are nobody's."""
    assert parse_annotations({}) is None
    assert parse_annotations({f"{PREFIX}write-back-method": "git"}) is None


def test_what_isn_t_said_has_image_updater_s_defaults() -> None:
    """GIVEN a list alone THEN the strategy is semver, all tags count, and the application is what is changed."""
    expected = TendedImage("app", ImageName("ghcr.io", "shop/web"))
    assert AppImages((expected,), WriteBack()) == parsed()
    assert ("semver", "", (), "argocd", "parameters") == (
        expected.strategy,
        expected.allow,
        expected.platforms,
        WriteBack().method,
        WriteBack().target,
    )


def test_everything_that_can_be_said_of_an_image_is_read() -> None:
    """Each setting ends where it belongs; spaces around commas and values don't count."""
    found = parsed(
        image_list=" app = ghcr.io/shop/web:~1.2 , db=registry.example.com:5000/team/db:1.x",
        app__update_strategy="Semver",
        app__allow_tags=r"regexp:^v\d+:x$",
        app__ignore_tags="latest, *-rc?,",
        app__platforms="linux/amd64,linux/arm64/v8",
        app__pull_secret="pullsecret:shop/registry",
        app__force_update="true",
        app__helm__image_name="web.image",
        app__helm__image_tag="web.tag",
        db__helm__image_spec="db.image",
        db__helm__image_tag="ignored",
        db__pull_secret="secret:shop/registry#login",
    )
    assert (
        TendedImage(
            alias="app",
            name=ImageName("ghcr.io", "shop/web"),
            constraint="~1.2",
            strategy="semver",
            allow=r"^v\d+:x$",
            ignore=("latest", "*-rc?"),
            platforms=(Platform("linux", "amd64"), Platform("linux", "arm64", "v8")),
            pull_secret=PullSecret("shop", "registry"),
            force=True,
            keys=ValuesKeys(helm_name="web.image", helm_tag="web.tag"),
        ),
        TendedImage(
            alias="db",
            name=ImageName("registry.example.com:5000", "team/db"),
            constraint="1.x",
            pull_secret=PullSecret("shop", "registry", "login"),
            keys=ValuesKeys(helm_spec="db.image"),
        ),
    ) == found.images


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("semver", "semver"),
        ("newest-build", "newest-build"),
        ("latest", "newest-build"),
        ("alphabetical", "alphabetical"),
        ("NAME", "alphabetical"),
    ],
)
def test_strategies_have_old_names(written: str, means: str) -> None:
    """Image Updater's former names mean what they meant."""
    assert means == parsed(app__update_strategy=written).images[0].strategy


def test_settings_of_the_application_count_where_an_image_has_none() -> None:
    """GIVEN both THEN the image's own wins, one by one; an image without alias has the application's."""
    first, second = parsed(
        image_list="app=ghcr.io/shop/web, nginx",
        update_strategy="newest-build",
        allow_tags="regexp:^v",
        ignore_tags="latest",
        force_update="true",
        pull_secret="pullsecret:shop/all",
        app__update_strategy="alphabetical",
        app__allow_tags="any",
        app__force_update="false",
    ).images
    assert ("alphabetical", "", ("latest",), False) == (first.strategy, first.allow, first.ignore, first.force)
    assert ("newest-build", "^v", True) == (second.strategy, second.allow, second.force)
    assert PullSecret("shop", "all") == first.pull_secret == second.pull_secret
    assert ("nginx", ImageName("", "nginx")) == (second.alias, second.name)


def test_a_slash_in_an_alias_is_an_underscore_in_its_annotations() -> None:
    """Kubernetes allows one slash in a key ("Assigning aliases to images")."""
    found = parse_annotations(
        {f"{PREFIX}image-list": "argoproj/argocd=quay.io/argoproj/argocd", f"{PREFIX}argoproj_argocd.force-update": "t"}
    )
    assert found is not None
    assert [("argoproj/argocd", True)] == [(each.alias, each.force) for each in found.images]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nginx", ("", "nginx", "")),
        ("nginx:~1.26", ("", "nginx", "~1.26")),
        ("nginx:>=1.2 <2", ("", "nginx", ">=1.2 <2")),
        ("a=nginx:>=1.2", ("a", "nginx", ">=1.2")),
        ("localhost/x/y:1", ("", "localhost/x/y", "1")),
        ("host:5000/x", ("", "host:5000/x", "")),
        ("a=host:5000/x/y:2.x-0", ("a", "host:5000/x/y", "2.x-0")),
    ],
)
def test_an_image_is_taken_apart(text: str, expected: tuple[str, str, str]) -> None:
    """An equals sign of a constraint makes no alias, and the port of a registry no constraint."""
    alias, name, constraint = parse_image_spec(text, field="x")
    assert expected == (alias, name.text, constraint)


def test_where_tags_are_written() -> None:
    """Method, credential, branches, repository and target are read, and Mooring's own pull requests."""
    annotations = {
        "image-list": "app=web",
        "write-back-method": "git:secret:argocd/git-creds",
        "git-branch": "main:image-updater{{range .Images}}-{{.Name}}-{{.NewTag}}{{end}}",
        "git-repository": "git@github.com:example/example.git",
        "write-back-target": "kustomization:/config/overlays/bar",
    }
    found = parse_annotations({f"{PREFIX}{key}": each for key, each in annotations.items()} | {PULL_REQUEST: "true"})
    assert found is not None
    assert found.write_back == WriteBack(
        method="git",
        credential="argocd/git-creds",
        repository="git@github.com:example/example.git",
        base_branch="main",
        write_branch="image-updater{{range .Images}}-{{.Name}}-{{.NewTag}}{{end}}",
        target="kustomization",
        path="/config/overlays/bar",
        pull_request="auto",
    )


@pytest.mark.parametrize(
    ("settings", "method", "credential", "branches", "target"),
    [
        ({"write_back_method": "git"}, "git", "", ("", ""), ("parameters", "")),
        ({"write_back_method": "git:repocreds", "git_branch": "main"}, "git", "", ("main", ""), ("parameters", "")),
        ({"git_branch": ":next-{{.SHA256}}"}, "argocd", "", ("", "next-{{.SHA256}}"), ("parameters", "")),
        ({"write_back_target": "kustomization"}, "argocd", "", ("", ""), ("kustomization", "")),
        (
            {"write_back_target": "helmvalues", "app__helm__image_tag": "tag"},
            "argocd",
            "",
            ("", ""),
            ("helmvalues", "values.yaml"),
        ),
        (
            {"write_back_target": "helmvalues:../a.yaml", "app__helm__image_spec": "image"},
            "argocd",
            "",
            ("", ""),
            ("helmvalues", "../a.yaml"),
        ),
    ],
)
def test_shorter_ways_to_say_where(
    settings: dict[str, str], method: str, credential: str, branches: tuple[str, str], target: tuple[str, str]
) -> None:
    """What is left out is left to the application's source."""
    found = parsed(**settings).write_back
    assert (method, credential) == (found.method, found.credential)
    assert branches == (found.base_branch, found.write_branch)
    assert target == (found.target, found.path)


@pytest.mark.parametrize(
    ("settings", "annotation", "message"),
    [
        ({"image_list": " , "}, "image-list", "names no image"),
        ({"image_list": "Web"}, "image-list", "no name of an image"),
        ({"image_list": "a b=web"}, "image-list", "no alias"),
        ({"image_list": "a=web, a=db"}, "image-list", "twice"),
        ({"image_list": "a/b=web, a_b=db"}, "image-list", "twice"),
        ({"image_list": "web@sha256:" + "0" * 64}, "image-list", "held to a digest"),
        ({"app__update_strategy": "semvar"}, "app.update-strategy", "no update strategy"),
        ({"update_strategy": "semvar"}, "update-strategy", "no update strategy"),
        ({"app__update_strategy": "digest"}, "image-list", "needs the tag to follow"),
        ({"app__allow_tags": "^v1"}, "app.allow-tags", "admits no tag"),
        ({"app__allow_tags": "regexp:"}, "app.allow-tags", "admits no tag"),
        ({"app__platforms": "amd64"}, "app.platforms", "no platform"),
        ({"app__force_update": "yes"}, "app.force-update", 'must be "true" or "false"'),
        ({"app__pull_secret": "registry"}, "app.pull-secret", "names no Secret"),
        ({"app__pull_secret": "secret:shop/registry"}, "app.pull-secret", "names no Secret"),
        ({"app__pull_secret": "env:LOGIN"}, "app.pull-secret", "mooring repo add"),
        ({"app__pull_secret": "ext:/auth.sh"}, "app.pull-secret", "mooring repo add"),
        ({"other__allow_tags": "any"}, "other.allow-tags", "no image has"),
        ({"app__tag_match": "x"}, "app.tag-match", "allow-tags instead"),
        ({"app__helm__image_tag": "t", "app__kustomize__image_name": "web"}, "app.kustomize.image-name", "combined"),
        ({"write_back_method": "svn"}, "write-back-method", "no way to write back"),
        ({"write_back_method": "git:secret:creds"}, "write-back-method", "no way to write back"),
        ({"git_branch": "a b"}, "git-branch", "can be no branch"),
        ({"git_branch": "main:"}, "git-branch", "after the colon"),
        ({"write_back_target": "values"}, "write-back-target", "nothing to write to"),
        ({"write_back_target": "kustomization:"}, "write-back-target", "after the colon"),
        ({"write_back_target": "helmvalues:a.yaml"}, "app.helm.image-tag", "key of the tag"),
    ],
)
def test_what_can_t_be_meant_names_its_annotation(settings: dict[str, str], annotation: str, message: str) -> None:
    """Nothing is guessed: a filter that isn't understood would let everything through, or nothing."""
    with pytest.raises(ConfigurationError, match=message) as caught:
        parsed(**settings)
    assert f"{PREFIX}{annotation}" == caught.value.field


def test_annotations_that_nobody_knows_are_told() -> None:
    """Something new of Image Updater's is no error, and not silence either."""
    (warning,) = parsed(something_new="x").warnings
    assert "something-new" in warning and "unknown annotation" in warning


def test_names_of_the_same_image_are_one_repository() -> None:
    """Docker Hub has several spellings, and a registry compares without case."""
    for text in ("nginx", "library/nginx"):
        assert "docker.io/library/nginx" == ImageName("", text).repository
    assert "docker.io/library/nginx" == ImageName("index.docker.io", "nginx").repository
    assert "ghcr.io/shop/web" == ImageName("GHCR.io", "shop/web").repository
