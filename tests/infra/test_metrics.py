"""What the code tells, what the page promises and what the dashboard shows are the same metrics."""

from __future__ import annotations

import json
import re
from typing import Any

from mooring.metrics.names import FACTS, NAMESPACE
from tests.infra.sam import ROOT

Template = dict[str, Any]

_SEARCH = re.compile(r"""SEARCH\('\{(\w+),([\w,]+)\} stack="\$\{AWS::StackName\}" MetricName="(\w+)"'""")
_OF_AWS = {("AWS/SQS", "ApproximateAgeOfOldestMessage", "QueueName")}


def _board(template: Template) -> list[dict[str, Any]]:
    body = template["Resources"]["MetricsBoard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    widgets: list[dict[str, Any]] = json.loads(body)["widgets"]
    return widgets


def test_the_page_lists_every_metric() -> None:
    """docs/metrics.md has each fact with its function and dimensions, each metric with its unit, and nothing else."""
    page = (ROOT / "docs" / "metrics.md").read_text().partition("## Logs")[0]
    facts = re.findall(r"^\| `([\w ]+)` \| `(\w+)` \| (.+) \|$", page, re.MULTILINE)
    assert [
        (each.message, each.function, " ".join(f"`{name}`" for name in each.dimensions) or "none") for each in FACTS
    ] == facts
    metrics = re.findall(r"^\| `(\w+)` \| (Count|Seconds) \| `([\w ]+)` \| (.+) \|$", page, re.MULTILINE)
    assert [(one.name, one.unit, each.message, one.says) for each in FACTS for one in each.metrics] == metrics


def test_facts_are_told_by_functions_that_exist(transformed: Template) -> None:
    """Each fact names a function of the template."""
    assert all(f"{each.function.capitalize()}Function" in transformed["Resources"] for each in FACTS)


def test_every_declared_fact_is_told() -> None:
    """Each fact, and each of its metrics, is named where something is told; what is declared for nobody is a defect."""
    names = (ROOT / "shared" / "mooring" / "metrics" / "names.py").read_text()
    constants = re.findall(r"^([A-Z_]+): Final = Fact\(", names, re.MULTILINE)
    assert len(FACTS) == len(constants)
    code = "".join(
        path.read_text()
        for folder in ("shared/mooring/flows", "functions")
        for path in (ROOT / folder).rglob("*.py")
        if "__pycache__" not in path.parts
    )
    assert [] == [each for each in constants if not re.search(rf"\b{each}\b,", code)]
    assert [] == [one.name for each in FACTS for one in each.metrics if f'"{one.name}"' not in code]


def test_widgets_show_metrics_that_exist(transformed: Template) -> None:
    """Each widget names metrics of ours under all of their dimensions, or one of AWS's; and none lies on another."""
    known = {(one.name, ",".join(each.all_dimensions)): one for each in FACTS for one in each.metrics}
    shown = set()
    for widget in _board(transformed):
        for metric in widget["properties"].get("metrics", ()):
            if isinstance(metric[0], dict):
                namespace, dimensions, name = _SEARCH.match(metric[0]["expression"]).groups()  # type: ignore[union-attr]
                assert NAMESPACE == namespace
                assert (name, dimensions) in known
                shown.add(name)
            else:
                assert tuple(metric[:3]) in _OF_AWS
    assert {"PushToSyncedSeconds", "SyncsFailed", "Renders", "DriftFound", "Deliveries", "Notes"} <= shown
    places = [
        (each["x"] + dx, each["y"] + dy)
        for each in _board(transformed)
        for dx in range(each["width"])
        for dy in range(each["height"])
    ]
    assert len(set(places)) == len(places)


def test_the_dashboard_and_traces_are_there_for_who_wants_them(transformed: Template) -> None:
    """Neither costs anything until it is asked for; the rights to send traces come and go with them."""
    assert ("disabled", "PassThrough") == tuple(
        transformed["Parameters"][each]["Default"] for each in ("MetricsDashboard", "Tracing")
    )
    assert "HasMetricsDashboard" == transformed["Resources"]["MetricsBoard"]["Condition"]
    for name, resource in transformed["Resources"].items():
        if resource["Type"] == "AWS::Lambda::Function":
            assert {"Mode": {"Ref": "Tracing"}} == resource["Properties"]["TracingConfig"], name
            role = transformed["Resources"][resource["Properties"]["Role"]["Fn::GetAtt"][0]]["Properties"]
            granted = [each for policy in role["Policies"] for each in policy["PolicyDocument"]["Statement"]]
            assert ["HasTracing"] == [
                each["Fn::If"][0] for each in granted if "xray:PutTraceSegments" in json.dumps(each)
            ], name


def test_old_work_is_told(transformed: Template) -> None:
    """Renders and syncs that wait for a quarter of an hour raise an alarm."""
    for queue in ("Renders", "Syncs"):
        alarm = transformed["Resources"][f"{queue}AgeAlarm"]["Properties"]
        assert ("ApproximateAgeOfOldestMessage", 900) == (alarm["MetricName"], alarm["Threshold"])
        assert f"{queue}Queue" in json.dumps(alarm["Dimensions"])
