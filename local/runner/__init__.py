"""The deployed system's `template.yaml`, run on this machine.

CloudFormation, API Gateway, the event source mappings of SQS and DynamoDB, EventBridge's schedules and Lambda's own
sandbox are all things that this package plays the part of, so that a handler meets the same world here as there: the
same event shapes, a process that is frozen between invocations, a timeout that kills, a read-only code folder, a
message that comes back. Queues, tables, buckets, keys and secrets are an AWS endpoint's business (moto's server here).

    documents    YAML with CloudFormation's tags           box        what a function's process may see
    intrinsics   !Ref, !Sub, !If and their kin             runtime    the Runtime API, spoken with one process
    functions    what a function is and what starts it     sandbox    what all instances have in common
    resources    queues, tables, buckets, keys, secrets    instance   one process: started, frozen, thawed, killed
    system       all of these, from one template           pool       as many instances as are needed
    invocations  what each invocation cost

    gateway, routes        HTTP API → function             queues     SQS → function
    authorizers            who is let through to a route
    sockets, socketroutes  WebSocket API ↔ function        schedules  a clock → function
    streams                table stream → function

It refuses to guess: a resource type, an event type or a parameter that it doesn't know is an error with its name.
"""

from __future__ import annotations

__all__: list[str] = []
