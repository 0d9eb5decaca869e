"""What a list of changes beside git tells somebody who may not see every application."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from mooring.flows.asked.drifts import list_drifts
from mooring.model.application import AppKey


def test_the_applications_of_others_are_not_asked() -> None:
    """GIVEN rights to one application WHEN a page is listed THEN nothing of another is read, counted or gone on from."""
    mine, theirs = AppKey("argocd", "mine"), AppKey("argocd", "theirs")
    asked: list[AppKey] = []

    def of_app(app: AppKey, *_: object) -> list[Any]:
        asked.append(app)
        return []

    registered = [SimpleNamespace(key=mine), SimpleNamespace(key=theirs)]
    applications: Any = SimpleNamespace(registered=lambda: registered, drifts=SimpleNamespace(of_app=of_app))
    found = list_drifts(applications, {}, lambda names: {each for each in names if each == "argocd/mine"})
    assert ({"metadata": {}, "items": []}, [mine]) == (found, asked)
