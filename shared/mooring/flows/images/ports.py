"""What looks at images with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mooring.flows.asked.declaring import AskPorts
from mooring.flows.rules.images import ImageSettings, read_image_settings
from mooring.images.choosing import Asker
from mooring.images.registries import ImageRegistries
from mooring.images.remembering import Memory
from mooring.state.bundles import Bundles
from mooring.state.images import ImageStates
from mooring.writeback.proposing import Hosts
from mooring.writeback.writing import WritePorts

__all__ = ["ImagePorts"]


@dataclass(frozen=True, slots=True)
class ImagePorts:
    """`asking` declares applications; `registries` makes what asks registries by the settings that there are now."""

    asking: AskPorts
    bundles: Bundles
    states: ImageStates
    registries: Callable[[ImageSettings], ImageRegistries]
    asker: Asker
    memory: Memory
    writes: WritePorts
    hosts: Hosts
    clock: Callable[[], float]

    def settings(self) -> ImageSettings:
        """What is set now. Raises `ConfigurationError` for what can't be read."""
        return read_image_settings(self.asking.registry.health_scripts.state()[0])
