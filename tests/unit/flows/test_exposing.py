"""What Prometheus scrapes is OpenMetrics, as its own client reads it."""

from __future__ import annotations

from dataclasses import replace

from prometheus_client.openmetrics.parser import text_string_to_metric_families

from mooring.flows.asked.exposing import expose
from mooring.flows.asked.summarising import Summary
from mooring.state.clusters import Cluster, Outage

ROW = Summary(
    name="shop", namespace="argocd", project="default", cluster="prod", server="https://prod.test",
    destination_namespace="shop", repo_url="https://git.test/shop", path=".", chart="", target_revision="main",
    sources=1, revision="a" * 40, sync="Synced", health="Healthy", phase="Succeeded", message="", labels={}, images=(),
    set="", changed_at=1_000_000.5, synced_at=999_999.0, drift=0, auto_sync=True, deleting=False, conditions=0,
)  # fmt: skip


def _read(text: str) -> dict[str, list[tuple[dict[str, str], float]]]:
    families = list(text_string_to_metric_families(text))
    return {each.name: [(dict(one.labels), one.value) for one in each.samples] for each in families}


def test_applications_and_clusters_are_told() -> None:
    """GIVEN applications and a cluster out of reach WHEN exposed THEN the client of Prometheus reads what they are."""
    drifted = ROW._replace(name="cart", sync="OutOfSync", health="Degraded", drift=3, phase="Running", synced_at=0.0)
    clusters = [Cluster("prod", "https://prod.test", True, ""), Cluster("far", "", False, "")]
    clusters[1] = replace(clusters[1], outage=Outage(500.0, "refused", 600.0))
    found = _read(expose([drifted, ROW], clusters, "1.0.0"))
    assert [({"version": "1.0.0"}, 1.0)] == found["mooring_build"]
    assert [("cart", "OutOfSync", "Degraded", "sync"), ("shop", "Synced", "Healthy", "")] == [
        (each["name"], each["sync_status"], each["health_status"], each["operation"])
        for each, _ in found["mooring_app"]
    ]
    assert [({"sync_status": "OutOfSync", "health_status": "Degraded"}, 1.0)] == found["mooring_apps"][:1]
    assert [({"name": "cart", "namespace": "argocd", "project": "default"}, 3.0)] == found[
        "mooring_app_drifted_objects"
    ]
    assert [999_999.0] == [value for _, value in found["mooring_app_synced_timestamp_seconds"]]
    assert [1.0, 0.0] == [value for _, value in found["mooring_cluster_reachable"]]
    assert [500.0] == [value for _, value in found["mooring_cluster_unreachable_since_timestamp_seconds"]]


def test_any_text_is_a_label() -> None:
    """GIVEN quotes, backslashes and line ends in what users declare WHEN exposed THEN they come back as they were."""
    odd = 'a "b"\\n\nc\\'
    found = _read(expose([ROW._replace(repo_url=odd)], [], "1.0.0"))
    assert odd == found["mooring_app"][0][0]["repo"]


def test_nothing_is_a_document_too() -> None:
    """GIVEN an empty installation WHEN exposed THEN the text is whole, and nothing is left out."""
    found = _read(expose([], [], "1.0.0"))
    assert ([], [({}, 0.0)]) == (found["mooring_app"], found["mooring_apps_omitted"])


def test_a_large_fleet_stays_below_what_lambda_answers() -> None:
    """GIVEN 12,000 applications WHEN exposed THEN ten thousand are told, all are counted, and packed it is under 6 MB."""
    import base64
    import zlib

    rows = [ROW._replace(name=f"application-number-{number}", drift=1, conditions=1) for number in range(12_000)]
    text = expose(rows, [], "1.0.0")
    assert 10_000 == text.count("\nmooring_app_info{")
    assert "\nmooring_apps_omitted 2000\n" in text
    assert '\nmooring_apps{sync_status="Synced",health_status="Healthy"} 12000\n' in text
    assert 6 * 1024 * 1024 > len(base64.b64encode(zlib.compress(text.encode())))
