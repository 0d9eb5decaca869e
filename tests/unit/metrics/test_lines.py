"""Facts are told as one line each, with the metrics that their names stand for."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from mooring.events.messages import AppMessage, Cause
from mooring.metrics import tell
from mooring.metrics.chain import chained, current_chain
from mooring.metrics.lines import line_of
from mooring.metrics.names import FACTS, RENDER, SYNC_ENDED
from mooring.model.application import AppKey

ON = {"MOORING_METRICS": "mooring", "POWERTOOLS_SERVICE_NAME": "sync"}
FIELDS = {"correlation_id": "delivery-1", "cluster": "prod", "project": "shop", "application": "argocd/shop"}


def test_a_line_is_a_log_line_and_its_metrics() -> None:
    """GIVEN a fact WHEN it is told THEN the line has its fields, its values, and where CloudWatch finds them."""
    line = line_of(SYNC_ENDED, {"SyncsSucceeded": 1, "SyncSeconds": 1.23456}, FIELDS, ON, 1_000_000.0)
    assert ("sync ended", "INFO", "sync", "delivery-1", "argocd/shop") == tuple(
        line[each] for each in ("message", "level", "service", "correlation_id", "application")
    )
    assert "1970-01-12T13:46:40.000+00:00" == line["timestamp"]
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert 1_000_000_000 == line["_aws"]["Timestamp"]
    assert {"Namespace": "Mooring", "Dimensions": [["stack", "cluster", "project"]]} == {
        name: directive[name] for name in ("Namespace", "Dimensions")
    }
    assert [{"Name": "SyncsSucceeded", "Unit": "Count"}, {"Name": "SyncSeconds", "Unit": "Seconds"}] == directive[
        "Metrics"
    ]
    # THEN every dimension and metric that the directive names is a field (the specification drops it otherwise)
    assert ("mooring", "prod", "shop", 1, 1.235) == tuple(
        line[each] for each in ("stack", "cluster", "project", "SyncsSucceeded", "SyncSeconds")
    )


def test_what_did_not_happen_is_no_metric() -> None:
    """GIVEN counts of zero WHEN told THEN they are left out, since CloudWatch bills each metric that occurs."""
    line = line_of(SYNC_ENDED, {"SyncsFailed": 1, "ObjectsPruned": 0}, FIELDS, ON, 1.0)
    assert ["SyncsFailed"] == [each["Name"] for each in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]]
    assert "ObjectsPruned" not in line


def test_metrics_can_be_turned_off() -> None:
    """GIVEN no stack to name WHEN told THEN the line is there and CloudWatch reads no metrics from it."""
    line = line_of(RENDER, {"Renders": 1}, FIELDS, {}, 1.0)
    assert ("render", 1, False) == (line["message"], line["Renders"], "_aws" in line)


def test_a_metric_of_another_fact_is_refused() -> None:
    """GIVEN a name that the fact does not declare WHEN told THEN it is an error of the program's."""
    with pytest.raises(KeyError):
        line_of(RENDER, {"SyncsFailed": 1}, FIELDS, ON, 1.0)


def test_names_are_of_one_fact_and_dimensions_are_few() -> None:
    """GIVEN all facts WHEN compared THEN no metric is declared twice, and no dimension can have thousands of values."""
    names = [each.name for fact in FACTS for each in fact.metrics]
    assert len(set(names)) == len(names)
    assert {"cluster", "project", "outcome", "to", "ask"} >= {each for fact in FACTS for each in fact.dimensions}


def test_telling_is_one_write(capsys: pytest.CaptureFixture[str]) -> None:
    """GIVEN a fact WHEN told THEN one whole line of JSON is on standard output."""
    tell(RENDER, {"Renders": 1}, cause="delivery-1", outcome="rendered", project="shop")
    (line,) = capsys.readouterr().out.splitlines()
    assert ("delivery-1", "rendered") == (json.loads(line)["correlation_id"], json.loads(line)["outcome"])


def test_what_has_no_cause_gets_the_chains() -> None:
    """GIVEN a request WHEN messages leave THEN those without an id have the request's, and others keep their own."""
    from mooring.queues import _chained

    plain = AppMessage(AppKey("argocd", "shop"), Cause("spec"))
    named = replace(plain, cause=Cause("person", "operation-1"))
    with chained("request-1") as chain:
        assert "request-1" == chain.cause
        assert (named, "request-1") == (_chained(named), _chained(plain).cause.id)  # type: ignore[union-attr]
        # THEN the request is found by the id of the work that it began
        assert "operation-1" == chain.cause
    assert None is current_chain()
    assert plain == _chained(plain)


def test_telling_loads_nothing_that_is_heavy() -> None:
    """GIVEN a fresh interpreter WHEN a fact is told THEN neither powertools nor X-Ray's part nor a client is imported."""
    program = (
        "import sys; from mooring.metrics import tell; from mooring.metrics.names import RENDER; "
        "tell(RENDER, {'Renders': 1}, seconds=1.0, outcome='x'); "
        "print([each for each in sys.modules if each.split('.')[0] in ('aws_xray_sdk', 'aws_lambda_powertools', 'boto3')"
        " or each == 'mooring.metrics.traces'])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "[]" == done.stdout.splitlines()[-1]
