"""The record of what people did: whoever changes it is told of by a function that they do not have in their hands."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from moto import mock_aws

from mooring.flows.telling.altering import altered, watch_record
from mooring.state.actions import ACTIONS, Actions
from mooring.state.table import put
from tests.doubles.pages import change
from tests.doubles.tables import create_table


def test_what_was_there_and_is_not_what_it_was_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """GIVEN changes as the stream tells them WHEN records are added and the end moves on THEN nothing is told; put over
    or taken away, it is told by its id, in the line that the alarm counts.
    """
    before, after = {"seq": 1, "body": b"a"}, {"seq": 1, "body": b"b"}
    rightly = [
        change(ACTIONS, "01A#000000001", after=before),
        change(ACTIONS, "HEAD", before={"seq": 1}, after={"seq": 2}),
        change("APP#argocd/web", "STATUS", before=before, after=after),
    ]
    watch_record(rightly)
    assert ("", []) == (capsys.readouterr().out, altered(rightly))
    over = change(ACTIONS, "01A#000000001", before=before, after=after)
    watch_record([*rightly, over, change(ACTIONS, "01B#000000002", before=after)])
    line: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert ("record altered", "01A#000000001, 01B#000000002") == (line["message"], line["records"])


def test_no_action_is_put_over_by_ours() -> None:
    """GIVEN a record in the place that comes next WHEN an action is noted THEN it stays, and the action comes after."""
    with mock_aws():
        table = create_table(boto3.client("dynamodb", region_name="eu-central-1"), "t")
        first, second = Actions(table), Actions(table)
        first.note("01A", {"action": "one"})
        second.note("01A", {"action": "two"})
        second.note("01B", {"action": "three"})
        first.note("01B", {"action": "four"})
        found = {sk: link.body["action"] for sk, link in first.between("0", "9") if isinstance(link.body, dict)}
        places = ["01A#000000001", "01A#000000002", "01B#000000003", "01B#000000004"]
        assert dict(zip(places, ("one", "two", "three", "four"), strict=True)) == found
        (kept,) = [item for item in table.query(ACTIONS) if item["sk"] == places[0]]
        table.write(put(kept))
        assert found[places[0]] == "one"
