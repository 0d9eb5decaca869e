"""Laws of sealing: what is sealed opens, and nothing that was touched does."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from hypothesis import given, settings
from hypothesis import strategies as st

from mooring.errors import DecryptError
from mooring.secrets.sealed import SealingKey, open_value, seal_value

KEY = SealingKey(generate_private_key(65537, 2048))
OLDER = SealingKey(generate_private_key(65537, 2048))


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=500), st.binary(max_size=80))
def test_sealing_then_opening_is_identity(plain: bytes, label: bytes) -> None:
    """Whatever is sealed, for whichever key, opens as it was."""
    assert plain == open_value([KEY, OLDER], seal_value(OLDER.public, plain, label), label)


@settings(max_examples=150, deadline=None)
@given(st.binary(min_size=1, max_size=40), st.data())
def test_no_flipped_bit_is_accepted(plain: bytes, data: st.DataObject) -> None:
    """Whichever bit of a sealed value is flipped, it does not open."""
    raw = bytearray(base64.b64decode(seal_value(KEY.public, plain, b"shop/db")))
    place = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[place // 8] ^= 1 << place % 8
    with pytest.raises(DecryptError):
        open_value([KEY], base64.b64encode(raw).decode(), b"shop/db")
