"""What we write to a kustomization means what `kustomize edit set image` would have written."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from mooring.render.yaml import load_documents
from mooring.writeback.edits import Edit, SetImage, carried_out

DIGEST = "sha256:" + "ab" * 32
FILES = {
    "none": "resources: []\n",
    "tag": "images:\n- name: web\n  newTag: v1\n",
    "renamed": "images:\n- name: web\n  newName: r.example.com:5000/web\n  newTag: v1\n- name: zoo\n  newTag: z\n",
    "digest": f"images:\n- digest: {DIGEST}\n  name: web\n",
    "both": f"images:\n- digest: {DIGEST}\n  name: web\n  newTag: v1\n",
}


@pytest.mark.parametrize("text", FILES.values(), ids=FILES)
@pytest.mark.parametrize(
    ("argument", "what"),
    [
        ("web=*:v2", SetImage("web", tag="v2")),
        ("web=*:1.10", SetImage("web", tag="1.10")),
        (f"web=*@{DIGEST[:-2]}cd", SetImage("web", digest=f"{DIGEST[:-2]}cd")),
        ("web=other.example.com/web:v2", SetImage("web", "other.example.com/web", "v2")),
        (f"web=other.example.com/web:v2@{DIGEST}", SetImage("web", "other.example.com/web", "v2", DIGEST)),
    ],
)
def test_an_image_is_set_as_kustomize_sets_it(
    tools: dict[str, Path], tmp_path: Path, text: str, argument: str, what: SetImage
) -> None:
    """GIVEN images with tags, digests and other names, the entries are kustomize's; only its sorting is not ours."""
    (tmp_path / "kustomization.yaml").write_text(text)
    command = [tools["kustomize"], "edit", "set", "image", argument]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=60)
    ours = carried_out([Edit("", what)], {"kustomization.yaml": text.encode()}.get)
    assert images((tmp_path / "kustomization.yaml").read_bytes()) == images(
        ours.get("kustomization.yaml", text.encode())
    )


def images(content: bytes) -> list[Any]:
    (document,) = load_documents(content, where="kustomization.yaml")
    return sorted(document["images"], key=lambda each: str(each["name"]))
