"""Reading a template as CloudFormation and SAM read it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from local.runner.documents import TemplateError, read_template
from local.runner.functions import Queue, Route, merge_globals, read_function
from local.runner.intrinsics import holds, read_parameters, resolve


class Names:
    """A scope with two resources in it."""

    def __init__(self, template: Mapping[str, Any], overrides: Mapping[str, str] | None = None) -> None:
        self.template = template
        self.parameters = read_parameters(template, overrides or {})
        self.pseudo = {"AWS::Region": "eu-central-1", "AWS::StackName": "mooring"}

    def ref(self, name: str) -> str:
        if name != "Queue":
            raise TemplateError(name)
        return "https://queue"

    def attribute(self, name: str, attribute: str) -> str:
        return f"{name}/{attribute}"


TEMPLATE: dict[str, Any] = {
    "Parameters": {
        "Name": {"Type": "String", "Default": "ada"},
        "Count": {"Type": "Number", "Default": 3, "AllowedValues": [3, 5]},
        "Places": {"Type": "CommaDelimitedList", "Default": "a, b"},
    },
    "Conditions": {
        "IsAda": {"Fn::Equals": [{"Ref": "Name"}, "ada"]},
        "IsNot": {"Fn::Not": [{"Condition": "IsAda"}]},
        "Either": {"Fn::Or": [{"Condition": "IsAda"}, {"Condition": "IsNot"}]},
        "Both": {"Fn::And": [{"Condition": "IsAda"}, {"Condition": "IsNot"}]},
    },
    "Mappings": {"Sizes": {"eu-central-1": {"small": 7}}},
}


@pytest.mark.parametrize(
    ("expected", "value"),
    [
        ("ada", {"Ref": "Name"}),
        ("3", {"Ref": "Count"}),
        (["a", "b"], {"Ref": "Places"}),
        ("eu-central-1", {"Ref": "AWS::Region"}),
        ("https://queue", {"Ref": "Queue"}),
        ("Queue/Arn", {"Fn::GetAtt": ["Queue", "Arn"]}),
        ("mooring-ada-${raw}-Queue/Arn-x", {"Fn::Sub": "${AWS::StackName}-${Name}-${!raw}-${Queue.Arn}-x"}),
        ("v ada", {"Fn::Sub": ["${One} ${Name}", {"One": "v"}]}),
        ("a|b|ada", {"Fn::Join": ["|", ["a", "b", {"Ref": "Name"}]]}),
        ("b", {"Fn::Select": [1, {"Fn::Split": ["/", "a/b/c"]}]}),
        (7, {"Fn::FindInMap": ["Sizes", {"Ref": "AWS::Region"}, "small"]}),
        ("yes", {"Fn::If": ["IsAda", "yes", {"Ref": "Nowhere"}]}),
        ({"kept": 1}, {"kept": 1, "left": {"Fn::If": ["IsNot", 2, {"Ref": "AWS::NoValue"}]}}),
        ([1], [1, {"Ref": "AWS::NoValue"}]),
        ({"Ref": 1, "Other": 2}, {"Ref": 1, "Other": 2}),
    ],
)
def test_an_intrinsic_function_is_replaced_by_what_it_means(expected: object, value: object) -> None:
    """Each function that a template here may use has the value that CloudFormation gives it."""
    assert expected == resolve(value, Names(TEMPLATE))


def test_conditions_combine() -> None:
    """And, Or and Not mean what they say."""
    scope = Names(TEMPLATE)

    assert [True, False, True, False] == [holds(name, scope) for name in ("IsAda", "IsNot", "Either", "Both")]


@pytest.mark.parametrize(
    ("problem", "overrides"),
    [
        ("Parameters.Nmae: is not declared", {"Nmae": "x"}),
        ("Parameters.Count: must be one of 3, 5", {"Count": "4"}),
    ],
)
def test_a_parameter_that_cannot_be_is_refused(problem: str, overrides: dict[str, str]) -> None:
    """A misspelled parameter or a value that isn't allowed is an error that names it."""
    with pytest.raises(TemplateError, match=problem):
        read_parameters(TEMPLATE, overrides)


def test_an_unknown_function_is_refused() -> None:
    """Nothing is guessed: a function that isn't known is an error."""
    with pytest.raises(TemplateError, match="Fn::Cidr"):
        resolve({"Fn::Cidr": ["10.0.0.0/16", 1, 1]}, Names(TEMPLATE))


def test_tags_become_their_long_form(tmp_path: Path) -> None:
    """Short tags, anchors, merges and dates are read as CloudFormation reads them."""
    path = tmp_path / "template.yaml"
    path.write_text(
        "Resources:\n"
        "  A: &a {Type: X, Version: 2012-10-17, One: !GetAtt Q.Dead.Arn, Two: !Ref Q}\n"
        "  B: {<<: *a, Two: !Sub '${Q}-x', Three: !If [C, !Ref D, !Ref AWS::NoValue]}\n"
    )

    resources = read_template(path)["Resources"]

    assert {
        "Type": "X",
        "Version": "2012-10-17",
        "One": {"Fn::GetAtt": ["Q", "Dead.Arn"]},
        "Two": {"Fn::Sub": "${Q}-x"},
        "Three": {"Fn::If": ["C", {"Ref": "D"}, {"Ref": "AWS::NoValue"}]},
    } == resources["B"]


