"""Tests get an AWS of their own machine, and never the real one."""

from __future__ import annotations

import os

import boto3


def test_boto3_talks_to_moto_without_being_told(aws: str) -> None:
    """Clients made without arguments use the local endpoint, for queues as for buckets and tables."""
    # GIVEN
    sqs, s3, table = boto3.client("sqs"), boto3.client("s3"), boto3.client("dynamodb")
    # WHEN
    queue = sqs.create_queue(QueueName="machine.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    sqs.send_message(
        QueueUrl=queue,
        MessageBody="hello",
        MessageGroupId="g",
        MessageDeduplicationId="d",
    )
    s3.create_bucket(
        Bucket="machine",
        CreateBucketConfiguration={"LocationConstraint": "eu-central-1"},
    )
    s3.put_object(Bucket="machine", Key="a/b", Body=b"text")
    # THEN
    assert queue.startswith(aws)
    assert ["hello"] == [message["Body"] for message in sqs.receive_message(QueueUrl=queue)["Messages"]]
    assert b"text" == s3.get_object(Bucket="machine", Key="a/b")["Body"].read()
    assert 200 == table.list_tables()["ResponseMetadata"]["HTTPStatusCode"]
    assert "testing" == os.environ["AWS_ACCESS_KEY_ID"]
