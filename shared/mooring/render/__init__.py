"""Sources become manifests: plain files, Kustomize and Helm, read as Kubernetes' own tools read them."""

from __future__ import annotations

from mooring.render.render import RenderContext, Rendered, Tools, render

__all__ = ["RenderContext", "Rendered", "Tools", "render"]
