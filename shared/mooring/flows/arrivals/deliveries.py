"""The function `webhook`: what a forge or a registry tells becomes messages for those whom it concerns.

Verified first, then looked up, then queued; the work itself is done elsewhere, so the answer comes at once. A delivery
is remembered after its messages are sent: a crash in between lets the forge's redelivery do the rest. What was told and
what it caused is kept in the same write, for people; refusals are kept too, as many as there is room for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from mooring.errors import ConfigurationError, ForbiddenError, MooringError, PermanentError, UnreachableError
from mooring.events.forges.happenings import Delivery, ImagePushed, Ping, PullRequest, Push
from mooring.events.forges.recognising import read, recognise
from mooring.events.forges.verifying import Request, Rules, Trust
from mooring.events.messages import Cause, Trigger
from mooring.events.registries.recognising import names_registry, read_registry
from mooring.flows.arrivals.addresses import normalised
from mooring.flows.arrivals.pushes import Concerned, find_concerned, send_for
from mooring.flows.rules.pacing import Allowances
from mooring.model.application import AppKey
from mooring.queues import Queues
from mooring.state.applications import Applications
from mooring.state.deliveries import Deliveries, Told
from mooring.state.registry import Registry

__all__ = ["LARGEST_BODY", "DeliveryPorts", "Received", "handle_delivery", "handle_happenings"]

_LONGEST_NAME = 200  # characters of a person's name that go along
LARGEST_BODY = 5 * 1024 * 1024  # bytes; Lambda takes 6 MB, and what a push lists fits well below


@dataclass(frozen=True, slots=True)
class DeliveryPorts:
    """What the webhook works with. `secrets` brings what deliveries are verified with, `rules` what settings allow."""

    applications: Applications
    registry: Registry
    deliveries: Deliveries
    queues: Queues
    secrets: Callable[[], Mapping[str, tuple[str, ...]]]
    rules: Callable[[], Rules]
    clock: Callable[[], float]
    allowances: Allowances = field(default_factory=Allowances)


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a delivery, the applications that it concerns, and its `id`, the `cause.id` of what it causes.

    `outcome` is `queued`, `duplicate`, `ignored`, `pong`, or `throttled` for one more refusal, or unproven
    delivery, than its source has left.
    """

    outcome: str
    applications: tuple[AppKey, ...] = ()
    id: str = ""


def handle_delivery(ports: DeliveryPorts, request: Request) -> Received:
    """Takes one delivery of a forge, or of a registry of images.

    Raises `ConfigurationError` (what is wrong with it), `ForbiddenError` (it isn't proven whose it is), or
    `UnreachableError` where nothing can be verified, so that the forge sends it again.
    """
    now = ports.clock()
    secrets = _secrets(ports)
    name = ""
    try:
        if names_registry(request):
            name = request.query.get("type", "")[:_LONGEST_NAME]
            delivery = read_registry(request, Trust(secrets, ports.rules, now))
        else:
            provider = recognise(request.headers)
            name = provider.name
            if provider.unsigned_ping and request.headers.get(provider.event_header) == provider.unsigned_ping:
                return Received("pong")
            delivery = read(provider, request, Trust(secrets, ports.rules, now))
    except (ConfigurationError, ForbiddenError) as error:
        if not ports.allowances.take(request.source, now):
            return Received("throttled")
        ports.deliveries.refuse(_refusal(request, name, error, now))
        raise
    if not delivery.proven and not ports.allowances.take(request.source, now):
        return Received("throttled")
    return handle_happenings(ports, delivery, source=request.source)


