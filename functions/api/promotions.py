"""The routes of promotions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from declared import EACH, NAMESPACE, PAGES, Access
from objects import declared_promotion, promotion

from mooring.access.rbac import named
from mooring.flows.promotions.asking import (
    UnknownPromotionError,
    declare_promotion,
    delete_promotion,
    get_promotion,
    list_promotions,
    run_promotion,
    suspend_promotion,
)
from mooring.model.application import AppKey
from mooring.model.promotionkey import PromotionKey

if TYPE_CHECKING:
    from declared import Arguments
    from desk import Desk

__all__ = ["add_promotion_routes"]


def add_promotion_routes(desk: Desk) -> None:
    """Adds what `mooring promotion` asks for."""
    composition = desk.composition
    desk.missing(UnknownPromotionError)

    def key(name: str) -> PromotionKey:
        return PromotionKey.parse(desk.qualified(name))

    def document(desk: Desk, places: Arguments) -> Any:
        own = key(places["name"]) if "name" in places else PromotionKey.parse(desk.declared_name())
        spec = composition.registry.promotions.load([own])[own].spec
        return None if spec is None else spec.promotion.declared

    @desk.get(
        "/api/v1/promotions",
        does="The promotions by name, with their status",
        access=Access("promotions", "get", EACH),
        tag="promotions",
        query=PAGES,
        answers="Promotions",
    )
    def list_all_promotions() -> Any:
        found = list_promotions(composition.ask_ports())
        return desk.page((_key(each), each) for each in found if desk.may("promotions", "get", _object(each)))

    @desk.post(
        "/api/v1/promotions",
        does="Declares a promotion; declaring the same again has it looked at now",
        access=Access("promotions", "create", declared_promotion),
        tag="promotions",
        body="Promotion",
        answers="DeclaredPromotion",
        document=document,
    )
    def post_promotion() -> Any:
        parsed = declare_promotion(composition.ask_ports(), desk.body(), desk.caller.name)
        return {"promotion": parsed.promotion.declared, "warnings": parsed.warnings}

    @desk.get(
        "/api/v1/promotions/<name>",
        does="One promotion, with what came of it before, newest first",
        access=Access("promotions", "get", promotion),
        tag="promotions",
        query=(NAMESPACE,),
        answers="ShownPromotion",
        document=document,
    )
    def get_one_promotion(name: str) -> Any:
        return get_promotion(composition.ask_ports(), key(name))

    @desk.delete(
        "/api/v1/promotions/<name>",
        does="Removes a promotion; a pull request that it opened stays open",
        access=Access("promotions", "delete", promotion),
        tag="promotions",
        query=(NAMESPACE,),
        document=document,
    )
    def delete_one_promotion(name: str) -> None:
        delete_promotion(composition.ask_ports(), key(name))

    @desk.post(
        "/api/v1/promotions/<name>/run",
        does="Has a promotion looked at now, and what was turned down before proposed again",
        access=Access("promotions", "update", promotion),
        tag="promotions",
        query=(NAMESPACE,),
        status=202,
    )
    def run_one_promotion(name: str) -> None:
        run_promotion(composition.ask_ports(), key(name), desk.caller.name)

    @desk.post(
        "/api/v1/promotions/<name>/suspend",
        does="Suspends a promotion until it is resumed or declared anew",
        access=Access("promotions", "update", promotion),
        tag="promotions",
        query=(NAMESPACE,),
    )
    def suspend_one_promotion(name: str) -> None:
        suspend_promotion(composition.ask_ports(), key(name), desk.caller.name, suspend=True)

    @desk.post(
        "/api/v1/promotions/<name>/resume",
        does="Resumes a suspended promotion",
        access=Access("promotions", "update", promotion),
        tag="promotions",
        query=(NAMESPACE,),
    )
    def resume_one_promotion(name: str) -> None:
        suspend_promotion(composition.ask_ports(), key(name), desk.caller.name, suspend=False)


def _key(shown: dict[str, Any]) -> str:
    return f"{shown['metadata']['namespace']}/{shown['metadata']['name']}"


def _object(shown: dict[str, Any]) -> str:
    metadata = shown["metadata"]
    return named(shown["spec"].get("project") or "default", AppKey(metadata["namespace"], metadata["name"]))
