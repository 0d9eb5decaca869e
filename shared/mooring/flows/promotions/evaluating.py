"""One look at a promotion: where it stands follows from what is remembered and from git, whatever woke us.

What is to be written is put on record before it is written: whoever finds it in the targets' branch later knows that it
came from here, and watches whether it works there. Nothing is locked. Two looks at the same time write the same edits
to the same branch, and only one of them can put its status on record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from mooring.access.promotion import Promotion
from mooring.errors import ConflictError, ForbiddenError, MooringError, PermanentError, TransientError
from mooring.events.messages import Cause, Later, PromotionMessage
from mooring.flows.asked.ulid import new_ulid
from mooring.flows.promotions.allowing import permit_promotion
from mooring.flows.promotions.carrying import Carried, carry
from mooring.flows.promotions.due import situation
from mooring.flows.promotions.judging import Verdict, arrived, source_waits, unsettled
from mooring.flows.promotions.ports import BlockedError, PromotionPorts
from mooring.flows.promotions.proposing import commit, propose, withdraw
from mooring.forge.ports import Change
from mooring.metrics import tell
from mooring.metrics.names import PROMOTION
from mooring.model.application import AppKey
from mooring.model.promotionkey import PromotionKey
from mooring.state.listedpromotions import ListedPromotion
from mooring.state.promotions import Happening, Landing, Phase, PromotionRecord, PromotionStatus
from mooring.state.records import Record
from mooring.state.registry import Known
from mooring.writeback.edits import carried_out, wanted

__all__ = ["handle_promotions"]

_BUSY = 5.0  # seconds until another look, where somebody else looked at the same time
_TRANSIENT = 60.0  # seconds until another look after a trouble that may pass
_LONGEST = 1000  # characters of a message


@dataclass(slots=True)
class _Look:
    """One look, as it goes on; `record` is what is on record, `status` what will be."""

    ports: PromotionPorts
    known: Known
    listed: ListedPromotion | None
    record: PromotionRecord
    records: Mapping[AppKey, Record]
    by_person: bool
    now: float
    status: PromotionStatus
    happened: list[Happening] = field(default_factory=list)
    due: list[float] = field(default_factory=list)
    told: int = 0
    id: str = ""

    @property
    def promotion(self) -> Promotion:
        assert self.record.spec is not None
        return self.record.spec.promotion

    @property
    def targets(self) -> dict[AppKey, Record]:
        return {key: self.records[key] for key in self.promotion.targets}

    def stands(self, phase: Phase, message: str) -> None:
        since = self.status.since if self.status.phase == phase else self.now
        self.status = replace(self.status, phase=phase, message=message[:_LONGEST], since=since)

    def tell(self, what: str, message: str, url: str = "") -> None:
        self.id, self.told = self.id or new_ulid(self.now), self.told + 1  # in the order in which they are told
        status = self.status
        promotion = str(self.record.key)
        tell(PROMOTION, {"Promotions": 1}, cause=self.id, outcome=what, promotion=promotion, result=message, url=url)
        self.happened.append(
            Happening(f"{self.id}{self.told}", self.now, what, message, url, status.carried, status.origin)
        )

    def intend(self) -> None:
        """Puts on record what is about to be written; a sweep finds it if this is where we die."""
        promotions = self.ports.renders.registry.promotions
        self.record = promotions.note(self.record, self.status, self.happened)
        self.happened, self.listed = [], None

    def write(self) -> None:
        due = min((each for each in self.due if each), default=0.0)
        listed = self.listed
        self.ports.renders.registry.promotions.note(
            self.record, self.status, self.happened, due=due, seen=situation(self.records.values()), listed=listed
        )
        if due and (listed is None or listed.due != due):
            message = PromotionMessage(str(self.record.key), Cause("tick"))
            self.ports.renders.queues.send_later([(Later("renders", message), due - self.now)])


def handle_promotions(ports: PromotionPorts, messages: Iterable[PromotionMessage]) -> None:
    """Looks at the promotions that messages name. Raises where the state can't be read or written."""
    named: dict[PromotionKey, bool] = {}
    for message in messages:
        key = PromotionKey.parse(message.promotion)
        named[key] = named.get(key, False) or message.cause.kind == "person"
    registry = ports.renders.registry
    known = registry.known()
    for key, record in registry.promotions.load(named).items():
        if record.spec is None:
            continue
        promotion = record.spec.promotion
        records = ports.renders.applications.load([promotion.source, *promotion.targets])
        listed = next((each for each in known.promotions if each.key == key), None)
        now = ports.renders.clock()
        look = _Look(ports, known, listed, record, records, named[key], now, record.status)
        try:
            _consider(look)
            look.write()
        except ConflictError:
            again = Later("renders", PromotionMessage(str(key), Cause("person" if named[key] else "retry")))
            ports.renders.queues.send_later([(again, _BUSY)])