def handle_happenings(ports: DeliveryPorts, delivery: Delivery, *, source: str = "") -> Received:
    """Has looked at whom a verified delivery concerns, once."""
    now = ports.clock()
    if pushed := [each for each in delivery.happened if isinstance(each, ImagePushed)]:
        return _handle_images(ports, delivery, pushed, now, source)
    moved = [each for each in delivery.happened if isinstance(each, Push | PullRequest)]
    if not moved:
        outcome = "pong" if any(isinstance(each, Ping) for each in delivery.happened) else "ignored"
        ports.deliveries.note(_told(delivery, moved, outcome, now, source), {})
        return Received(outcome, id=delivery.id)
    names = {"id": delivery.id} | ({"twin": delivery.twin} if delivery.twin else {})
    if ports.deliveries.seen(delivery.provider, names):
        return Received("duplicate", id=delivery.id)
    concerned = _with_listing(ports, delivery, find_concerned(ports.applications, moved), moved)
    outcome = "queued" if concerned.applications or concerned.sets else "ignored"
    kind: Trigger = "push" if isinstance(moved[0], Push) else "pullrequest"
    send_for(ports.queues, concerned, Cause(kind, delivery.id, moved[0].by[:_LONGEST_NAME]))
    ports.deliveries.note(_told(delivery, moved, outcome, now, source, concerned), names)
    return Received(outcome, tuple(concerned.applications), delivery.id)


def _handle_images(
    ports: DeliveryPorts, delivery: Delivery, pushed: list[ImagePushed], now: float, source: str
) -> Received:
    from mooring.flows.arrivals.images import send_for_images  # with what images are called

    names = {"id": delivery.id}
    if ports.deliveries.seen(delivery.provider, names):
        return Received("duplicate", id=delivery.id)
    cause = Cause("image", delivery.id, pushed[0].by[:_LONGEST_NAME])
    users = send_for_images(ports.applications, ports.registry, ports.queues, pushed, cause)
    told = Told(
        now,
        delivery.provider,
        delivery.event,
        delivery.id,
        "queued" if users else "ignored",
        repository=pushed[0].image,
        refs=tuple(f"{each.image.rpartition('/')[2]}:{tag}" for each in pushed for tag in each.tags),
        by=pushed[0].by,
        source=source,
        applications=tuple(str(key) for key in users),
        concerned=len(users),
    )
    ports.deliveries.note(told, names)
    return Received(told.outcome, tuple(users), delivery.id)


def _secrets(ports: DeliveryPorts) -> Mapping[str, tuple[str, ...]]:
    try:
        return ports.secrets()
    except PermanentError as error:  # its words are for us, not for whoever knocks
        raise UnreachableError("what deliveries are verified with can't be read; see the log of `webhook`") from error


def _with_listing(
    ports: DeliveryPorts, delivery: Delivery, concerned: Concerned, moved: list[Push | PullRequest]
) -> Concerned:
    requests = [each for each in moved if isinstance(each, PullRequest)]
    if not requests:
        return concerned
    from mooring.flows.arrivals.requests import sets_listing  # with what generators are, which a push does without

    listing = [key for each in requests for key in sets_listing(ports.registry.sets, delivery.provider, each)]
    return Concerned(concerned.followers, concerned.touched, tuple(dict.fromkeys([*concerned.sets, *listing])))


def _told(
    delivery: Delivery,
    moved: list[Push | PullRequest],
    outcome: str,
    now: float,
    source: str,
    concerned: Concerned | None = None,
) -> Told:
    touched = () if concerned is None else concerned.touched
    # Those whose files were changed first: of very many, not all are named.
    apps = [] if concerned is None else list(dict.fromkeys([*sorted(touched), *concerned.applications]))
    return Told(
        now,
        delivery.provider,
        delivery.event,
        delivery.id,
        outcome,
        repository=next((name for each in moved for name in normalised(each.urls)), ""),
        refs=tuple(
            each.ref if isinstance(each, Push) else f"pull request {each.number} {each.action}" for each in moved
        ),
        by=moved[0].by if moved else "",
        source=source,
        applications=tuple(str(key) for key in apps),
        touched=len(touched),
        sets=() if concerned is None else concerned.sets,
        concerned=len(apps),
    )


def _refusal(request: Request, provider: str, error: MooringError, now: float) -> Told:
    return Told(now, provider, "", "", "refused", reason=str(error), source=request.source)
