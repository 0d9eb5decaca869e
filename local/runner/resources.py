"""Queues, tables, buckets, keys and secrets: made on an AWS endpoint as CloudFormation would make them.

One function for each type that a running system reads or writes; it returns what `!Ref` and `!GetAtt` of the resource
mean. Types that only say who may do what, or who is told when something is wrong, are known and left out: they get a
name and an ARN, so that references to them resolve. A type that is on neither list is an error, because a system that
lacks a part must not look as if it were whole.

What the endpoint can't emulate and nobody reads back (encryption at rest, point-in-time recovery, public access blocks,
lifecycles) is not asked for.
"""

from __future__ import annotations

import json
import secrets
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from local.runner.documents import Json, TemplateError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sqs import SQSClient

__all__ = ["ACCOUNT", "PASSIVE", "Clients", "Physical", "create", "function_arn", "stand_in"]

ACCOUNT = "123456789012"

PASSIVE = frozenset(
    {
        "AWS::CloudWatch::Alarm",
        "AWS::CloudWatch::CompositeAlarm",
        "AWS::CloudWatch::Dashboard",
        "AWS::IAM::ManagedPolicy",
        "AWS::IAM::Policy",
        "AWS::IAM::Role",
        "AWS::Lambda::Permission",
        "AWS::Logs::LogGroup",
        "AWS::Logs::MetricFilter",
        "AWS::S3::BucketPolicy",
        "AWS::SQS::QueuePolicy",
        "AWS::Serverless::LayerVersion",
    }
)

_QUEUE_ATTRIBUTES = (
    "ContentBasedDeduplication",
    "DeduplicationScope",
    "DelaySeconds",
    "FifoQueue",
    "FifoThroughputLimit",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
    "VisibilityTimeout",
)


@dataclass(frozen=True, slots=True)
class Physical:
    """A resource that exists: what `!Ref` gives, and what `!GetAtt` gives by attribute."""

    ref: str
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Clients:
    """One client a service, shared by everything: they are safe to use from several threads, and each costs memory."""

    region: str
    sqs: SQSClient
    dynamodb: DynamoDBClient
    s3: S3Client
    kms: KMSClient
    secretsmanager: SecretsManagerClient


def create(clients: Clients, kind: str, logical_id: str, stack: str, properties: Mapping[str, Json]) -> Physical:
    """Create a resource of this type; raises `TemplateError` for a type that isn't known."""
    if kind in PASSIVE:
        return stand_in(clients.region, kind, f"{stack}-{logical_id}")
    if kind not in _MAKERS:
        raise TemplateError(f"Resources.{logical_id}.Type: {kind} is not known to the local runner")
    return _MAKERS[kind](clients, f"{stack}-{logical_id}", properties)


def function_arn(region: str, name: str) -> str:
    """The ARN of a function of this name."""
    return f"arn:aws:lambda:{region}:{ACCOUNT}:function:{name}"


def stand_in(region: str, kind: str, name: str) -> Physical:
    """A name and an ARN for something that has no use on one machine."""
    _, service, thing = kind.lower().split("::")
    return Physical(name, {"Arn": f"arn:aws:{service}:{region}:{ACCOUNT}:{thing}/{name}"})


def _queue(clients: Clients, name: str, properties: Mapping[str, Json]) -> Physical:
    fifo = str(properties.get("FifoQueue", False)).lower() == "true"
    name = properties.get("QueueName") or (f"{name}.fifo" if fifo else name)
    attributes = {key: _attribute(properties[key]) for key in _QUEUE_ATTRIBUTES if key in properties}
    if redrive := properties.get("RedrivePolicy"):
        attributes["RedrivePolicy"] = redrive if isinstance(redrive, str) else json.dumps(redrive)
    url = clients.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]  # type: ignore[arg-type]
    arn = f"arn:aws:sqs:{clients.region}:{ACCOUNT}:{name}"
    return Physical(url, {"Arn": arn, "QueueName": name, "QueueUrl": url})


