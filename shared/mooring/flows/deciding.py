"""Decisions about clusters that a cluster's API holds: generators are evaluated where no cluster may be asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mooring.errors import ConfigurationError
from mooring.model.generatorkinds import ClusterDecisions

__all__ = ["NoDecisions"]


class NoDecisions:
    """Says that decisions can't be had."""

    def decisions(self, namespace: str, wanted: ClusterDecisions) -> tuple[str, list[Mapping[str, Any]]]:
        """Raises `ConfigurationError`."""
        raise ConfigurationError(
            f"the generator that names the ConfigMap {namespace}/{wanted.config_map} can't be evaluated yet: Mooring "
            "asks no cluster for decisions; use the clusters generator with labels",
            field="clusterDecisionResource",
        )
