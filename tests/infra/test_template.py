"""The template says what DESIGN says, and passes the linters before and after SAM's transform."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mooring.secrets.external.awsaccess import SESSION, SOPS_SESSION
from tests.infra.sam import ROOT, run_sam

Template = dict[str, Any]

FUNCTIONS = ["api", "audit", "images", "live", "look", "notify", "render", "sweep", "sync", "watch", "webhook"]
NETWORK_ONLY = {
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
}
# What X-Ray's daemon sends; there are no resources of X-Ray's to name.
TRACING_ONLY = {"xray:PutTelemetryRecords", "xray:PutTraceSegments"}
# What a function must be allowed to do (any one of these) with what a variable tells it about.
NEEDS = {
    "MOORING_TABLE": {"dynamodb:Query"},
    "MOORING_BUCKET": {"s3:GetObject", "s3:PutObject"},
    "MOORING_KMS_KEY": {"kms:Decrypt", "kms:GenerateDataKey"},
    "MOORING_RENDERS_QUEUE": {"sqs:SendMessage"},
    "MOORING_SYNCS_QUEUE": {"sqs:SendMessage"},
    "MOORING_IMAGES_QUEUE": {"sqs:SendMessage"},
    "MOORING_LATER_QUEUE": {"sqs:SendMessage"},
    "MOORING_NOTES_QUEUE": {"sqs:SendMessage"},
    "MOORING_NOTES_DEAD_QUEUE": {"sqs:SendMessage"},
    "MOORING_NOTIFICATIONS_SECRET": {"secretsmanager:GetSecretValue"},
    "MOORING_LIVE_URL": {"execute-api:ManageConnections"},
    "MOORING_WATCH_FUNCTION": {"lambda:InvokeFunction"},
    "MOORING_LOOK_FUNCTION": {"lambda:InvokeFunction"},
    "MOORING_OIDC_CLIENT_SECRET": {"secretsmanager:GetSecretValue"},
    "MOORING_WEBHOOK_SECRET": {"secretsmanager:GetSecretValue"},
    "MOORING_DIGEST_SECRET": {"secretsmanager:GetSecretValue"},
    "MOORING_API_TOKEN_SECRET": {"secretsmanager:GetSecretValue"},
    "MOORING_SECRET_PREFIX": {"secretsmanager:GetSecretValue", "secretsmanager:CreateSecret"},
}


def _of_type(template: Template, kind: str) -> dict[str, dict[str, Any]]:
    return {name: each["Properties"] for name, each in template["Resources"].items() if each["Type"] == kind}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _statements(role: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for policy in role["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            # A statement under a condition counts as if the condition held; one that denies gives no right.
            given = statement["Fn::If"][1] if "Fn::If" in statement else statement
            if given["Effect"] == "Allow":
                yield given


def _role_of(template: Template, function: dict[str, Any]) -> dict[str, Any]:
    role: dict[str, Any] = template["Resources"][function["Role"]["Fn::GetAtt"][0]]["Properties"]
    return role


def _function(template: Template, name: str) -> dict[str, Any]:
    return _of_type(template, "AWS::Lambda::Function")[f"{name.capitalize()}Function"]


def test_sam_accepts_the_template() -> None:
    """`sam validate --lint` passes."""
    # WHEN the template is validated
    answer = run_sam("sam", "validate", "--lint", "--region", "eu-west-1")
    # THEN there is nothing to say
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_cloudformation_accepts_the_transformed_template(transformed: Template, tmp_path: Path) -> None:
    """cfn-lint passes on what SAM's transform makes, which it can't see through before."""
    # GIVEN the template after the transform
    path = tmp_path / "transformed.json"
    path.write_text(json.dumps(transformed))
    # WHEN it is linted
    answer = run_sam("cfn-lint", "--regions", "eu-west-1", "--", str(path))
    # THEN there is nothing to say
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_functions_are_those_of_the_design(transformed: Template) -> None:
    """The functions of the design are there, each with the handler that its folder has."""
    functions = _of_type(transformed, "AWS::Lambda::Function")
    assert sorted(f"{name.capitalize()}Function" for name in FUNCTIONS) == sorted(functions)
    assert {"app.handler"} == {function["Handler"] for function in functions.values()}


# The first is passed on to people, who give that role access to their clusters; then a folder of a layer; a switch;
# servers that are not AWS's.
ONLY_TOLD = {
    "MOORING_AUDIT_LOG_GROUPS",
    "MOORING_DEED_DAYS",
    "MOORING_METRICS",
    "MOORING_VAULT_SERVERS",
    "MOORING_WATCH_SECONDS",
    "MOORING_SYNC_ROLE",
    "MOORING_LOOK_ROLE",
    "MOORING_PLUGINS",
    "MOORING_GIT_SUBMODULES",
    "MOORING_ROOT_PATH",
    "MOORING_ROOT_REPOSITORY",
    "MOORING_ROOT_REVISION",
    "MOORING_LOCAL_LOGIN",
    "MOORING_OIDC_CLIENT_ID",
    "MOORING_OIDC_GROUPS_CLAIM",
    "MOORING_OIDC_ISSUER",
    "MOORING_OIDC_SCOPES",
    "MOORING_PUBLIC_URL",
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_policies_are_inline_and_name_what_they_allow(transformed: Template, name: str) -> None:
    """A function's rights are written in the template, with exact actions and no open resource (but for a VPC's)."""
    # GIVEN the function's role
    role = _role_of(transformed, _function(transformed, name))
    # THEN nothing managed elsewhere is attached
    assert "ManagedPolicyArns" not in role
    for statement in _statements(role):
        actions = _list(statement["Action"])
        # THEN actions are exact
        assert [] == [action for action in actions if "*" in action]
        # THEN a resource is open only where it has no name yet
        if "*" in _list(statement["Resource"]):
            assert (
                set(actions) <= NETWORK_ONLY or set(actions) == TRACING_ONLY or actions == ["ecr:GetAuthorizationToken"]
            )


@pytest.mark.parametrize("name", FUNCTIONS)
def test_environment_names_only_what_the_policy_allows(transformed: Template, name: str) -> None:
    """What a function is told about is what it may use: a variable without a right would fail at its first use."""
    # GIVEN the function's environment and the rights of its role
    function = _function(transformed, name)
    statements = [*_statements(_role_of(transformed, function))]
    told = {key: value for key, value in function["Environment"]["Variables"].items() if key.startswith("MOORING_")}
    assert told
    for variable, value in told.items():
        if variable in ONLY_TOLD or (name, variable) == ("api", "MOORING_LIVE_URL"):  # which it tells pages
            continue
        # WHEN the rights on what the variable names are gathered
        target = _target(value)
        allowed = {
            action
            for statement in statements
            if target in json.dumps(statement["Resource"])
            for action in _list(statement["Action"])
        }
        # THEN one of those it needs is among them
        assert NEEDS[variable] & allowed, f"{name} may not use {variable}"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_rights_are_on_what_the_environment_names(transformed: Template, name: str) -> None:
    """A function may touch nothing that it is not told about, but for its logs and the queue that starts it."""
    # GIVEN the resources of the function's rights
    function = _function(transformed, name)
    variables = json.dumps(function["Environment"]["Variables"])
    mappings = _of_type(transformed, "AWS::Lambda::EventSourceMapping").values()
    mine = [each for each in mappings if _mentions(each["FunctionName"], f"{name.capitalize()}Function")]
    sources = json.dumps([each["EventSourceArn"] for each in mine])
    for statement in _statements(_role_of(transformed, function)):
        for resource in _list(statement["Resource"]):
            named = _target(resource)
            # THEN each is the function's own log, its source, or in its environment
            known = (
                named == f"{name.capitalize()}Logs"
                or named in variables
                or named in sources
                or named == "*"
                # Of users: which of them, clusters, stores, files and projects say.
                or named in ("ClusterRoleArns", "ExternalSecretRoleArns", "KubeconfigSecretArns")
                or named in ("EmailIdentityArns", "NotificationTopicArns", "SopsKmsKeyArns", "SopsRoleArns")
                # Where the account's EKS clusters are: which of them, the registrations say.
                or named.endswith(":cluster/*")
                # Charts in Amazon's registries: which of them, the applications say.
                or named.endswith(":repository/*")
                # Writing to and reading from the bucket takes its key, which S3 uses in the function's name.
                or (named == "Key" and "Bucket" in variables)
            )
            assert known, f"{name} may use {named} without being told of it"


def test_no_store_can_name_a_clusters_role(transformed: Template) -> None:
    """What stores name is assumed in sessions of one name, in which roles of clusters can't be assumed."""
    statements = _statements(_role_of(transformed, _function(transformed, "sync")))
    conditions = {
        _target(each["Resource"]): each["Condition"] for each in statements if each["Action"] == "sts:AssumeRole"
    }
    session = {"sts:RoleSessionName": SESSION}
    assert {
        "ClusterRoleArns": {"StringNotEquals": session},
        "ExternalSecretRoleArns": {"StringEquals": session},
    } == conditions