def _table(clients: Clients, name: str, properties: Mapping[str, Json]) -> Physical:
    name = properties.get("TableName") or name
    wanted = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "LocalSecondaryIndexes")
    request = {key: properties[key] for key in wanted if key in properties}
    stream = properties.get("StreamSpecification")
    if stream:
        request["StreamSpecification"] = {"StreamEnabled": True, "StreamViewType": stream["StreamViewType"]}
    made = clients.dynamodb.create_table(TableName=name, BillingMode="PAY_PER_REQUEST", **request)["TableDescription"]
    if ttl := properties.get("TimeToLiveSpecification"):
        clients.dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=ttl)
    attributes = {"Arn": made["TableArn"]}
    if stream:
        attributes["StreamArn"] = made["LatestStreamArn"]
    return Physical(name, attributes)


def _bucket(clients: Clients, name: str, properties: Mapping[str, Json]) -> Physical:
    name = properties.get("BucketName") or f"{name}-{ACCOUNT}".lower()
    request: dict[str, Json] = {"Bucket": name}
    if clients.region != "us-east-1":  # which S3 refuses to be told
        request["CreateBucketConfiguration"] = {"LocationConstraint": clients.region}
    clients.s3.create_bucket(**request)
    if (properties.get("VersioningConfiguration") or {}).get("Status") == "Enabled":
        clients.s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return Physical(name, {"Arn": f"arn:aws:s3:::{name}", "DomainName": f"{name}.s3.amazonaws.com"})


def _key(clients: Clients, name: str, properties: Mapping[str, Json]) -> Physical:
    made = clients.kms.create_key(Description=properties.get("Description") or name)["KeyMetadata"]
    return Physical(made["KeyId"], {"Arn": made["Arn"], "KeyId": made["KeyId"]})


def _alias(clients: Clients, name: str, properties: Mapping[str, Json]) -> Physical:
    clients.kms.create_alias(AliasName=properties["AliasName"], TargetKeyId=properties["TargetKeyId"])
    return Physical(properties["AliasName"])


def _secret(clients: Clients, name: str, properties: Mapping[str, Json]) -> Physical:
    value = properties.get("SecretString")
    if value is None:
        value = _generate(properties.get("GenerateSecretString") or {})
    made = clients.secretsmanager.create_secret(Name=properties.get("Name") or name, SecretString=value)
    return Physical(made["ARN"], {"Id": made["ARN"]})


def _generate(wish: Mapping[str, Json]) -> str:
    """A random secret. Rule: AWS CloudFormation User Guide, "AWS::SecretsManager::Secret GenerateSecretString"."""
    groups = {
        "ExcludeLowercase": string.ascii_lowercase,
        "ExcludeUppercase": string.ascii_uppercase,
        "ExcludeNumbers": string.digits,
        "ExcludePunctuation": string.punctuation,
    }
    left_out = set(wish.get("ExcludeCharacters", ""))
    letters = "".join(text for key, text in groups.items() if not wish.get(key))
    alphabet = [letter for letter in letters if letter not in left_out]
    password = "".join(secrets.choice(alphabet) for _ in range(int(wish.get("PasswordLength", 32))))
    if "GenerateStringKey" not in wish:
        return password
    return json.dumps({**json.loads(wish.get("SecretStringTemplate", "{}")), wish["GenerateStringKey"]: password})


def _attribute(value: Json) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


_MAKERS: Mapping[str, Callable[[Clients, str, Mapping[str, Json]], Physical]] = {
    "AWS::DynamoDB::Table": _table,
    "AWS::KMS::Alias": _alias,
    "AWS::KMS::Key": _key,
    "AWS::S3::Bucket": _bucket,
    "AWS::SQS::Queue": _queue,
    "AWS::SecretsManager::Secret": _secret,
}
