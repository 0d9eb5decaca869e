"""The function `images`: applications whose images may have got new tags are looked at, and git gets what is new.

A message says who may be concerned. Those whose tags are written to several repositories are first told apart, a
message for each repository; messages of one repository follow one another, so ninety applications that lie in one make
one commit. Nothing in a message says what to write: that is what registries, git and the declared applications say now.
A look that finds nothing new writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from mooring.errors import MooringError, TransientError
from mooring.events.messages import Cause, ImagesMessage, Later
from mooring.flows.asked.ulid import new_ulid
from mooring.flows.images.edits import version_of
from mooring.flows.images.holding import taken_back
from mooring.flows.images.news import news_of
from mooring.flows.images.ports import ImagePorts
from mooring.flows.images.showing import told_plan
from mooring.flows.images.tending import TendedApp, groups, tended_apps
from mooring.flows.images.users import updaters_of, users_of
from mooring.flows.images.writing import Result, Wanted, close_request, own_branch, write_all
from mooring.images.planning import Note, Plan, Update, plan_updates
from mooring.images.registries import ImageRegistries
from mooring.metrics import tell
from mooring.metrics.names import IMAGES_LOOKED
from mooring.model.application import AppKey
from mooring.model.imageupdater import ImageUpdater
from mooring.state.happenings import happened
from mooring.state.images import ImageRow

__all__ = ["handle_images"]

_TRANSIENT = 60.0  # seconds until another look after what may pass
_LONGEST = 500  # characters of a message that is kept


def handle_images(ports: ImagePorts, messages: Sequence[ImagesMessage]) -> None:
    """Looks at the applications that messages are about. Raises where the table can't be read or written."""
    for each in messages:
        if each.plan:
            _answer(ports, each)
    given = _merged([each for each in messages if not each.plan])
    for message in given:
        known = ports.asking.registry.known()
        updaters = updaters_of(ports.asking.registry, known)
        apps = tended_apps(ports, _concerned(ports, message, updaters), known, updaters, message.images)
        if message.repository is None:
            by_repository = groups(apps)
            if len(by_repository) > 1 or (by_repository and not message.apps):
                parts = [
                    replace(message, apps=tuple(keys) if message.apps else (), repository=name)
                    for name, keys in by_repository.items()
                ]
                ports.asking.queues.send("images", parts)
                continue
        else:
            apps = [each for each in apps if each.repository == message.repository]
        if apps:
            _look(ports, apps, message)


def _merged(messages: Iterable[ImagesMessage]) -> list[ImagesMessage]:
    """Messages about one repository as one; what a person asks for stays by itself."""
    found: dict[object, ImagesMessage] = {}
    for number, each in enumerate(messages):
        at: object = number if each.apps else ("", each.repository)
        there = found.get(at)
        if there is None:
            found[at] = each
        else:
            images = () if not there.images or not each.images else tuple(dict.fromkeys(there.images + each.images))
            found[at] = replace(there, images=images, cause=there.cause if there.cause.by else each.cause)
    return list(found.values())


def _concerned(ports: ImagePorts, message: ImagesMessage, updaters: tuple[ImageUpdater, ...]) -> list[AppKey]:
    if message.apps:
        return list(message.apps)
    return users_of(ports.asking.applications.registered(), updaters, message.images)


def _answer(ports: ImagePorts, message: ImagesMessage) -> None:
    """Keeps what would be written, for whoever wants to see it."""
    try:
        known = ports.asking.registry.known()
        updaters = updaters_of(ports.asking.registry, known)
        apps = tended_apps(ports, _concerned(ports, message, updaters), known, updaters)
        plan = _plan(ports, apps, ports.registries(ports.settings()))
        found = told_plan(apps, plan, _held(apps, plan.updates))
    except MooringError as error:
        found = {"error": str(error)}
    ports.states.put_plan(message.plan, found, ports.clock())


def _plan(ports: ImagePorts, apps: Sequence[TendedApp], registries: ImageRegistries) -> Plan:
    return plan_updates(
        [each.tended for each in apps if each.tended is not None], registries, ports.asker, ports.memory
    )


def _held(apps: Sequence[TendedApp], updates: Sequence[Update]) -> set[tuple[AppKey, str]]:
    """The images whose new tag was taken back before."""
    by_key = {each.key: each for each in apps}
    found = set()
    for each in updates:
        app = by_key[each.app]
        rendered_at = 0.0 if app.record.wanted is None else app.record.wanted.resolved_at
        if taken_back(each, app.state, rendered_at):
            found.add((each.app, each.alias))
    return found