def test_a_role_for_sops_is_assumed_under_its_own_name(transformed: Template) -> None:
    """What projects name is assumed in sessions of one name, which a file that names a role can't take."""
    statements = _statements(_role_of(transformed, _function(transformed, "render")))
    assert [("SopsRoleArns", {"StringEquals": {"sts:RoleSessionName": SOPS_SESSION}})] == [
        (_target(each["Resource"]), each["Condition"]) for each in statements if each["Action"] == "sts:AssumeRole"
    ]


def test_stores_may_tag_the_sessions_of_their_roles(transformed: Template) -> None:
    """What stores name may be assumed with session tags, and nothing else may."""
    statements = _statements(_role_of(transformed, _function(transformed, "sync")))
    tagged = [_target(each["Resource"]) for each in statements if each["Action"] == "sts:TagSession"]
    assert ["ExternalSecretRoleArns"] == tagged


def _target(value: Any) -> str:
    """The logical name that a value refers to; of a text with names in it, the first."""
    if isinstance(value, str):
        return value
    ((function, argument),) = value.items()
    if function == "Fn::Sub":
        text = argument if isinstance(argument, str) else argument[0]
        names = [name for name in re.findall(r"\$\{([\w:]+)", text) if name not in _PSEUDO]
        return str(names[0]) if names else str(text)
    return str(argument[0] if isinstance(argument, list) else argument)


