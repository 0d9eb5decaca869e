"""Sources become manifests: plain files, Jsonnet, Kustomize, Helm and plugins, read as their own tools read them."""

from __future__ import annotations

from mooring.render.outline import borrowed, outline
from mooring.render.render import RenderContext, Rendered, Tools, render

__all__ = ["RenderContext", "Rendered", "Tools", "borrowed", "outline", "render"]
