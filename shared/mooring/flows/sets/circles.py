"""Circles among what declares what: applications, and ApplicationSets with the applications that they generate.

An application may declare itself. A longer circle has no beginning and no order of deletion: whoever would close it is
told all of its members. Source: Argo CD, "Cluster Bootstrapping".
"""

from __future__ import annotations

from mooring.errors import ConfigurationError
from mooring.model.application import AppKey
from mooring.model.setkey import SetKey
from mooring.model.tracking import tracking_value
from mooring.state.applications import Applications
from mooring.state.registry import Registry

__all__ = ["refuse_circle"]

_SET = "set "  # before the name of a set, which an application may have, too


def refuse_circle(applications: Applications, registry: Registry, child: AppKey | SetKey, parent: str) -> None:
    """Raises `ConfigurationError` where the application `parent` comes from what it is about to declare.

    Costs a query of all applications, and one of all sets where any application comes from a set.
    """
    first = f"{_SET}{child}" if isinstance(child, SetKey) else str(child)
    if not parent or parent == first:
        return
    listed = {tracking_value(each.key): each for each in applications.registered()}
    generated = {str(each.key): f"{_SET}{each.owner}" for each in listed.values() if each.owner}
    labels = {str(each.key): each.label for each in listed.values()}
    if generated:
        labels |= {f"{_SET}{each.key}": each.label for each in registry.sets.listed()}
    met, circle = {first}, first
    below, above = first, parent
    while above:
        circle += f" is {'generated' if below in generated else 'declared'} by {above}"
        if above == first:
            raise ConfigurationError(
                f"applications declare each other in a circle ({circle}); take one out of its parent's source",
                subject=str(child),
            )
        if above in met:
            return  # a circle further up, which is somebody else's
        met.add(above)
        if above in generated:
            below, above = above, generated[above]
        else:
            by = listed.get(labels.get(above, ""))
            below, above = above, "" if by is None else str(by.key)
