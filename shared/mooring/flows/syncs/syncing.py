"""One application, one look: decide whether something is to be done, do it under the lease, write down what came of it.

The decision is made from what is remembered (and, where somebody looked at the cluster, from what was seen), never from
the message that brought us here. Nothing is written unless something changed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from functools import cache, partial

from mooring.differences.rules import Rules
from mooring.errors import ConflictError, PermanentError, RejectedError
from mooring.events.messages import Cause
from mooring.flows.asked.asking import is_chosen, narrowed, read_selectors
from mooring.flows.clusters.live import Live
from mooring.flows.clusters.merging import WithMerges
from mooring.flows.clusters.nowhere import refuse_others
from mooring.flows.rules.permitting import (
    NotPermittedError,
    acting_for,
    permit_application,
    permit_namespace,
    permit_plan,
    why_closed,
)
from mooring.flows.rules.selfhealing import heals
from mooring.flows.secrets.opening import Context, open_bundle
from mooring.flows.syncs.adopting import still_wants, with_left
from mooring.flows.syncs.beginning import begin_operation, begins, continued
from mooring.flows.syncs.comparing import compare
from mooring.flows.syncs.due import is_due
from mooring.flows.syncs.fighting import calm_down, come_back, held_back
from mooring.flows.syncs.guarding import confirm
from mooring.flows.syncs.healing import UNHEALABLE, as_applied, plan_healing
from mooring.flows.syncs.judging import Findings, judge, rejudge, with_drift
from mooring.flows.syncs.looking import Seen, look
from mooring.flows.syncs.namespaces import label_namespace, look_at_namespace
from mooring.flows.syncs.noting import CLOSED, CLUSTER_TROUBLE, answer_request, as_before, hold, lost, note, refuse
from mooring.flows.syncs.operating import Task, operate
from mooring.flows.syncs.orphans import note_orphans
from mooring.flows.syncs.ports import SyncPorts
from mooring.flows.syncs.preparing import Prepared, prepare
from mooring.flows.syncs.rehearsing import rehearse
from mooring.flows.syncs.steered import as_asked, by_hand, end_paused
from mooring.flows.syncs.terminating import end_terminated
from mooring.flows.syncs.trying import begun_again, is_early, once_of
from mooring.flows.syncs.witnessing import witness
from mooring.model.application import Automated
from mooring.model.objects import ObjectKey
from mooring.model.once import laid_over
from mooring.model.options import SKIP
from mooring.model.tracking import Owner
from mooring.plan.inventory import Inventory
from mooring.plan.steps import Wanted, plan_sync
from mooring.state.clusters import ALONE
from mooring.state.operations import Operation, Request
from mooring.state.records import Record
from mooring.state.statuses import Status

__all__ = ["consider"]

_INVALID = "InvalidSpecError"
_REPEATED = "RepeatedResourceWarning"
_SKIPPED = "ReconcileSkipped"
_SKIPPING = f"nothing is done or looked at, because the annotation {SKIP} of the Application is set"


def consider(ports: SyncPorts, record: Record, cause: Cause, seen: Seen | None = None) -> Status | None:
    """Does what one application needs now, and returns its status afterwards (None where there is nothing to say).

    `seen` is what a look at the cluster has just found. Raises `ConflictError` where another sync of this application
    is at work, and other errors of `mooring.errors` where the state can't be read or written.
    """
    now = ports.clock()
    spec = record.spec
    if spec is None or spec.deleting is not None:
        return None
    if record.lease.expires > now:
        raise ConflictError("another sync of this application is at work", subject=str(record.key))
    running = record.status.operation
    if running is not None and running.phase == "Terminating":
        return end_terminated(ports, record)
    if running is not None and running.phase == "Running" and _can_wait(record.request, running):
        record = replace(record, request=None)  # it stays in the table, and its turn comes
    record = as_asked(ports, record, cause)
    git = record.wanted
    if record.request and git is not None and git.failure is not None:
        return answer_request(ports, record, record.status, git.failure.message, git.failure.revision)
    if git is None or not git.bundle:
        return None
    policy, spec = spec.application.automated, by_hand(spec)
    record = replace(record, spec=spec)
    spec = replace(spec, application=laid_over(spec.application, once_of(record)))
    record, application = replace(record, spec=spec), spec.application
    if application.marks.skip:
        return note(ports, record, record.status.because(_SKIPPED, _SKIPPING, now))
    if (ended := end_paused(ports, record)) is not None:
        return ended
    if is_early(record, now):
        return record.status
    record = begun_again(record)
    try:
        cluster = ports.targets.cluster(application.destination)
        project = ports.targets.project(application.project)
        permit_application(project, application, cluster)
        acting = acting_for(project, application, cluster) if ports.targets.settings.impersonation else ""
        place = ports.targets.connect(cluster).acting_as(acting)
        target = WithMerges(place, record.key)
        if cluster == ALONE and (record.status.bundle, record.status.generation) != (git.bundle, spec.generation):
            refuse_others(ports.bundles.load(git.bundle), target)
    except PermanentError as error:
        nowhere = lost(record.status, _INVALID, str(error), now)
        if record.request:
            return answer_request(ports, record, nowhere, str(error), git.revision)
        return note(ports, record, nowhere)
    inventory = record.inventory
    if record.status.cluster not in ("", cluster.name):
        # The objects in the other cluster stay, as they do in Argo CD; here everything begins anew.
        inventory, seen = {}, Seen()
    elif record.request and (seen is None or seen.only is not None):
        seen = look(target, [record])[record.key]

    @cache
    def prepared_from(name: str) -> Prepared:
        bundle = ports.bundles.load(name)
        context = Context(application, project, place, bundle, now)
        opened = open_bundle(ports.openers, context)
        if ports.pushes is not None and name == git.bundle:
            opened = ports.pushes.added(opened, context, record.status.pushed)
        digest_of = ports.bundles.digests.of
        return prepare(opened.manifests, application, target, digest_of, opened.origins, opened.sources)

    def prepared() -> Prepared:
        return prepared_from(git.bundle)

    def objects_of(name: str) -> tuple[Wanted, ...]:
        return prepared_from(name).objects

    def former(keys: Collection[ObjectKey]) -> Iterable[Wanted]:
        """Objects as they were applied, where git wants something else by now."""
        return [item for _, item in as_applied(ports, record, keys, objects_of).values()]

    findings = Findings()
    rules = Rules((*application.ignore_differences, *ports.targets.settings.rules), ports.expressions)
    if seen is not None:
        inventory, findings = compare(
            target, inventory, seen, lambda: prepared().objects, rules, ports.pool,
            former=former, hide=ports.bundles.digests.shown,
        )  # fmt: skip
        findings.orphans = seen.orphans
        gone = seen.elsewhere and seen.elsewhere - {item.key for item in prepared().objects}
        if gone:  # git moved them to another application, which has them now
            inventory = {key: entry for key, entry in inventory.items() if key not in gone}
            findings.let_go(gone)
        if record.status.generation == spec.generation:
            look_at_namespace(target, application, inventory, findings)
    left = dict(record.status.shared)
    if left and (seen is not None or record.request):
        # Only an application that shares objects asks whether it still does.
        left = {key: owner for key, owner in left.items() if still_wants(ports.applications, cluster.name, owner, key)}
    held = held_back(record.status.fights, now)
    healing = spec.paused is None and heals(application, project)
    if seen is not None:
        witness(ports, record, cluster.name, inventory, findings, cause, held, heals=healing)
    if healing:
        come_back(ports, record, cluster.name, findings.drift, now)
    released = len(left) < len(record.status.shared)
    drifted = bool(findings.drift.keys() - held)
    reopens = cause.kind == "secret"
    due = is_due(record, inventory, now, drifted=drifted, released=released, reopens=reopens, healing=healing)
    if not due:
        if seen is None:
            return record.status
        status = rejudge(record.status, findings).because(CLUSTER_TROUBLE, "", now).because(_INVALID, "", now)
        if findings.looked:
            status = calm_down(status, findings.drift, now)
            status = status if findings.drift else status.because(UNHEALABLE, "", now)
        status = note_orphans(status, findings.orphans, now)
        return note(ports, record, status, inventory)
    return _sync(
        ports, record, inventory, cause, target, prepared, objects_of, findings, rules, left, policy, healing=healing
    )


def _can_wait(request: Request | None, running: Operation) -> bool:
    """Whether a request lets the operation that runs come to its end: less than a sync never replaces a sync."""
    return request is not None and request.limited and request.id != running.id


def _sync(
    ports: SyncPorts,
    record: Record,
    inventory: Inventory,
    cause: Cause,
    target: Live,
    prepared: Callable[[], Prepared],
    objects_of: Callable[[str], Iterable[Wanted]],
    findings: Findings,
    rules: Rules,
    left: Mapping[ObjectKey, Owner],
    policy: Automated | None,
    *,
    healing: bool,
) -> Status:
    spec, git = record.spec, record.wanted
    assert spec is not None and git is not None
    project = ports.targets.project(spec.application.project)
    automated, request = spec.application.automated, record.request
    putting_back = request is not None or healing
    prune = request.prune if request and request.prune is not None else bool(policy and policy.prune)
    base = replace(
        with_drift(record.status, findings.drift),  # should this function die, it stays known
        bundle=git.bundle,
        revision=git.revision,
        generation=spec.generation,
        cluster=target.cluster.name,
    )
    if request and request.limited and policy:
        base = as_before(base, record.status)  # the policy has yet to sync this revision as a whole
    base = base.because(CLUSTER_TROUBLE, "", ports.clock()).because(_INVALID, "", ports.clock())
    base = base.because(UNHEALABLE, "", ports.clock())
    base = note_orphans(base.because(_SKIPPED, "", ports.clock()), findings.orphans, ports.clock())
    running, once = continued(record), once_of(record)
    held = frozenset() if request else held_back(record.status.fights, ports.clock())
    try:
        selectors = read_selectors(request.resources if request else ())
    except PermanentError as error:
        return answer_request(ports, record, record.status, str(error), git.revision)
    if request or (git.bundle, spec.generation) != (record.status.bundle, record.status.generation):
        left = {}  # whoever asks, and every new commit, finds out anew
    try:
        bundle = prepared()
        base = base.because(_REPEATED, bundle.repeated, ports.clock())
        sources = bundle.sources
        if not prune:
            sources = replace(sources, errands=tuple(each for each in sources.errands if each.prunes is None))
        base = sources.told(base, ports.clock())
        plan = partial(
            plan_sync,
            [item for item in bundle.objects if item.key not in left and item.key not in sources.held],
            {key: entry for key, entry in inventory.items() if key not in sources.held},
            drifted=findings.drift.keys() - held - sources.held if putting_back else (),
            prune=prune,
            allow_empty=bool(policy and policy.allow_empty),
            prune_last=spec.application.options.objects.prune_last or once.prune_last,
        )
        first = plan()
        if bundle.hooks and once.hooks and not selectors and (request or begins(first, running, record)):
            first = plan(hooks=bundle.hooks)
    except PermanentError as error:
        return refuse(ports, record, base, cause, str(error))
    relabels = putting_back and findings.namespace in findings.drift.keys() - held
    begun: Operation | None = None
    if automated is None and request is None and not (spec.paused is not None and running):
        if healing and (running is None or running.kind == "heal"):
            back = plan_healing(
                ports, record, inventory, cause, findings.drift.keys() - held - sources.held, bundle.objects, objects_of
            )
            base = base.because(UNHEALABLE, back.unknown, ports.clock())
            first, begun, sources = back.plan, back.operation, replace(sources, errands=())
        if begun is None or not (first.steps or running or relabels):
            gone = inventory.keys() - {item.key for item in bundle.objects} - sources.held
            shown = with_left(inventory, dict(record.status.shared))
            judged = judge(bundle.objects, shown, base, findings, kept=gone, sources=sources)
            if spec.paused is not None and policy and judged.sync != "Synced":
                judged = as_before(judged, record.status)  # so that it is made up for when it goes on
            return note(ports, record, judged, inventory)
    if not (first.steps or sources.errands or request or running or relabels):
        if record.status.generation != spec.generation:
            permit = partial(permit_namespace, project, spec.application, target.cluster)
            try:
                label_namespace(target, spec.application, permit)
            except (NotPermittedError, RejectedError) as error:
                return refuse(ports, record, as_before(base, record.status), cause, str(error))
        base = confirm(base.because(CLOSED, "", ports.clock()), (), ports.clock())
        status = judge(bundle.objects, with_left(inventory, left), base, findings, kept=first.kept, sources=sources)
        return note(ports, record, status, inventory)
    first = narrowed(first, selectors)
    concerned = {*inventory, *(item.key for item in bundle.objects), *(each.source for each in sources.errands)}
    if request is not None and selectors and not any(is_chosen(key, selectors) for key in concerned):
        message = f"resources: the application has no object that {', '.join(request.resources)} fits"
        return answer_request(ports, record, record.status, message, git.revision)
    try:
        permit_plan(project, spec.application, target.cluster, first)
    except NotPermittedError as error:  # tried again with every look, since the project may change meanwhile
        return refuse(ports, record, as_before(base, record.status), cause, str(error))
    if request is not None and request.dry_run:
        operation = begin_operation(ports, record, cause, first, prune=prune)
        return rehearse(ports, record, target, first, operation, rules)
    started = None if running is None else running.started_at
    manual = request is not None
    closed = why_closed(project, spec.application, target.cluster, ports.clock(), manual=manual, started=started)
    if closed and running:
        return hold(ports, record, running, closed)
    if closed and request is not None:
        return answer_request(ports, record, record.status, closed, git.revision)
    if closed:
        status = as_before(base, record.status).because(CLOSED, closed, ports.clock())
        shown = with_left(inventory, left)
        judged = judge(bundle.objects, shown, status, findings, kept=first.kept, sources=sources)
        return note(ports, record, judged, inventory)
    base = base.because(CLOSED, "", ports.clock())
    return operate(
        Task(
            ports, record, inventory, base, cause, target, bundle.objects, first, findings, rules, selectors, left,
            sources, begun,
        )
    )  # fmt: skip
