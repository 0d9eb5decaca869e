"""Which tool renders a folder, decided as Argo CD decides it.

A block in the source (`helm`, `kustomize`, `directory`) forces the tool. Otherwise the files at the top of the folder
tell. Argo CD, "Tool Detection"; where a chart and a kustomization lie side by side, its walk over the folder ends
with the kustomization, and so does this.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final, Literal

__all__ = ["CHART", "KUSTOMIZATIONS", "SourceType", "detect"]

SourceType = Literal["Helm", "Kustomize", "Directory", "Plugin"]

CHART: Final = "Chart.yaml"
KUSTOMIZATIONS: Final = ("kustomization.yaml", "kustomization.yml", "Kustomization")


def detect(folder: Path, forced: Literal["", "Helm", "Kustomize", "Directory", "Plugin"] = "") -> SourceType:
    """The type of the source in this folder."""
    if forced:
        return forced
    names = set(os.listdir(folder))
    if not names.isdisjoint(KUSTOMIZATIONS):
        return "Kustomize"
    return "Helm" if CHART in names else "Directory"
