"""Sealed values and SealedSecrets: what opens, and what each mistake is told."""

from __future__ import annotations

import base64
from collections.abc import Mapping

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from mooring.errors import ConfigurationError, DecryptError, UnreachableError
from mooring.model.objects import Manifest
from mooring.secrets.sealed import SCOPES, LostKey, Scope, SealingKey, label_of, open_value, seal_value
from mooring.secrets.sealedsecret import read_sealed, reseal, seal_secret, unseal

KEY, OTHER = (SealingKey(generate_private_key(65537, 2048)) for _ in range(2))
WIDE = SealingKey(generate_private_key(65537, 3072))
PLAIN = "correct horse battery staple"


def none(templates: Mapping[str, str], values: Mapping[str, str]) -> Mapping[str, str]:
    raise AssertionError("no template is evaluated here")


def secret(**metadata: object) -> Manifest:
    """A Secret of two values."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "db", "namespace": "shop", **metadata},
        "type": "example.org/login",
        "data": {"user": base64.b64encode(b"ada").decode()},
        "stringData": {"password": PLAIN},
    }


def moved(manifest: Manifest, **metadata: object) -> Manifest:
    """The manifest as somebody copied it to another place."""
    return {**manifest, "metadata": {**manifest["metadata"], **metadata}}


@pytest.mark.parametrize("scope", SCOPES)
def test_what_is_sealed_opens(scope: Scope) -> None:
    """A Secret comes out of its SealedSecret as it went in, in each scope, by whichever key it was sealed for."""
    # GIVEN a Secret with labels and annotations, sealed for the older of two keys
    whole = secret(labels={"app": "shop"}, annotations={"team": "one"}) | {"immutable": True}
    sealed = seal_secret(whole, KEY.public, scope)
    # WHEN it is opened
    opened = unseal(read_sealed(sealed), [OTHER, KEY], none)
    # THEN everything is there, under the names of the object
    assert {k: base64.b64encode(v).decode() for k, v in (("user", b"ada"), ("password", PLAIN.encode()))} == opened[
        "data"
    ]
    assert ("db", "shop", {"app": "shop"}) == tuple(
        opened["metadata"][each] for each in ("name", "namespace", "labels")
    )
    assert ("example.org/login", True) == (opened["type"], opened["immutable"])
    assert "one" == opened["metadata"]["annotations"]["team"]
    # AND nothing of it is in the sealed form
    assert PLAIN not in str(sealed)


@pytest.mark.parametrize(
    ("scope", "change", "opens"),
    [
        ("strict", {"name": "other"}, False),
        ("strict", {"namespace": "other"}, False),
        ("namespace-wide", {"name": "other"}, True),
        ("namespace-wide", {"namespace": "other"}, False),
        ("cluster-wide", {"name": "other", "namespace": "other"}, True),
    ],
)
def test_scopes_bind(scope: Scope, change: dict[str, str], opens: bool) -> None:
    """A SealedSecret that is copied elsewhere opens there only as far as its scope says."""
    copied = moved(seal_secret(secret(), KEY.public, scope), **change)
    if opens:
        assert change["name"] == unseal(read_sealed(copied), [KEY], none)["metadata"]["name"]
        return
    with pytest.raises(DecryptError, match="was sealed for (shop/db|namespace shop), and this is") as caught:
        unseal(read_sealed(copied), [KEY], none)
    assert PLAIN not in str(caught.value)


@pytest.mark.parametrize(("sealed", "said"), [("namespace-wide", "strict"), ("strict", "cluster-wide")])
def test_wrong_scope_is_named(sealed: Scope, said: Scope) -> None:
    """A SealedSecret whose annotation says another scope than it was sealed with is told which."""
    annotations = {} if said == "strict" else {f"sealedsecrets.bitnami.com/{said}": "true"}
    manifest = moved(seal_secret(secret(), KEY.public, sealed), annotations=annotations)
    with pytest.raises(DecryptError, match=f"sealed with the scope {sealed}, and the object says {said}"):
        unseal(read_sealed(manifest), [KEY], none)


def test_unknown_keys_are_named() -> None:
    """What no key here opens names the fingerprints that were tried."""
    text = seal_value(OTHER.public, b"x", b"shop/db")
    with pytest.raises(DecryptError) as caught:
        open_value([KEY], text, b"shop/db")
    assert KEY.fingerprint in str(caught.value)
    with pytest.raises(DecryptError, match="for a key of 3072 bits, which none here has"):
        open_value([KEY], seal_value(WIDE.public, b"x", b""), b"")
    with pytest.raises(DecryptError, match="no key yet"):
        open_value([], text, b"shop/db")


def test_damaged_values_are_told_apart() -> None:
    """What is truncated, changed or no base64 says so, and says nothing of the value."""
    text = seal_value(KEY.public, PLAIN.encode(), b"shop/db")
    raw = base64.b64decode(text)
    changed = base64.b64encode(raw[:-20] + bytes([raw[-20] ^ 1]) + raw[-19:]).decode()
    for broken, told in (
        (text[:100], "is truncated"),
        (base64.b64encode(raw[:258]).decode(), "is truncated"),
        ("", "is truncated"),
        ("%%%%", "is not base64"),
        (changed, "was changed after it was sealed"),
    ):
        with pytest.raises(DecryptError, match=told) as caught:
            open_value([KEY], broken, b"shop/db")
        assert PLAIN not in str(caught.value)


def test_templates_decide() -> None:
    """Entries of `template.data` are evaluated over the values; one that is null leaves a value out."""
    sealed = seal_secret(secret(), KEY.public)
    sealed["spec"]["template"]["data"] = {"url": "https://{{ .user }}:{{ .password }}@db", "user": None}

    def evaluate(templates: Mapping[str, str], values: Mapping[str, str]) -> Mapping[str, str]:
        assert {"user": "ada", "password": PLAIN} == values
        return {key: text.replace("{{ .user }}", values["user"]) for key, text in templates.items()}

    data = unseal(read_sealed(sealed), [KEY], evaluate)["data"]
    assert {"password", "url"} == set(data)
    assert b"https://ada:{{ .password }}@db" == base64.b64decode(data["url"])


def test_sealed_again_in_the_same_scope() -> None:
    """Sealing again changes key and values, evaluates no template, and widens nothing whatever the template says."""
    sealed = seal_secret(secret(), KEY.public)
    sealed["spec"]["template"]["data"] = {"leak": "{{ .password }}"}
    sealed["spec"]["template"]["metadata"]["annotations"] = {"sealedsecrets.bitnami.com/cluster-wide": "true"}
    again = reseal(sealed, [OTHER, KEY], OTHER.public)
    text = again["spec"]["encryptedData"]["password"]
    assert PLAIN.encode() == open_value([OTHER], text, label_of("shop", "db", "strict"))
    with pytest.raises(DecryptError):
        open_value([OTHER], text, b"")


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"data": "x"}, "spec.data"),
        ({"encryptedData": {"a": 1}}, "spec.encryptedData.a"),
        ({"encryptedData": []}, "spec.encryptedData"),
        ({"template": {"data": {"a": 1}}}, "spec.template.data.a"),
        ({"template": {"immutable": "yes"}}, "spec.template.immutable"),
        ({"template": {"metadata": {"labels": []}}}, "spec.template.metadata.labels"),
    ],
)
def test_wrong_fields_are_named(spec: dict[str, object], field: str) -> None:
    """A SealedSecret of the wrong shape is refused with the field's path."""
    with pytest.raises(ConfigurationError) as caught:
        read_sealed({"metadata": {"name": "db", "namespace": "shop"}, "spec": spec})
    assert field == caught.value.field


