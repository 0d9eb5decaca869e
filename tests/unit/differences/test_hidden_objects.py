"""Objects that say that they hold secrets: how they are shown, digested and marked."""

from __future__ import annotations

import base64

import pytest

from mooring.differences.readable import diff
from mooring.differences.redaction import redacted
from mooring.differences.rules import Rules
from mooring.errors import RenderError
from mooring.model.objects import Manifest
from mooring.render.hiding import marked
from mooring.secrets.digests import HIDDEN_ANNOTATION, Digests
from mooring.secrets.masking import masked

KEY = b"k" * 48
VALUE = "correct horse"


def _config(value: str, **metadata: object) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "a", **metadata},
        "data": {"a": value, "b": "c"},
    }


def test_only_objects_that_hold_a_value_are_marked() -> None:
    """GIVEN a value THEN what holds it, in plain or in base64, is marked; Secrets and what holds a short one are not."""
    encoded = base64.b64encode(VALUE.encode()).decode()
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"a": VALUE}}
    given = [
        _config(f"p={VALUE};"),
        _config(encoded),
        _config("short"),
        secret,
        _config("other", annotations={"x": "y"}),
    ]
    found = marked(given, [VALUE, "short", "c"])
    assert [True, True, False, False, False] == [
        HIDDEN_ANNOTATION in each["metadata"].get("annotations", {}) for each in found
    ]
    assert given[0] == _config(f"p={VALUE};")


def test_a_marked_object_is_shown_as_a_secret_is() -> None:
    """GIVEN a marked object THEN its values are hashes that still tell two values apart, and names stay."""
    first, second = (redacted(_config(text, annotations={HIDDEN_ANNOTATION: "sops"}), KEY) for text in (VALUE, "other"))
    assert VALUE not in repr(first)
    assert ("ConfigMap", "a", {"a", "b"}) == (first["kind"], first["metadata"]["name"], first["data"].keys())
    assert first["data"]["a"] != second["data"]["a"]
    assert first["data"]["b"] == second["data"]["b"]


def test_a_secret_is_marked_for_what_its_labels_and_annotations_hold() -> None:
    """GIVEN a Secret with a value in an annotation or label THEN it is marked, and neither is shown."""
    for field in ("labels", "annotations"):
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s", field: {"leak": VALUE}}, "data": {}}
        (found,) = marked([secret], [VALUE])
        assert "sops" == found["metadata"]["annotations"][HIDDEN_ANNOTATION]
        assert VALUE not in repr(redacted(found, KEY))
        assert VALUE not in repr(redacted({"apiVersion": "v1", "kind": "SecretList", "items": [found]}, KEY))


def test_labels_and_annotations_of_a_marked_object_are_hidden() -> None:
    """GIVEN a marked object that has a value in its labels and annotations THEN hashes are shown, and the mark."""
    (given,) = marked([_config("x", labels={"a": VALUE}, annotations={"b": VALUE})], [VALUE])
    shown = redacted(given, KEY)
    assert VALUE not in repr(shown)
    assert "sops" == shown["metadata"]["annotations"][HIDDEN_ANNOTATION]
    assert {"b", HIDDEN_ANNOTATION} == shown["metadata"]["annotations"].keys()


@pytest.mark.parametrize("side", ["live", "desired"])
def test_one_side_that_lost_its_mark_is_hidden_by_the_other(side: str) -> None:
    """GIVEN an object that is marked in the cluster or in git alone WHEN shown as a difference THEN neither tells."""
    plain, hidden = _config(VALUE), _config(VALUE + "!", annotations={HIDDEN_ANNOTATION: "sops"})
    desired, live = (plain, hidden) if side == "live" else (hidden, plain)
    found = diff(desired, live, None, Rules(()), KEY)
    assert "changed" == found.kind
    assert VALUE not in repr(found)


def test_the_digest_of_a_marked_object_needs_the_key() -> None:
    """GIVEN a marked object THEN another installation has another digest of it, of others the same."""
    digests = Digests(lambda: KEY), Digests(lambda: b"o" * 48)
    hidden = _config(VALUE, annotations={HIDDEN_ANNOTATION: "sops"})
    assert 2 == len({each.of(hidden) for each in digests})
    assert 1 == len({each.of(_config(VALUE)) for each in digests})
    assert 2 == len({each.of_bundle([_config(VALUE)], keyed=True) for each in digests})


def test_errors_keep_no_value() -> None:
    """GIVEN an error that quotes values in several spellings, one of them cut off THEN none is left, nor its cause."""
    multiline = "first line\nsecond line"
    quoted = f'at "{VALUE}", {base64.b64encode(VALUE.encode()).decode()}, second line, a "quoted\\"one" and corre …'
    try:
        try:
            raise ValueError(VALUE)
        except ValueError as cause:
            raise RenderError(quoted, field="spec.source") from cause
    except RenderError as error:
        hidden = masked(error, [VALUE, multiline, 'quoted"one', "ab"])
    assert 'spec.source: at "(hidden)", (hidden), (hidden), a "(hidden)" and (hidden) …' == str(hidden)
    assert (None, None) == (hidden.__cause__, hidden.__context__)
