"""Whatever comes in is a delivery or an error that says what is wrong: nothing else is ever raised."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mooring.errors import ConfigurationError, ForbiddenError
from mooring.events.forges.codecommit import parse_repository_event
from mooring.events.forges.happenings import Delivery, Push
from mooring.events.forges.recognising import read, recognise
from mooring.events.forges.verifying import Request
from mooring.flows.arrivals.addresses import normalised
from tests.doubles.hooksamples import WEBHOOKS, event, request, signed_again, trust

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
PROVEN = [name for name in WEBHOOKS if name != "bitbucketserver-ping"]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where in a payload something stands."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, each in inner for place in places(each, (*path, key)))]


def replaced(payload: Any, path: tuple[Any, ...], value: Any) -> Any:
    changed = copy.deepcopy(payload)
    if not path:
        return value
    within = changed
    for key in path[:-1]:
        within = within[key]
    within[path[-1]] = value
    return changed


def sound(delivery: Delivery) -> bool:
    """Whether what a delivery tells has the types that it says it has."""
    for each in delivery.happened:
        if isinstance(each, Push):
            texts = (each.ref, each.after, each.by, each.default, *each.urls, *(each.files or ()))
            if not all(isinstance(text, str) for text in texts) or not each.ref:
                return False
            list(normalised(each.urls))
    return bool(delivery.id) and bool(delivery.event)


@pytest.mark.parametrize("name", PROVEN)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_proven_payload_of_any_shape(name: str, data: st.DataObject) -> None:
    """GIVEN a payload with anything in the place of anything, well signed THEN it is told or its field is named."""
    payload = json.loads(request(name).body)
    for _ in range(data.draw(st.integers(1, 3))):
        payload = replaced(payload, data.draw(st.sampled_from(places(payload))), data.draw(ANYTHING))
    sent = signed_again(name, json.dumps(payload).encode())
    try:
        delivery = read(recognise(sent.headers), sent, trust())
    except ConfigurationError as error:
        assert error.field
    else:
        assert sound(delivery)


@pytest.mark.parametrize("name", ["codecommit-branch", "codecommit-pull-request"])
@given(data=st.data())
def test_an_event_of_any_shape(name: str, data: st.DataObject) -> None:
    """GIVEN an event of EventBridge with anything in its detail THEN it is told or its field is named."""
    sent = event(name)
    place = data.draw(st.sampled_from(places(sent["detail"])))
    sent["detail"] = replaced(sent["detail"], place, data.draw(ANYTHING))
    try:
        parse_repository_event(sent)
    except ConfigurationError as error:
        assert error.field


HEADERS = sorted({header for name in WEBHOOKS for header in request(name).headers})


@given(st.dictionaries(st.sampled_from(HEADERS), st.text(max_size=40), max_size=8), st.binary(max_size=60))
def test_nothing_unproven_is_told(headers: dict[str, str], body: bytes) -> None:
    """GIVEN any headers and any body THEN nobody without a secret gets a word in."""
    with pytest.raises((ConfigurationError, ForbiddenError)):
        read(recognise(headers), Request(headers, body), trust())