@pytest.mark.parametrize("text", ["Resources: [", "Resources: {A: !Ref }}", "{}", "[]"])
def test_what_is_no_template_is_refused(tmp_path: Path, text: str) -> None:
    """A file that isn't YAML, or has no resources, is an error that names the file."""
    path = tmp_path / "template.yaml"
    path.write_text(text)

    with pytest.raises(TemplateError, match=r"template\.yaml"):
        read_template(path)


def test_globals_merge_join_and_give_way() -> None:
    """Maps merge, lists are joined, and whatever a function says itself wins."""
    section = {"Timeout": 3, "Layers": ["a"], "Environment": {"Variables": {"A": "1", "B": "1"}}}
    own = {"Timeout": 9, "Layers": ["b"], "Environment": {"Variables": {"B": "2"}}, "MemorySize": 512}

    assert {
        "Timeout": 9,
        "Layers": ["a", "b"],
        "Environment": {"Variables": {"A": "1", "B": "2"}},
        "MemorySize": 512,
    } == merge_globals(section, own)


def test_an_intrinsic_function_is_not_merged_into() -> None:
    """`Runtime: !Ref A` in Globals gives way as a whole to `Runtime: !Ref B`."""
    assert {"Runtime": {"Ref": "B"}} == merge_globals({"Runtime": {"Ref": "A"}}, {"Runtime": {"Ref": "B"}})


def test_a_function_is_read_with_its_events(tmp_path: Path) -> None:
    """Handler, limits, variables and each kind of event come out as the runner needs them."""
    properties = {
        "CodeUri": ".",
        "Handler": "app.handler",
        "MemorySize": "512",
        "Environment": {"Variables": {"N": 5, "B": True}},
        "Events": {
            "Any": {"Type": "HttpApi"},
            "One": {"Type": "HttpApi", "Properties": {"Method": "post", "Path": "/a"}},
            "Jobs": {
                "Type": "SQS",
                "Properties": {
                    "Queue": "arn:q",
                    "BatchSize": 5,
                    "MaximumBatchingWindowInSeconds": 2,
                    "FunctionResponseTypes": ["ReportBatchItemFailures"],
                    "ScalingConfig": {"MaximumConcurrency": "4"},
                },
            },
            "Off": {"Type": "Schedule", "Properties": {"Schedule": "rate(1 minute)", "Enabled": False}},
            "Tick": {"Type": "ScheduleV2", "Properties": {"ScheduleExpression": "rate(2 hours)", "Input": {"a": 1}}},
        },
    }

    function = read_function("SyncFunction", "mooring", properties, tmp_path, None)

    assert ("sync", "mooring-SyncFunction", 512, 3.0) == (
        function.label,
        function.name,
        function.memory,
        function.timeout,
    )
    assert {"N": "5", "B": "true"} == function.environment
    assert (Route("ANY", "$default"), Route("POST", "/a")) == function.routes
    assert (Queue("arn:q", 5, 2.0, True, 4),) == function.queues
    assert [(7200.0, '{"a": 1}', "aws.scheduler")] == [(s.every, s.payload, s.source) for s in function.schedules]


@pytest.mark.parametrize(
    ("problem", "change"),
    [
        ("Handler: must be text", {"Handler": None}),
        ("CodeUri: .* is not a folder", {"CodeUri": "nowhere"}),
        ("Events.E.Type: S3 is not known", {"Events": {"E": {"Type": "S3"}}}),
        ("Events.E.Properties.Queue: must be text", {"Events": {"E": {"Type": "SQS", "Properties": {}}}}),
        (
            r"Events.E: cron\(.*\) is not a rate; give --sweep",
            {"Events": {"E": {"Type": "Schedule", "Properties": {"Schedule": "cron(0 1 * * ? *)"}}}},
        ),
    ],
)
def test_a_function_that_cannot_run_is_refused(tmp_path: Path, problem: str, change: dict[str, Any]) -> None:
    """What can't be run here is an error with the path of the property."""
    with pytest.raises(TemplateError, match=problem):
        read_function("F", "mooring", {"CodeUri": ".", "Handler": "a.b", **change}, tmp_path, None)


def test_a_schedule_can_be_overridden(tmp_path: Path) -> None:
    """The machine's own pace wins over the template's, whatever its expression."""
    events = {"E": {"Type": "Schedule", "Properties": {"Schedule": "cron(0 1 * * ? *)"}}}

    function = read_function("F", "mooring", {"CodeUri": ".", "Handler": "a.b", "Events": events}, tmp_path, 0.5)

    assert [0.5] == [schedule.every for schedule in function.schedules]