def _look(ports: ImagePorts, apps: Sequence[TendedApp], message: ImagesMessage) -> None:
    by_person = message.cause.kind == "person"
    settings = ports.settings()
    registries = ports.registries(settings)
    plan = _plan(ports, apps, registries)
    held = set() if by_person else _held(apps, plan.updates)
    updates: dict[AppKey, list[Update]] = {}
    for each in plan.updates:
        updates.setdefault(each.app, []).append(each)
    wanted = [
        Wanted(app, tuple(mine))
        for app in apps
        if (mine := [each for each in updates.get(app.key, ()) if (each.app, each.alias) not in held])
    ]
    results = write_all(ports, settings, registries, wanted, message.cause.by) if wanted else {}
    again = False
    noted = {each.app for each in plan.notes}
    busy = [each.state.request for each in apps if each.error or each.key in updates or each.key in noted]
    requests = [each.request for each in results.values()]
    needed = {each.head for each in (*busy, *requests) if each is not None}
    for app in apps:
        notes = [each for each in plan.notes if each.app == app.key]
        result = results.get(app.key)
        if not updates.get(app.key) and not notes and app.error is None:
            result = _withdrawn(ports, app, needed, partial=bool(message.images or message.apps))
        again |= _conclude(ports, app, updates.get(app.key, []), notes, held, result, message.cause)
    if again and message.cause.kind != "retry":
        waiting = replace(message, cause=Cause("retry", message.cause.id, message.cause.by))
        ports.asking.queues.send_later([(Later("images", waiting), _TRANSIENT)])


def _withdrawn(ports: ImagePorts, app: TendedApp, needed: set[str], *, partial: bool) -> Result | None:
    """Closes the pull request of an application that needs nothing any more. A template can have many share one branch:
    it stays as long as one of the others needs it, which a look at some of them can't tell.
    """
    request = app.state.request
    if request is None or (partial and request.head != own_branch(app.key)):
        return None if request is None else Result(request=request)
    if request.head in needed:
        return Result()
    try:
        close_request(ports, app)
    except MooringError as error:
        return Result(error=error, request=request)
    return Result()


def _conclude(
    ports: ImagePorts,
    app: TendedApp,
    updates: Sequence[Update],
    notes: Sequence[Note],
    held: set[tuple[AppKey, str]],
    result: Result | None,
    cause: Cause,
) -> bool:
    """Keeps what was found, where it is news; whether another look may find more soon."""
    now = ports.clock()
    error = app.error or (None if result is None else result.error)
    if app.tended is None:
        state = replace(app.state, rows=(), error=str(app.error)[:_LONGEST])
    else:
        told, noted = {each.alias: each for each in updates}, {each.alias: each for each in notes}
        rows = []
        for image in app.tended.images.images:
            former = app.state.row(image.alias)
            row = former or ImageRow(image.alias, image.name.text)
            names = [image.name.repository]
            names += [image.keys.kustomize_name.repository] if image.keys.kustomize_name else []
            running = next((each for each in app.tended.running if each.name.repository in names), None)
            row = replace(row, image=image.name.text, current="" if running is None else running.version)
            update, note = told.get(image.alias), noted.get(image.alias)
            row = _row(row, update, note, (app.key, image.alias) in held, _aside(app), result, now)
            rows.append(row if row == former else replace(row, since=now))
        request = app.state.request if result is None else result.request
        state = replace(
            app.state,
            settings=app.settings,
            rows=tuple(rows),
            request=request,
            error=str(error)[:_LONGEST] if error else "",
        )
    if state != app.kept:
        news = news_of(app.kept, state, updates, result)
        happenings = [happened(app.key, "image-updated", new_ulid(now), news, now=now)] if news else []
        ports.states.save(app.key, state, *happenings)
        if updates:
            values = {"ImagesFound": len(updates), "ImagesWritten": 1 if news else 0}
            outcome = "written" if news else "failed" if error else "found"
            tell(
                IMAGES_LOOKED, values, cause=cause.id, outcome=outcome, trigger=cause.kind,
                application=str(app.key), error=state.error,
            )  # fmt: skip
    return any(each.transient for each in notes) or isinstance(error, TransientError)


def _aside(app: TendedApp) -> str:
    """The branch that tags are written to, where it isn't the one that the application follows; else empty."""
    target, spec = app.target, app.record.spec
    if target is None or target.method != "git" or spec is None:
        return ""
    if target.branch and target.branch != target.base:
        return target.branch
    source = spec.application.sources[target.source]
    return "" if source.chart or target.base == (source.target_revision or "HEAD") else target.base


def _row(
    row: ImageRow,
    update: Update | None,
    note: Note | None,
    held: bool,
    aside: str,
    result: Result | None,
    now: float,
) -> ImageRow:
    if note is not None:
        return replace(row, message=note.message[:_LONGEST], error=True, held=False)
    if update is None:
        reached_at = row.reached_at if row.reached == row.current else 0.0
        return replace(
            row, wanted=row.current, message="", error=False, held=False, reached=row.current, reached_at=reached_at
        )
    version = version_of(update)
    row = replace(row, wanted=version, message=update.why[:_LONGEST], error=False, held=held)
    if held:
        told = f"{version} was taken back: it is not written again; push another tag, or ask for it"
        return replace(row, message=told)
    if result is None or result.error is not None:
        return row
    if result.request is not None:
        return replace(row, message=f"{update.why}; pull request {result.request.web} ({result.request.state})")
    if aside:  # the application is not brought to it before somebody merges
        return replace(row, message=f"{update.why}; waits on the branch {aside}", commit=result.commit)
    if row.reached == version and row.commit == result.commit:
        return row
    return replace(row, reached=version, reached_at=now, commit=result.commit)