_PSEUDO = {"AWS::Partition", "AWS::Region", "AWS::AccountId", "AWS::URLSuffix"}


def _mentions(value: Any, name: str) -> bool:
    return f'"{name}"' in json.dumps(value)


def test_credentials_are_read_where_they_are_used(transformed: Template) -> None:
    """render and sweep read those of repositories (render of sets, too), sync those of clusters only, api none."""
    read: dict[str, set[str]] = {}
    for name in FUNCTIONS:
        for statement in _statements(_role_of(transformed, _function(transformed, name))):
            if "secretsmanager:GetSecretValue" in _list(statement["Action"]):
                folders = re.findall(r"\}/(\w+)/\*", json.dumps(statement["Resource"]))
                read.setdefault(name, set()).update(folders)
    assert {
        "api": set(),
        "images": {"repositories"},
        "look": {"clusters"},
        "notify": {"repositories"},
        "render": {"appsets", "repositories", "sops"},
        "sweep": {"repositories"},
        "sync": {"clusters", "external"},
        "watch": {"clusters"},
        "webhook": set(),
    } == read


def test_only_sync_opens_what_is_sealed(transformed: Template) -> None:
    """kms:Decrypt with our own key belongs to sync and to look, which compares; render has it for the keys of SOPS files,
    if there are any, and images through S3 alone, which opens the bucket's objects and no data key that lies in them.
    """
    holders = {
        name: statement["Resource"]
        for name in FUNCTIONS
        for statement in _statements(_role_of(transformed, _function(transformed, name)))
        if "kms:Decrypt" in _list(statement["Action"])
        and "kms:ViaService" not in statement.get("Condition", {}).get("StringEquals", {})
    }
    assert {"look", "sync", "render"} == holders.keys()
    assert {"Ref": "SopsKmsKeyArns"} == holders["render"]


