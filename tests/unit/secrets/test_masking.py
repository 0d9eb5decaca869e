"""What is taken out of words about objects that hold secrets."""

from __future__ import annotations

import base64

from mooring.secrets.masking import masked_text, values_of

VALUE = "correct horse"


def test_all_spellings_of_a_secrets_values_are_masked() -> None:
    """GIVEN a Secret WHEN somebody quotes its values in plain or base64 THEN they are masked, and its keys are not."""
    packed = base64.b64encode(VALUE.encode()).decode()
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "db"},
        "data": {"pass": packed, "raw": "gA=="},
        "stringData": {"pin": "4711"},
    }
    told = f'admission webhook "x" denied: {VALUE} and {packed} of pass, pin 4711'
    assert 'admission webhook "x" denied: (hidden) and (hidden) of pass, pin (hidden)' == masked_text(
        told, values_of(secret)
    )


def test_of_hidden_objects_every_long_text_but_the_name_is_masked() -> None:
    """GIVEN a marked object THEN what stands in its fields, labels and annotations is masked; of others nothing is."""
    metadata = {"name": "deployment-name", "labels": {"a": VALUE}, "annotations": {"mooring.dev/hidden": "sops"}}
    hidden = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"b": ["short", VALUE + "!"]}}
    assert {VALUE, VALUE + "!"} == values_of(hidden)
    assert set() == values_of({**hidden, "metadata": {"name": "x"}})
