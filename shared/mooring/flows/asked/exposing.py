"""What is known of applications and clusters, as the text that Prometheus scrapes.

The format is OpenMetrics 1.0 (openmetrics.io): families in one piece, label values escaped, `# EOF` at the end. The
families follow those of Argo CD's application controller (Argo CD, "Metrics") closely enough that its dashboards need
little more than another name; docs/metrics.md has the mapping. It is a picture of now, made of the same summaries as
lists (ADR 0114): nothing is counted up between scrapes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from mooring.flows.asked.summarising import Summary
from mooring.state.clusters import Cluster

__all__ = ["CONTENT_TYPE", "expose"]

CONTENT_TYPE: Final = "application/openmetrics-text; version=1.0.0; charset=utf-8"
_MOST: Final = 10_000  # applications told one by one; an answer of Lambda holds 6 MB, packed
_Labels = tuple[tuple[str, str], ...]
_Sample = tuple[_Labels, float]


def expose(rows: Iterable[Summary], clusters: Sequence[Cluster], version: str) -> str:
    """The whole text, with its end; of more than ten thousand applications the rest is only counted."""
    everything = list(rows)
    told = everything[:_MOST]
    lines = [
        *_family("mooring_build", "info", "The version that answers.", [((("version", version),), 1)]),
        *_family("mooring_app", "info", "One application.", ((_info(row), 1) for row in told)),
        *_family("mooring_apps", "gauge", "Applications, by sync status and health.", _counted(everything)),
        *_family(
            "mooring_apps_omitted", "gauge", "Applications that are only counted.", [((), len(everything) - len(told))]
        ),
        *_family(
            "mooring_app_drifted_objects", "gauge", "Objects that were changed beside git; none where there are none.",
            ((_named(row), row.drift) for row in told if row.drift),
        ),
        *_family(
            "mooring_app_conditions", "gauge", "Conditions of the application; none where there are none.",
            ((_named(row), row.conditions) for row in told if row.conditions),
        ),
        *_family(
            "mooring_app_changed_timestamp_seconds", "gauge", "Since when sync, health and operation are as they are.",
            ((_named(row), row.changed_at) for row in told if row.changed_at), unit="seconds",
        ),
        *_family(
            "mooring_app_synced_timestamp_seconds", "gauge", "When a sync last succeeded.",
            ((_named(row), row.synced_at) for row in told if row.synced_at), unit="seconds",
        ),
        *_family(
            "mooring_cluster_reachable", "gauge", "Whether the cluster answers.",
            ((_of(each), 0 if each.outage else 1) for each in clusters),
        ),
        *_family(
            "mooring_cluster_unreachable_since_timestamp_seconds", "gauge", "Since when it does not.",
            ((_of(each), each.outage.since) for each in clusters if each.outage), unit="seconds",
        ),
        "# EOF\n",
    ]  # fmt: skip
    return "\n".join(lines)


def _family(name: str, type_: str, says: str, samples: Iterable[_Sample], *, unit: str = "") -> Iterator[str]:
    yield f"# TYPE {name} {type_}"
    if unit:
        yield f"# UNIT {name} {unit}"
    yield f"# HELP {name} {says}"
    sample = f"{name}_info" if type_ == "info" else name
    for labels, value in samples:
        inside = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels)
        yield f"{sample}{{{inside}}} {value!r}" if inside else f"{sample} {value!r}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def _info(row: Summary) -> _Labels:
    return (
        *_named(row),
        ("cluster", row.cluster),
        ("dest_server", row.server),
        ("dest_namespace", row.destination_namespace),
        ("repo", row.repo_url),
        ("revision", row.revision),
        ("sync_status", row.sync),
        ("health_status", row.health),
        ("operation", "delete" if row.deleting else "sync" if row.phase == "Running" else ""),
        ("phase", row.phase),
        ("autosync_enabled", "true" if row.auto_sync else "false"),
    )


def _named(row: Summary) -> _Labels:
    return ("name", row.name), ("namespace", row.namespace), ("project", row.project)


def _of(cluster: Cluster) -> _Labels:
    return ("cluster", cluster.name), ("server", cluster.server)


def _counted(rows: Iterable[Summary]) -> list[_Sample]:
    counts = Counter((row.sync, row.health) for row in rows)
    return [((("sync_status", sync), ("health_status", health)), n) for (sync, health), n in sorted(counts.items())]