def test_a_message_stays_hidden_while_its_function_may_still_run(transformed: Template) -> None:
    """A queue's visibility timeout is at least six times the timeout of the function that reads it."""
    queues = _of_type(transformed, "AWS::SQS::Queue")
    functions = _of_type(transformed, "AWS::Lambda::Function")
    every = _of_type(transformed, "AWS::Lambda::EventSourceMapping")
    mappings = {name: each for name, each in every.items() if "StreamArn" not in json.dumps(each["EventSourceArn"])}
    assert 5 == len(mappings)
    for mapping in mappings.values():
        queue = queues[mapping["EventSourceArn"]["Fn::GetAtt"][0]]
        function = functions[mapping["FunctionName"]["Ref"]]
        assert queue["VisibilityTimeout"] >= 6 * function["Timeout"]
        # THEN one bad message doesn't bring back the nine beside it
        assert ["ReportBatchItemFailures"] == mapping["FunctionResponseTypes"]
        assert 10 == mapping["BatchSize"]


@pytest.mark.parametrize("name", ["Renders", "Syncs"])
def test_fifo_queues_are_limited(transformed: Template, name: str) -> None:
    """The FIFO queues are in high-throughput mode, and a parameter limits how many instances read each."""
    queue = _of_type(transformed, "AWS::SQS::Queue")[f"{name}Queue"]
    assert (True, "messageGroup", "perMessageGroupId") == (
        queue["FifoQueue"],
        queue["DeduplicationScope"],
        queue["FifoThroughputLimit"],
    )
    (mapping,) = [
        each
        for each in _of_type(transformed, "AWS::Lambda::EventSourceMapping").values()
        if f"{name}Queue" == each["EventSourceArn"]["Fn::GetAtt"][0]
    ]
    limit = mapping["ScalingConfig"]["MaximumConcurrency"]["Ref"]
    assert 2 == transformed["Parameters"][limit]["MinValue"]


def test_what_is_given_up_is_kept_and_told(transformed: Template) -> None:
    """Each queue has a dead-letter queue of its own kind, encrypted, with an alarm."""
    queues = _of_type(transformed, "AWS::SQS::Queue")
    alarms = _of_type(transformed, "AWS::CloudWatch::Alarm").values()
    working = {name: queue for name, queue in queues.items() if "RedrivePolicy" in queue}
    assert {"RendersQueue", "SyncsQueue", "LaterQueue", "NotesQueue", "ImagesQueue"} == set(working)
    for name, queue in working.items():
        dead_name = queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]
        dead = queues[dead_name]
        # THEN a FIFO queue's dead letters are FIFO (SQS accepts nothing else), named so
        assert queue.get("FifoQueue") == dead.get("FifoQueue")
        assert bool(queue.get("FifoQueue")) == dead["QueueName"]["Fn::Sub"].endswith(".fifo")
        # THEN notes count their tries themselves: one that waits behind another comes back as often
        assert (1000 if name == "NotesQueue" else 5) == queue["RedrivePolicy"]["maxReceiveCount"]
        # THEN the first dead letter raises an alarm
        (alarm,) = [each for each in alarms if _mentions(each["Dimensions"], dead_name)]
        assert ("ApproximateNumberOfMessagesVisible", 0, "GreaterThanThreshold") == (
            alarm["MetricName"],
            alarm["Threshold"],
            alarm["ComparisonOperator"],
        )
    assert all(queue["SqsManagedSseEnabled"] is True for queue in queues.values())


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_log_for_a_time_and_alarm(transformed: Template, name: str) -> None:
    """A function's logs go away after a time, and its errors raise an alarm; so does a stream that it falls behind."""
    function = _function(transformed, name)
    logs = transformed["Resources"][function["LoggingConfig"]["LogGroup"]["Ref"]]["Properties"]
    assert {"Ref": "LogRetentionDays"} == logs["RetentionInDays"]
    metrics = [
        alarm["MetricName"]
        for alarm in _of_type(transformed, "AWS::CloudWatch::Alarm").values()
        if _mentions(alarm["Dimensions"], f"{name.capitalize()}Function")
    ]
    assert {"Errors", *(["IteratorAge"] if name == "notify" else [])} == set(metrics)


