"""Edits on files that people keep by hand."""

from __future__ import annotations

import pytest

from mooring.errors import ConfigurationError
from mooring.writeback.edits import (
    CopyOf,
    Edit,
    SetField,
    SetImage,
    SetOverrides,
    SetValues,
    WholeFile,
    carried_out,
    key_path,
    wanted,
)

DIGEST = "sha256:" + "ab" * 32


def done(edit: Edit, **files: str) -> str:
    """The one file that an edit changes; `_` in names stands for a dot."""
    there = {name.replace("_", "."): text.encode() for name, text in files.items()}
    (content,) = carried_out([edit], there.get).values()
    assert {} == carried_out([edit], lambda path: content if path in there or not there else None)
    return content.decode()


def refused(edit: Edit, **files: str) -> str:
    there = {name.replace("_", "."): text.encode() for name, text in files.items()}
    with pytest.raises(ConfigurationError) as caught:
        carried_out([edit], there.get)
    return str(caught.value)


KUSTOMIZATION = """\
# what runs in staging
resources: [../base]   # see there
images:
  - name: web          # ours
    newName: 'registry.example.com/web'
    newTag: "v1.2.3"   # {"$imagepolicy": "shop:web:tag"}

  # not ours
  - newTag: 7.2
    name: redis
namePrefix: staging-
"""


def test_a_tag_changes_and_nothing_around_it() -> None:
    """GIVEN comments, quotes and odd indentation, a new tag leaves all of them."""
    edit = Edit(".", SetImage("web", "registry.example.com/web", "v1.3.0"))
    assert KUSTOMIZATION.replace("v1.2.3", "v1.3.0") == done(edit, kustomization_yaml=KUSTOMIZATION)


def test_a_number_becomes_text() -> None:
    """GIVEN a tag that is a number without quotes, it comes back as the text that kustomize wants."""
    edit = Edit(".", SetImage("redis", tag="7.40"))
    assert KUSTOMIZATION.replace("7.2\n", '"7.40"\n') == done(edit, kustomization_yaml=KUSTOMIZATION)


def test_a_digest_takes_the_place_of_a_tag() -> None:
    """GIVEN a tag, a digest alone stands in its line; the comment stays."""
    edit = Edit("", SetImage("web", digest=DIGEST))
    wanted = KUSTOMIZATION.replace('newTag: "v1.2.3"', f'digest: "{DIGEST}"')
    assert wanted == done(edit, kustomization_yaml=KUSTOMIZATION)


def test_a_tag_ends_a_digest_beside_it() -> None:
    """GIVEN an image with tag and digest, a tag alone removes the digest, as kustomize does."""
    text = f"images:\n- digest: {DIGEST} # old\n  name: web\n  newTag: v1\nx: 1\n"
    edit = Edit("", SetImage("web", tag="v2"))
    assert "images:\n- name: web\n  newTag: v2\nx: 1\n" == done(edit, kustomization_yaml=text)
    text = f"images: [{{name: web, newTag: v1, digest: '{DIGEST}'}}]\n"
    assert "images: [{name: web, newTag: v2}]\n" == done(edit, kustomization_yaml=text)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "images:\n- name: web\n  newTag: v2\n"),
        ("resources: [a]", "resources: [a]\nimages:\n- name: web\n  newTag: v2"),
        ("images:\n# none yet\n", "images:\n- name: web\n  newTag: v2\n# none yet\n"),
        ("images: []\nx: 1\n", "images: [{name: web, newTag: v2}]\nx: 1\n"),
        ("images: ~\nx: 1\n", "images: [{name: web, newTag: v2}]\nx: 1\n"),
        ("images:\r\n  - name: a\r\nx: 1\r\n", "images:\r\n  - name: a\r\n  - name: web\r\n    newTag: v2\r\nx: 1\r\n"),
    ],
)
def test_an_image_is_added_where_there_is_none(before: str, after: str) -> None:
    """GIVEN a kustomization without this image, it gets an entry in the file's own form."""
    assert after == done(Edit("", SetImage("web", tag="v2")), kustomization_yml=before)


def test_a_folder_without_kustomization_is_named() -> None:
    """GIVEN no kustomization, the error says where one was looked for."""
    assert "apps/web: holds no kustomization.yaml" in refused(Edit("/apps/web", SetImage("web", tag="v2")))


