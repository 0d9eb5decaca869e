"""Which tool renders a folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from mooring.render.detect import detect


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ([], "Directory"),
        (["a.yaml", "values.yaml"], "Directory"),
        (["Chart.yaml", "values.yaml"], "Helm"),
        (["chart.yaml"], "Directory"),
        (["kustomization.yaml"], "Kustomize"),
        (["kustomization.yml"], "Kustomize"),
        (["Kustomization"], "Kustomize"),
        (["kustomization.json"], "Directory"),
        (["Chart.yaml", "kustomization.yaml"], "Kustomize"),
    ],
)
def test_the_files_tell(tmp_path: Path, files: list[str], expected: str) -> None:
    """GIVEN no block in the source, THEN the names of files decide as in Argo CD."""
    for name in files:
        (tmp_path / name).touch()
    assert expected == detect(tmp_path)


def test_a_block_in_the_source_decides(tmp_path: Path) -> None:
    """GIVEN a block of one tool, THEN the files don't matter."""
    (tmp_path / "Chart.yaml").touch()
    assert "Directory" == detect(tmp_path, "Directory")
