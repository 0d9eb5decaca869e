"""The eleven steps, in the order in which they are told."""

from __future__ import annotations

from local.demo.arrival import everything_arrives
from local.demo.changes import deleted_files, image_goes_live, refused_manifest, revert
from local.demo.drift import deletion_is_undone, edit_is_reported, edit_is_reverted, scaling_is_reverted
from local.demo.endurance import killed_function, nothing_to_do
from local.demo.story import Step

__all__ = ["STEPS"]

STEPS = (
    Step("apply eight Applications", "everything becomes Synced and Healthy", everything_arrives),
    Step("push a new image tag", "the image is live", image_goes_live),
    Step("kubectl scale --replicas=1", "reverted", scaling_is_reverted),
    Step("kubectl edit: a memory limit", "reverted", edit_is_reverted),
    Step("kubectl delete deployment", "recreated", deletion_is_undone),
    Step("the same edit without selfHeal", "reported as OutOfSync with the field, not reverted", edit_is_reported),
    Step("delete files from git", "pruned; with prune off kept and reported", deleted_files),
    Step(
        "push a manifest that is refused",
        "fails in the API server's words, tried again after 5 and 10 s; the next good commit does not wait",
        refused_manifest,
    ),
    Step("git revert", "the previous state is back", revert),
    Step(
        "SIGKILL in the middle of a sync of 200 objects",
        "the sync ends complete; nothing applied twice, every object accounted for",
        killed_function,
    ),
    Step("thirty sweeps with nothing to do", "no write to the cluster, none of inventory", nothing_to_do),
)