VALUES = """\
image: &image
  repository: registry.example.com/web # never changes
  tag: v1.2.3
sidecars:
  - {name: proxy, image: "envoy:v1.30"}
pod.labels:
  version: 'v1.2.3'
worker:
  image:
    <<: *image
    tag: v1.2.2
cron:
  image: *image
"""


def test_values_are_found_by_every_kind_of_key() -> None:
    """GIVEN dotted keys, lists and keys with dots, each value is found; name and tag or both in one."""
    edit = Edit("values.yaml", SetValues((("sidecars[0].image", "envoy:v1.31"), (r"pod\.labels.version", "v1.3.0"))))
    text = VALUES.replace("envoy:v1.30", "envoy:v1.31").replace("'v1.2.3'", "'v1.3.0'")
    assert text == done(edit, values_yaml=VALUES)


def test_a_merge_is_overridden_where_it_is_used() -> None:
    """GIVEN a mapping that merges another, its own value changes and the other one's doesn't."""
    edit = Edit("values.yaml", SetValues((("worker.image.tag", "v9"),)))
    assert VALUES.replace("v1.2.2", "v9") == done(edit, values_yaml=VALUES)


def test_what_an_anchor_shares_is_not_changed_unawares() -> None:
    """GIVEN a value that others refer to, or that is behind an alias, the edit is refused and says why."""
    told = refused(Edit("values.yaml", SetValues((("image.tag", "v9"),))), values_yaml=VALUES)
    assert "values.yaml: image.tag: can't be changed alone" in told
    told = refused(Edit("values.yaml", SetValues((("cron.image.tag", "v9"),))), values_yaml=VALUES)
    assert "lies behind an alias at cron.image" in told


@pytest.mark.parametrize(
    ("text", "key", "why"),
    [
        ("a: |\n  x\n", "a", "is a block of text"),
        ("a: {b: 1}\n", "a", "is a mapping"),
        ("a: [1]\n", "a[1]", "is a list of 1"),
        ("a: [1]\n", "a.b", "is a list of 1"),
        ("a: x\n", "a.b", "is a single value"),
        ("a: 1\na: 2\n", "a", "a"),
        ("a: {{ .Values.x }}\n", "a", "values.yaml"),
        ("a: [\n", "a", "only plain YAML"),
        ("- a\n", "a", "is a list of 1"),
    ],
)
def test_what_is_ambiguous_is_refused(text: str, key: str, why: str) -> None:
    """GIVEN a value that is none, or that nobody could mean, the error names file and place."""
    told = refused(Edit("values.yaml", SetValues(((key, "v2"),))), values_yaml=text)
    assert "values.yaml" in told
    assert why in told


def test_a_literal_key_goes_before_a_path() -> None:
    """GIVEN a key that has dots itself, it is meant, as Image Updater means it."""
    edit = Edit("values.yaml", SetValues((("image.tag", "v2"),)))
    assert 'image.tag: "v2"\n' == done(edit, values_yaml='image.tag: "v1"\n')
    assert "image:\n  tag: v2\n" == done(edit)


def test_a_sops_file_is_left_alone() -> None:
    """GIVEN a file whose values are sealed together, an edit would break the seal, and is refused."""
    told = refused(Edit("v.yaml", SetValues((("tag", "v2"),))), v_yaml="tag: v1\nsops:\n  mac: ENC[x]\n")
    assert "v.yaml: is encrypted with SOPS" in told


def test_bytes_that_are_no_text_are_refused() -> None:
    """GIVEN a file in another encoding, it is not touched."""
    with pytest.raises(ConfigurationError, match="no UTF-8"):
        carried_out([Edit("v.yaml", SetValues((("a", "b"),)))], lambda path: b"a: \xff\n")