def test_two_installations_fit_in_one_account(transformed: Template) -> None:
    """Whatever has a name of our choosing carries the stack's name in it."""
    chosen = {"QueueName", "LogGroupName", "AliasName", "Name", "TableName", "BucketName", "FunctionName", "RoleName"}
    named = [
        properties[key]
        for name, resource in transformed["Resources"].items()
        for properties in [resource.get("Properties", {})]
        for key in chosen & set(properties)
        # Those that SAM makes refer to resources by name instead of naming anything.
        if resource["Type"] not in ("AWS::Lambda::EventSourceMapping", "AWS::Lambda::Permission")
        and not name.startswith("HttpApi")
    ]
    named += [transformed["Resources"]["HttpApiLogs"]["Properties"]["LogGroupName"]]
    for value in named:
        if not (isinstance(value, dict) and "Ref" in value):
            assert "${AWS::StackName}" in json.dumps(value), value


def test_state_outlives_the_stack(transformed: Template) -> None:
    """Table, bucket and key stay when the stack is deleted or replaces them; the table can be set back in time."""
    for name in ("Table", "Bucket", "Key"):
        resource = transformed["Resources"][name]
        assert ("Retain", "Retain") == (resource["DeletionPolicy"], resource["UpdateReplacePolicy"])
    table = transformed["Resources"]["Table"]["Properties"]
    assert {"PointInTimeRecoveryEnabled": True} == table["PointInTimeRecoverySpecification"]
    assert {"AttributeName": "ttl", "Enabled": True} == table["TimeToLiveSpecification"]
    assert "PAY_PER_REQUEST" == table["BillingMode"]


