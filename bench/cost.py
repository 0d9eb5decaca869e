"""What a month costs: `python -m bench cost [--measure]`, the tables of `docs/cost.md`.

An installation of 100 applications on 3 clusters, in each drift mode. Quantities come from what was measured
(`bench/measured.json`, written anew by `--measure`) and from `Month`, which holds every assumption; prices come from
`mooring.flows.asked.prices`. Nothing else goes in. A part that was measured has processor seconds and requests; how
long Lambda would take for it, and so what it bills, follows from these: processor seconds at the share of a processor
that comes with the function's memory, and each request's time, one after the other. Nothing is left out for being free
up to some amount.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.measured import noted
from mooring.flows.asked.prices import PRICES, REGIONS

__all__ = ["Line", "Month", "compared", "lines", "main", "measured_parts", "price_list", "summary"]

_VCPU = (
    1769  # MB of memory that come with one processor (AWS Lambda Developer Guide, "Configure Lambda function memory")
)
_MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Month:
    """What is assumed of a month of 30 days; bytes of logs and seconds of requests are rough and don't matter much."""

    hours: float = 720
    clusters: int = 3
    sweep_minutes: float = 3
    pushes: int = 1_000
    drifts: int = 200
    asked: int = 10_000  # requests of the API by people and pipelines, 30 ms of processor and 6 reads each
    pollers: int = 5  # long polls that Lambda holds open on an idle queue (AWS: "Using Lambda with Amazon SQS")
    poll_seconds: float = 20
    principals: int = 4  # functions that use the table; DynamoDB asks KMS for each of them every five minutes
    secrets: int = 8  # three of the stack, three clusters, a credential of repositories, a key of sealed secrets
    alarms: int = 18  # without that of watch
    table_gb: float = 0.5
    bucket_gb: float = 1.0
    log_bytes: int = 1_500  # of one invocation, with START and REPORT
    cold: float = 1.1  # what cold starts add to GB-seconds
    aws_ms: float = 5
    cluster_ms: float = 10
    git_ms: float = 250
    watch_mb: int = 128  # as configured: Lambda bills this, whatever is used of it
    watch_life: float = 840
    watch_overlap: float = 10
    watch_reads: int = 12  # units a minute: the lists of applications and clusters
    watch_writes: int = 1
    audit_gb: float = 10  # that one cluster writes to CloudWatch Logs
    audit_kept: float = 1.0  # months that CloudWatch keeps them
    batches: int = 20_000  # that reach the function, of one cluster
    deeds: int = 20_000  # that are kept, of one cluster
    argo_mib: int = 530  # resident, on a machine of the benchmarks' size, with default settings


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a bill: so much of what the price list names, and what for."""

    what: str
    price: str
    quantity: float


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the tables; an exit code."""
    parser = argparse.ArgumentParser(prog="bench.cost", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--measure", action="store_true", help="measure anew first (two minutes)")
    if parser.parse_args(arguments).measure:
        from bench.pricing import measure

        measure()
    month, known = Month(), noted()
    groups = lines(month, known)
    tables = (summary(groups), compared(month), measured_parts(month, known), _bill(groups), price_list())
    print("\n\n".join(tables))
    return 0


def lines(month: Month, known: Mapping[str, Any]) -> dict[str, list[Line]]:
    """The bill, by what it is for."""
    seconds = month.hours * 3600
    sweeps = month.hours * 60 / month.sweep_minutes
    polls = seconds / month.poll_seconds * month.pollers
    lives = month.clusters * seconds / month.watch_life
    watched = lives * (month.watch_life + month.watch_overlap)
    minutes = month.clusters * month.hours * 60
    audited, deeds = month.clusters * month.batches, month.clusters * month.deeds
    heals = _part("heals", known["heal"], "heal", 512, month, month.drifts)
    return {
        "there, used or not": [
            Line("secrets", "Secrets Manager, secret and month", month.secrets),
            Line("the key of table and bucket", "KMS, key and month", 1),
            Line("the table's requests of it", "KMS, ten thousand requests", month.principals * seconds / 300 / 1e4),
            Line("alarms", "CloudWatch, alarm and month", month.alarms),
            Line("Lambda asks two FIFO queues", "SQS, million requests (FIFO)", 2 * polls / _MILLION),
            Line("Lambda asks the later queue", "SQS, million requests (standard)", polls / _MILLION),
            Line("the table", "DynamoDB, GB-month with point-in-time recovery", month.table_gb),
            Line("bundles", "S3, GB-month", month.bucket_gb),
        ],
        "sweeps that find nothing": [
            *_part("sweep", known["sweep"], "sweep", 512, month, sweeps),
            *_part("looks at clusters", known["sweep"], "sync", 512, month, sweeps, invocations=month.clusters),
        ],
        "pushes": [
            Line("deliveries", "API Gateway, million requests (HTTP API)", month.pushes / _MILLION),
            *_part("webhook", known["push"], "webhook", 512, month, month.pushes),
            *_part("render", known["push"], "render", 1024, month, month.pushes),
            *_part("sync", known["push"], "sync", 512, month, month.pushes),
            *_part("forward", known["push"], "forward", 512, month, month.pushes),
            *_part("render, for the others", known["push"], "carry", 1024, month, month.pushes),
        ],
        "drift put right": heals,
        "people": [
            Line("requests", "API Gateway, million requests (HTTP API)", month.asked / _MILLION),
            Line("api", "Lambda, GB-second (arm64)", month.asked * _billed(0.03, 6 * month.aws_ms, 512) * month.cold),
            Line("api", "Lambda, million requests", month.asked / _MILLION),
            Line("api", "DynamoDB, million read units", month.asked * 20 / _MILLION),
        ],
        "drift mode watch": [
            Line("watchers", "Lambda, GB-second (arm64)", watched * month.watch_mb / 1024),
            Line("watchers", "Lambda, million requests", lives / _MILLION),
            Line("watchers", "DynamoDB, million read units", minutes * month.watch_reads / _MILLION),
            Line("watchers", "DynamoDB, million write units", minutes * month.watch_writes / _MILLION),
            Line("one alarm more", "CloudWatch, alarm and month", 1),
        ],
        "drift mode audit, by the API server's webhook": [
            Line("batches", "API Gateway, million requests (HTTP API)", audited / _MILLION),
            *_audit(month, audited, deeds),
        ],
        "drift mode audit, by CloudWatch Logs of EKS": [
            Line("audit logs", "CloudWatch Logs, GB taken in", month.clusters * month.audit_gb),
            Line("audit logs", "CloudWatch Logs, GB-month", month.clusters * month.audit_gb * month.audit_kept),
            *_audit(month, audited, deeds),
        ],
        "a NAT gateway, where sync is in a VPC that has none": [
            Line("the gateway", "NAT gateway, hour", month.hours),
            Line("what goes through", "NAT gateway, GB", 10),
        ],
    }


def _part(
    what: str, known: Mapping[str, Any], part: str, memory: int, month: Month, times: float, *, invocations: int = 1
) -> list[Line]:
    """The lines of one part of what was measured, done so many times."""
    cost = known["parts"][part]
    requests: Mapping[str, int] = cost["requests"]
    outside = _outside(known, part, month)
    billed = _billed(cost["own"] + cost["children"], sum(requests.values()) * month.aws_ms + outside, memory)
    counted = {
        "Lambda, GB-second (arm64)": billed * month.cold,
        "Lambda, million requests": invocations / _MILLION,
        "DynamoDB, million read units": cost["read_units"] / _MILLION,
        "DynamoDB, million write units": cost["write_units"] / _MILLION,
        "SQS, million requests (FIFO)": _asked(requests, "sqs:", invocations if part != "webhook" else 0) / _MILLION,
        "S3, thousand writes": requests.get("s3:PutObject", 0) / 1e3,
        "S3, thousand reads": requests.get("s3:GetObject", 0) / 1e3,
        "CloudWatch Logs, GB taken in": invocations * month.log_bytes / 1e9,
    }
    return [Line(what, price, quantity * times) for price, quantity in counted.items() if quantity]


def _asked(requests: Mapping[str, int], service: str, taken: int) -> int:
    """Requests of a service; a message that is taken costs a receive and a deletion more."""
    return sum(number for called, number in requests.items() if called.startswith(service)) + 2 * taken


def _outside(known: Mapping[str, Any], part: str, month: Month) -> float:
    """Milliseconds that git hosts and API servers take for a part; repositories are asked ten at a time."""
    asked = known["each_time"]
    if part == "sweep":
        return float(asked["git"] / 10 * month.git_ms)
    if part in ("render", "carry"):
        return float(asked["git"] / 2 * month.git_ms)
    return float(asked["api_servers"] * month.cluster_ms) if part in ("sync", "heal") else 0.0


def _billed(cpu: float, waits_ms: float, memory: int) -> float:
    """GB-seconds for processor seconds and waits in a function of `memory` MB."""
    return (cpu * max(1.0, _VCPU / memory) + waits_ms / 1000) * memory / 1024


def _audit(month: Month, batches: float, deeds: float) -> list[Line]:
    return [
        Line("audit", "Lambda, GB-second (arm64)", batches * _billed(0.02, 4 * month.aws_ms, 512) * month.cold),
        Line("audit", "Lambda, million requests", batches / _MILLION),
        Line("deeds", "DynamoDB, million write units", deeds / _MILLION),
        Line("deeds", "DynamoDB, million read units", batches * 3 / _MILLION),
        Line("the function's log", "CloudWatch Logs, GB taken in", batches * month.log_bytes / 1e9),
    ]


def _total(group: Sequence[Line], region: str) -> float:
    return sum(line.quantity * PRICES[line.price][region] for line in group)


def summary(groups: Mapping[str, list[Line]]) -> str:
    """A table of what each drift mode costs in all, and of what optional parts add."""
    names = list(groups)
    always = names[:5]
    rows = [(name, [_total(groups[name], region) for region in REGIONS]) for name in always]
    sweep = [sum(costs[index] for _, costs in rows) for index in range(len(REGIONS))]
    rows.append(("**mode sweep, in all**", sweep))
    for name in names[5:8]:
        added = [_total(groups[name], region) for region in REGIONS]
        rows.append((f"{name}, adds", added))
    rows.append((f"{names[8]}, adds", [_total(groups[names[8]], region) for region in REGIONS]))
    for label, name in zip(("watch", "audit (webhook)", "audit (EKS)"), names[5:8], strict=True):
        both = [base + _total(groups[name], region) for base, region in zip(sweep, REGIONS, strict=True)]
        rows.append((f"**mode {label} everywhere, in all**", both))
    table = [f"| USD a month | {' | '.join(REGIONS)} |", "| --- | --- | --- |"]
    return "\n".join(table + [f"| {name} | {' | '.join(f'{cost:.2f}' for cost in costs)} |" for name, costs in rows])


def _bill(groups: Mapping[str, list[Line]]) -> str:
    table = [f"| for | of what | how much | {' | '.join(REGIONS)} |", "| --- | --- | --- | --- | --- |"]
    for name, group in groups.items():
        counted: dict[str, float] = {}
        for line in group:
            counted[line.price] = counted.get(line.price, 0.0) + line.quantity
        for price, quantity in counted.items():
            costs = " | ".join(f"{quantity * PRICES[price][region]:.3f}" for region in REGIONS)
            table.append(f"| {name} | {price} | {quantity:,.4g} | {costs} |")
    return "\n".join(table)


def measured_parts(month: Month, known: Mapping[str, Any]) -> str:
    """A table of what was measured, and of how long Lambda would take for it."""
    heads = ("measured", "CPU ms", "requests of AWS", "read units", "write units", "about ms of Lambda")
    table = [f"| {' | '.join(heads)} |", f"{'| --- ' * len(heads)}|"]
    for name, memories in (("sweep", {}), ("push", {"render": 1024, "carry": 1024}), ("heal", {})):
        for part, cost in known[name]["parts"].items():
            memory = memories.get(part, 512)
            cpu, asked = cost["own"] + cost["children"], sum(cost["requests"].values())
            waits = asked * month.aws_ms + _outside(known[name], part, month)
            took = _billed(cpu, waits, memory) * 1024 / memory * 1000
            cells = (
                f"{name}: {part}",
                f"{cpu * 1000:.0f}",
                asked,
                cost["read_units"],
                cost["write_units"],
                f"{took:.0f}",
            )
            table.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(table)


def compared(month: Month) -> str:
    """A table of what the memory of an Argo CD costs that is always there."""
    each = PRICES["EC2 t4g.medium (2 vCPU, 4 GiB), hour"]
    rows = {
        f"its {month.argo_mib} MiB as a share of nodes that are there anyway": month.argo_mib / 4096,
        "a node of its own": 1.0,
        "three nodes, as its high-availability manifests want": 3.0,
    }
    table = [f"| Argo CD, USD a month | {' | '.join(REGIONS)} |", "| --- | --- | --- |"]
    for name, nodes in rows.items():
        table.append(f"| {name} | {' | '.join(f'{nodes * each[region] * month.hours:.2f}' for region in REGIONS)} |")
    return "\n".join(table)


def price_list() -> str:
    """The table of prices."""
    table = [f"| USD | {' | '.join(REGIONS)} |", "| --- | --- | --- |"]
    return "\n".join(
        table
        + [f"| {name} | {' | '.join(_plain(each[region]) for region in REGIONS)} |" for name, each in PRICES.items()]
    )


def _plain(price: float) -> str:
    return f"{price:.10f}".rstrip("0").rstrip(".")


if __name__ == "__main__":
    sys.exit(main())
