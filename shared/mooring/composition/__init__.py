"""What each function is made of: adapters from the environment that `template.yaml` sets, made when first needed.

One module for each function or kind of work; imports of what it takes stand inside, so that a function loads its own.
"""

from __future__ import annotations

from mooring.composition.arrivals import ArrivalComposition
from mooring.composition.live import LiveComposition
from mooring.composition.looking import LookComposition
from mooring.composition.renders import RenderComposition
from mooring.composition.sweeps import SweepComposition
from mooring.composition.syncs import SyncComposition
from mooring.composition.telling import TellingComposition

__all__ = ["Composition"]


class Composition(
    ArrivalComposition,
    RenderComposition,
    SyncComposition,
    SweepComposition,
    TellingComposition,
    LiveComposition,
    LookComposition,
):
    """The adapters of one function instance; they live as long as it does."""