def test_the_bucket_is_closed(transformed: Template) -> None:
    """Bundles are encrypted with our key, not public, and refused without TLS."""
    bucket = transformed["Resources"]["Bucket"]["Properties"]
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["BucketKeyEnabled"] is True
    assert {"Fn::GetAtt": ["Key", "Arn"]} == rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"]
    assert {True} == set(bucket["PublicAccessBlockConfiguration"].values())
    (statement,) = transformed["Resources"]["BucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert ("Deny", {"Bool": {"aws:SecureTransport": "false"}}) == (statement["Effect"], statement["Condition"])


def test_only_sync_reads_the_keys_of_sealed_secrets(transformed: Template) -> None:
    """sync makes and reads them; api puts imported ones in and can't read them back; nobody else knows of them."""
    allowed: dict[str, set[str]] = {}
    for name in FUNCTIONS:
        for statement in _statements(_role_of(transformed, _function(transformed, name))):
            if "/sealed-secrets/*" in json.dumps(statement["Resource"]):
                allowed.setdefault(name, set()).update(_list(statement["Action"]))
    put = {"secretsmanager:CreateSecret", "secretsmanager:PutSecretValue"}
    assert {"api": put, "sync": put | {"secretsmanager:GetSecretValue"}} == allowed


def test_the_ways_in_are_known(transformed: Template) -> None:
    """HTTP reaches the webhook at two addresses, the API under one prefix, what kubeseal asks, and else the dashboard."""
    body = transformed["Resources"]["HttpApi"]["Properties"]["Body"]
    routes = {(path, method) for path, methods in body["paths"].items() for method in methods}
    assert {
        ("/api/webhook", "post"),
        ("/api/webhook/registry", "post"),
        ("/api/v1/{proxy+}", "x-amazon-apigateway-any-method"),
        ("/api/v1/session", "post"),
        ("/", "get"),
        ("/", "head"),
        ("/{proxy+}", "get"),
        ("/{proxy+}", "head"),
        ("/healthz", "get"),
        ("/healthz", "head"),
        ("/v1/cert.pem", "get"),
        ("/v1/cert.pem", "head"),
        ("/v1/verify", "post"),
        ("/api/audit/{cluster}", "post"),
        ("/v1/rotate", "post"),
        ("/api/v1/namespaces/{namespace}/services/{service}/proxy/v1/verify", "post"),
        ("/api/v1/namespaces/{namespace}/services/{service}/proxy/v1/rotate", "post"),
    } == routes


def test_documentation_lists_the_parameters(transformed: Template) -> None:
    """docs/deploy.md has a line with the default for each parameter, and for nothing else."""
    text = (ROOT / "docs/deploy.md").read_text().partition("## Parameters")[2].partition("\n## ")[0]
    listed = dict(re.findall(r"^\| `(\w+)` \| (\S.*?) \|", text, re.MULTILINE))
    defaults = {name: str(each.get("Default", "")) for name, each in transformed["Parameters"].items()}
    assert {name: f"`{default}`" if default else "none" for name, default in defaults.items()} == listed


def test_what_says_nothing_to_people_starts_nothing(transformed: Template) -> None:
    """Of the table's stream only what may be told reaches `notify`: no lease, no inventory, none of its own notes."""
    told = _filter_of(transformed, "NotifyFunction")
    app = "APP#argocd/shop"
    assert all(told(app, sk) for sk in ("SPEC", "WANTED", "STATUS", "DRIFT#1"))
    assert told("HAPPENED#argocd/shop", "image-updated#1")
    assert told("CLUSTERS", "production", failing_since={"N": "0"})
    assert not any(told(app, sk) for sk in ("LEASE", "INV#0000", "RETRY", "REQUEST", "OP#1", "SECRETS"))
    assert not any(told(pk, "x") for pk in ("NOTES#argocd/shop", "DIGEST#1", "FAILEDNOTES", "APPS", "SETTINGS"))
    assert not told("CLUSTERS", "#settings")


def test_what_no_page_shows_starts_nothing(transformed: Template) -> None:
    """Of the table's stream only what pages show reaches `live`: no lease, no inventory, no connection of its own."""
    told = _filter_of(transformed, "LiveFunction")
    for pk in ("APP#argocd/shop", "APPSET#argocd/all", "PROMOTION#argocd/out"):
        assert told(pk, "SPEC") and told(pk, "STATUS")
        assert not any(told(pk, sk) for sk in ("LEASE", "INV#0000", "RETRY", "SECRETS", "CHAIN#drift"))
    assert all(told("APP#argocd/shop", sk) for sk in ("WANTED", "REQUEST", "IMAGES", "OP#1#000001", "DRIFT#1"))
    assert told("CLUSTERS", "production") and told("CREDENTIALS", "https://git.test") and told("DELIVERIES", "1")
    assert not told("DELIVERIES", "1", event="REMOVE")
    assert not any(told(pk, "LIVE") for pk in ("LIVE", "TICKET#1", "NOTES#argocd/shop", "APPS", "DEEDS#x", "WATCH#x"))


def _filter_of(template: Template, function: str) -> Callable[..., bool]:
    """Whether a record of the table's stream starts a function."""
    from local.runner.filters import passes, read_filters

    (mapping,) = [
        each
        for each in _of_type(template, "AWS::Lambda::EventSourceMapping").values()
        if "StreamArn" in json.dumps(each["EventSourceArn"]) and _mentions(each["FunctionName"], function)
    ]
    filters = read_filters(mapping["FilterCriteria"], "")

    def told(pk: str, sk: str, event: str = "MODIFY", **image: Any) -> bool:
        changed = {"Keys": {"pk": {"S": pk}, "sk": {"S": sk}}, "NewImage": image}
        return passes({"eventName": event, "dynamodb": changed}, filters)

    return told


def test_only_notify_reads_the_secret_of_notifications(transformed: Template) -> None:
    """Tokens of services are for whoever tells people, and for nobody else."""
    readers = {
        name
        for name in FUNCTIONS
        for statement in _statements(_role_of(transformed, _function(transformed, name)))
        if "secretsmanager:GetSecretValue" in _list(statement["Action"])
        and "NotificationsSecret" in json.dumps(statement["Resource"])
    }
    assert {"notify"} == readers


def test_only_notify_sends_mail_and_publishes_where_it_is_named(transformed: Template) -> None:
    """Mail goes out as the identities of a parameter, messages to the topics of another, from one function alone."""
    senders = {
        (name, each["Action"], _target(each["Resource"]))
        for name in FUNCTIONS
        for each in _statements(_role_of(transformed, _function(transformed, name)))
        if {"ses:SendEmail", "sns:Publish"}.intersection(_list(each["Action"]))
    }
    assert {
        ("notify", "ses:SendEmail", "EmailIdentityArns"),
        ("notify", "sns:Publish", "NotificationTopicArns"),
    } == senders
