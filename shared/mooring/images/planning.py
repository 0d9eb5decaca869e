"""Which images are to be updated: one plan for any number of applications, in as few requests as there can be.

A repository's tags are listed once, whoever asks for them and by whatever rule; all rules are judged by one process;
and only strategies that need more than names ask for more. What goes wrong with one image is a note about that image,
and no reason to leave the others. The plan writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from mooring.errors import MooringError, TransientError
from mooring.images.choosing import Asker
from mooring.images.deciding import Choice, Decider, Wish
from mooring.images.registries import ImageRegistries
from mooring.images.remembering import Memory
from mooring.model.application import AppKey
from mooring.model.imagenames import ImageName, ImageReference
from mooring.model.imagesettings import AppImages, TendedImage, ValuesKeys
from mooring.model.imagetargets import WriteTarget, write_target
from mooring.model.source import Source

__all__ = ["Note", "Plan", "Tended", "Update", "plan_updates"]


@dataclass(frozen=True, slots=True)
class Tended:
    """An application with what is declared about its images, what it runs, and its sources."""

    app: AppKey
    images: AppImages
    running: tuple[ImageReference, ...]
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class Update:
    """One image of one application that is to run another tag. Old fields are empty where it doesn't run yet.

    `new_digest` is set by the strategy `digest` alone: then the image is written as `name:tag@digest`.
    """

    app: AppKey
    alias: str
    image: ImageName
    old_tag: str
    old_digest: str
    new_tag: str
    new_digest: str
    why: str
    target: WriteTarget
    keys: ValuesKeys

    @property
    def new(self) -> ImageReference:
        """The image as it is to run."""
        return ImageReference(self.image, self.new_tag, self.new_digest)


@dataclass(frozen=True, slots=True)
class Note:
    """Why nothing is said about an image. `transient` may pass by itself, after `retry_after` seconds where known."""

    app: AppKey
    alias: str
    image: str
    message: str
    transient: bool = False
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Updates and notes, sorted by application and alias; how many images are right already; requests to registries."""

    updates: tuple[Update, ...]
    notes: tuple[Note, ...]
    current: int
    requests: int


@dataclass(frozen=True, slots=True)
class _Case:
    """One image of one application, with what it runs of it."""

    tended: Tended
    image: TendedImage
    running: tuple[ImageReference, ...]

    @property
    def order(self) -> tuple[AppKey, str]:
        return self.tended.app, self.image.alias

    def note(self, error: MooringError | str) -> Note:
        after = error.retry_after if isinstance(error, TransientError) else None
        return Note(
            *self.order,
            self.image.name.text,
            str(error),
            transient=isinstance(error, TransientError),
            retry_after=after,
        )


def plan_updates(
    tended: Sequence[Tended], registries: ImageRegistries, asker: Asker, memory: Memory, *, workers: int = 8
) -> Plan:
    """What is to be updated, of all these applications.

    Raises `ConfigurationError` where gokit is missing, `UnreachableError` where it fails; all else is a note.
    """
    before = registries.pacing.requests
    cases = sorted((case for each in tended for case in _cases(each)), key=lambda case: case.order)
    live = [case for case in cases if case.running or case.image.force]
    with ThreadPoolExecutor(max_workers=workers) as pool:
        decider = Decider(registries, asker, memory, pool.map)
        choices = decider.decide([Wish(case.image, frozenset(each.tag for each in case.running)) for case in live])
    updates, notes, current = [], [], 0
    notes += [case.note("is not among the images that the application runs") for case in cases if case not in live]
    for case, choice in zip(live, choices, strict=True):
        if isinstance(choice, MooringError):
            notes.append(case.note(choice))
        elif _is_current(case, choice):
            current += 1
        else:
            try:
                updates.append(_update(case, choice))
            except MooringError as error:
                notes.append(case.note(error))
    notes.sort(key=lambda note: (note.app, note.alias))
    return Plan(tuple(updates), tuple(notes), current, registries.pacing.requests - before)


def _cases(tended: Tended) -> Iterator[_Case]:
    for image in tended.images.images:
        names = [image.keys.kustomize_name] if image.keys.kustomize_name else []
        matching: tuple[ImageReference, ...] = ()
        for name in (*names, image.name):
            matching += tuple(each for each in tended.running if each.name.repository == name.repository)
        yield _Case(tended, image, matching)


def _is_current(case: _Case, choice: Choice) -> bool:
    """Whether every container that runs the image runs this tag of it already.

    A digest that stands beside the right tag counts only where digests are followed: what adds it isn't ours to remove.
    """
    if not case.running:
        return False
    for each in case.running:
        if each.name.repository != case.image.name.repository:
            return False
        if (each.digest != choice.digest) if choice.digest else (each.tag != choice.tag):
            return False
    return True


def _update(case: _Case, choice: Choice) -> Update:
    target = write_target(case.tended.app, case.tended.sources, case.tended.images.write_back)
    old = next((each for each in case.running if not _is_right(each, choice)), None)
    old = old or (case.running[0] if case.running else None)
    return Update(
        app=case.tended.app,
        alias=case.image.alias,
        image=case.image.name,
        old_tag=old.tag if old else "",
        old_digest=old.digest if old else "",
        new_tag=choice.tag,
        new_digest=choice.digest,
        why=choice.why,
        target=target,
        keys=case.image.keys,
    )


def _is_right(running: ImageReference, choice: Choice) -> bool:
    return running.digest == choice.digest if choice.digest else running.tag == choice.tag