def test_overrides_are_merged_into_the_file_of_the_application() -> None:
    """GIVEN images and parameters, they are put in, and former ones of the same name exchanged."""
    name = ".argocd-source-web.yaml"
    fresh = carried_out([Edit("apps/web", SetOverrides("web", images=("web=r.example:5000/web:v1",)))], {}.get)
    assert {f"apps/web/{name}": b"kustomize:\n  images:\n  - web=r.example:5000/web:v1\n"} == fresh
    there = b"# robots only\nkustomize:\n  images:\n  - web=r.example:5000/web:v1\n  - r.example:5000/other:v1\n"
    edits = [
        Edit(
            "", SetOverrides("web", images=("web=r.example:5000/web:v2", f"r.example:5000/other:v2@{DIGEST}", "new:v1"))
        ),
        Edit("", SetOverrides("web", parameters=(("z", "1"), ("image.tag", "v2")))),
        Edit("", SetOverrides("web", parameters=(("z", "2"),))),
    ]
    text = (
        "# robots only\nkustomize:\n  images:\n  - web=r.example:5000/web:v2\n"
        f"  - r.example:5000/other:v2@{DIGEST}\n  - new:v1\n"
        "helm:\n  parameters:\n  - name: image.tag\n    value: v2\n    forceString: true\n"
        '  - name: z\n    value: "2"\n    forceString: true\n'
    )
    assert {name: text.encode()} == carried_out(edits, {name: there}.get)


MANIFESTS = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: shop}
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: shop
  namespace: argocd
spec:
  sources:
    - repoURL: https://charts.example.com
      chart: shop
      targetRevision: 1.4.2 # staging has it
    - targetRevision: main
"""


def test_a_field_of_one_object_among_many() -> None:
    """GIVEN several documents, the field of the named object changes."""
    what = SetField("Application", "shop", "spec.sources[0].targetRevision", "1.5.0", "argocd")
    assert MANIFESTS.replace("1.4.2", "1.5.0") == done(Edit("apps.yaml", what), apps_yaml=MANIFESTS)
    what = SetField("Application", "shop", "spec.source.targetRevision", "1.5.0", "elsewhere")
    assert "Application shop is not in it" in refused(Edit("apps.yaml", what), apps_yaml=MANIFESTS)
    what = SetField("Application", "shop", "spec.project", "x")
    assert "is in it more than once" in refused(Edit("a.yaml", what), a_yaml=MANIFESTS + "---\n" + MANIFESTS)


def test_a_json_file_stays_one() -> None:
    """GIVEN JSON, values and keys are written in its quotes."""
    what = SetValues((("image.tag", "v2"), ("image.pull", "Always")))
    text = '{\n  "image": {\n    "tag": "v1"\n  }\n}\n'
    assert '{\n  "image": {\n    "tag": "v2", "pull": "Always"\n  }\n}\n' == done(Edit("v.json", what), v_json=text)


def test_whole_files() -> None:
    """GIVEN files to be written or copied, they are, and what is the same already is no change."""
    edits = [Edit("b/x.yaml", CopyOf("a/x.yaml")), Edit("c", WholeFile(b"\x00")), Edit("d", WholeFile(b"d"))]
    there = {"a/x.yaml": b"1", "b/x.yaml": b"2", "d": b"d"}
    assert {"b/x.yaml": b"1", "c": b"\x00"} == carried_out(edits, there.get)
    assert ["b/x.yaml", "a/x.yaml", "c", "d"] == wanted(edits)
    assert "a/x.yaml: is not there" in refused(Edit("b", CopyOf("a/x.yaml")))


def test_edits_of_one_file_add_up() -> None:
    """GIVEN two edits of one file, the second sees what the first did."""
    edits = [Edit("v.yaml", SetValues(((f"{key}.tag", "v2"),))) for key in "ab"]
    assert {"v.yaml": b"a:\n  tag: v2\nb:\n  tag: v2\n"} == carried_out(edits, {}.get)


@pytest.mark.parametrize("path", ["../x", "a/../../x", ".git/config", "a/.GIT/hooks/x"])
def test_no_path_leads_out(path: str) -> None:
    """GIVEN a path that leaves the repository or enters git's own folder, it is refused."""
    assert "leads out" in refused(Edit(path, WholeFile(b"")))


@pytest.mark.parametrize("key", ["", ".", "a.", "a..b", "a[x]", "[0]", "a[0]b"])
def test_what_is_no_key_is_refused(key: str) -> None:
    """GIVEN text that is no key, it is named."""
    with pytest.raises(ConfigurationError):
        key_path(key)


def test_keys_are_taken_apart() -> None:
    """GIVEN dots, brackets and escaped dots, each step is found."""
    assert ("a.b", "c", 0, 12, "d") == key_path(r"a\.b.c[0][12].d")
    assert ("a.",) == key_path(r"a\.")