def _consider(look: _Look) -> None:
    promotion = look.promotion
    _watch_source(look)
    try:
        _watch_landing(look)
        if promotion.suspend:
            look.stands("Suspended", "spec.suspend is true")
            return
        permit_promotion(look.ports.renders.registry.projects, look.known, promotion, look.records)
        _advance(look)
    except ConflictError:
        raise
    except TransientError as error:
        look.due.append(look.now + (error.retry_after or _TRANSIENT))
        look.stands("Waiting", str(error))
    except (PermanentError, ForbiddenError) as error:
        look.stands("Blocked", str(error))


def _watch_source(look: _Look) -> None:
    """Since when the source is as it is, and well."""
    source = look.records[look.promotion.source]
    state = "" if unsettled(source) else f"{source.status.bundle}@{source.status.revision}"
    if state != look.status.well:
        look.status = replace(look.status, well=state, well_since=look.now if state else 0.0)


def _watch_landing(look: _Look) -> None:
    before = look.status.landing
    if before is None or before.outcome == "verified":
        return
    landing, due = arrived(before, _url(look), look.promotion.verify_for, look.targets, look.now)
    look.due.append(due)
    look.status = replace(look.status, landing=landing)
    if landing.outcome and landing.outcome != before.outcome:
        look.tell(landing.outcome, landing.message, landing.url)


def _url(look: _Look) -> str:
    origin = look.status.origin or {}
    return origin.get("to", "")


def _advance(look: _Look) -> None:
    """Compares what the source has with what the targets' branch has, and writes what differs when it is time."""
    promotion, records = look.promotion, look.records
    source = records[promotion.source]
    missing = next((key for key, each in records.items() if each.spec is None), None)
    if missing is not None:
        look.stands("Waiting", f"{missing} is not declared")
        return
    if not source.status.bundle or any(each.wanted is None for each in records.values()):
        look.stands("Waiting", f"{source.key} was never synced, or a target never rendered")
        return
    carried = carry(look.ports, promotion, records)
    base, is_new = _at_base(look, carried)
    _follow_request(look, carried, base, is_new)
    landing = look.status.landing
    if not is_new:
        if landing is not None and landing.identity == carried.identity:
            words: dict[str, Phase] = {"": "Verifying", "verified": "Verified", "failed": "Failed"}
            look.stands(words[landing.outcome], landing.message)
        else:
            look.stands("UpToDate", "the targets have in git what the source runs")
        return
    undone = landing is not None and landing.identity == carried.identity and not look.status.number
    if (undone or look.status.declined == carried.identity) and not look.by_person:
        look.stands(
            "Declined",
            f"{'was taken back in git' if undone else 'its pull request was closed unmerged'}; it is promoted again "
            "when the source moves on, or with `mooring promotion run`",
        )
        return
    verdict = Verdict(unsettled(source))
    if look.status.number and look.status.proposed == carried.identity:
        if verdict.waits:
            look.stands("Proposed", f"{look.status.url} waits to be merged, but {verdict.waits} now")
            return
    elif not verdict.waits:
        verdict = source_waits(look.ports, promotion, source, look.status.well_since, look.now)
    if verdict.waits:
        look.due.append(verdict.due)
        look.stands("Waiting", verdict.waits)
        return
    _write(look, carried, base, anew=undone)