@pytest.mark.parametrize("name", ["db~other", "../db", "db?x=", "DB"])
def test_a_name_that_no_secret_has_is_refused(name: str) -> None:
    """GIVEN a name that would be a path, or a part of another's Secret WHEN read THEN it is refused by its field."""
    with pytest.raises(ConfigurationError) as caught:
        read_sealed({"metadata": {"name": name, "namespace": "shop"}, "spec": {}})
    assert "metadata.name" == caught.value.field


def test_a_key_that_can_not_be_read_counts_where_it_might_fit() -> None:
    """GIVEN one key that can't be read THEN others open what is theirs, and what none of them opens names the lost one;
    a lost key of another size, or a mistake that another key knows of, is not blamed on it.
    """
    lost = LostKey(OTHER.fingerprint, OTHER.size, "it is gone")
    assert b"x" == open_value([lost, KEY], seal_value(KEY.public, b"x", b"a"), b"a")
    with pytest.raises(UnreachableError, match="it is gone") as caught:
        open_value([lost, KEY], seal_value(OTHER.public, b"x", b"a"), b"a")
    assert f"perhaps for {OTHER.fingerprint}" in caught.value.message
    assert f"tried {KEY.fingerprint}" in caught.value.message
    with pytest.raises(DecryptError, match="3072 bits"):
        open_value([lost, KEY], seal_value(WIDE.public, b"x", b"a"), b"a")
    with pytest.raises(DecryptError, match="a mistake"):
        open_value([lost, KEY], seal_value(KEY.public, b"x", b"b"), b"a", [(b"b", "a mistake")])
    with pytest.raises(UnreachableError, match="tried none") as caught:
        unseal(read_sealed(seal_secret(secret(), OTHER.public)), [lost], none)
    assert str(caught.value.field).startswith("spec.encryptedData.")