def _at_base(look: _Look, carried: Carried) -> tuple[str, bool]:
    """The newest commit of the targets' branch, and whether edits would change anything there."""
    repositories = look.ports.renders.repositories
    branch = carried.branch or "HEAD"
    answer = repositories.latest(carried.url, [branch])[branch]
    if isinstance(answer, MooringError):
        raise answer
    with repositories.opened(carried.url, answer.sha, wanted(carried.edits)) as checkout:
        root = checkout.root.resolve()

        def read(path: str) -> bytes | None:
            file = checkout.root / path
            if not file.is_file():
                return None
            if not file.resolve().is_relative_to(root):
                raise BlockedError("leads out of the repository", subject=path)
            return file.read_bytes()

        return answer.sha, bool(carried_out(carried.edits, read))


def _follow_request(look: _Look, carried: Carried, base: str, is_new: bool) -> None:
    """What became of what was written: merged, turned down, or not needed any more."""
    status = look.status
    there = not is_new and status.identity == carried.identity
    landed = status.landing is not None and status.landing.identity == status.identity
    if not status.number:
        if there and not landed:
            _land(look, base, carried)  # it died before it could tell, or somebody merged the branch by hand
        return
    host = look.ports.host(carried.url)
    change = None if host is None else host.change(status.number)
    if host is None:
        raise BlockedError(f"nobody can be asked about {status.url} any more: see docs/promotion.md")
    if change is None or change.state == "closed":
        look.tell("closed", "somebody closed it unmerged", status.url)
        look.status = replace(look.status, number=0, url="", proposed="", declined=status.identity)
    elif change.state == "merged":
        if not there:  # what was merged is what was proposed, whatever we were about to write
            look.status = replace(look.status, identity=status.proposed)
        _land(look, base, carried)
    elif not is_new:
        withdraw(look.ports, look.promotion, carried, "the targets have in git what the source runs")
        look.tell("closed", "the targets have in git what the source runs", status.url)
        look.status = replace(look.status, number=0, url="", proposed="", identity="")


def _land(look: _Look, base: str, carried: Carried) -> None:
    """What was written is in the targets' branch: from now on it is watched there."""
    status = look.status
    expected = carried.expected if status.identity == carried.identity else ()
    landing = Landing(status.identity, status.carried, base, look.now, status.url, expected)
    look.tell("merged" if status.number else "committed", "is in the targets' branch", status.url)
    look.status = replace(status, number=0, url="", proposed="", declined="", landing=landing)
    _watch_landing(look)


def _write(look: _Look, carried: Carried, base: str, *, anew: bool) -> None:
    """Writes what moves; `anew` says that it was taken back in git, and that somebody wants it all the same."""
    promotion, status = look.promotion, look.status
    if status.identity != carried.identity or status.declined or anew:
        origin = {**carried.origin, "to": carried.url}
        landing = None if anew else status.landing
        look.status = replace(
            status, identity=carried.identity, carried=carried.words, origin=origin, declined="", landing=landing
        )
        look.stands("Waiting", "is being written")
        look.intend()  # before anything is written to git
    if promotion.how.kind == "commit":
        written = commit(look.ports, promotion, carried)
        look.status = replace(look.status, commit=written.sha)
        _land(look, written.sha, carried)
        landing = look.status.landing
        assert landing is not None
        look.stands("Verifying" if not landing.outcome else "Verified", landing.message)
        return
    proposed = propose(look.ports, look.known, promotion, carried, look.targets, status, base)
    change = proposed.change
    if change is None or change.state != "open":
        look.due.append(look.now + _BUSY)  # the branch or the request moved on while we looked
        look.stands("Waiting", "the targets' branch moved on meanwhile")
        return
    news = "opened" if change.number != status.number else "updated" if status.proposed != carried.identity else ""
    look.status = replace(
        look.status, url=change.url, number=change.number, commit=proposed.written.sha, proposed=carried.identity
    )
    if news:
        look.tell(news, f"{news} {change.url}", change.url)
    if news == "opened":
        _spread(look, change)
    look.stands("Proposed", f"{change.url} waits to be merged")


def _spread(look: _Look, change: Change) -> None:
    """Has people told whom the targets' subscriptions name; a second time does nothing."""
    facts = {"title": change.title, "text": "\n".join(look.status.carried), "promotion": str(look.record.key)}
    if change.url.startswith("https://"):
        facts["url"] = change.url
    for app in look.promotion.targets:
        ident = f"{look.record.key}#{change.number}"
        look.ports.happenings.tell(app, "promotion-opened", ident, facts, now=look.now)
