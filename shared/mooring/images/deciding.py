"""Which tag each image should run, phase by phase, so that every question is put once for all that want its answer.

First the tags of each repository, then the rules in one process, then what only the images themselves tell: when they
were built and for which platforms, read from the registry for tags that nobody has looked at yet. A repository with
very many new tags is read in several runs, and decides nothing before it is read completely.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from mooring.errors import ConfigurationError, MooringError, PermanentError, UnreachableError
from mooring.images.choosing import Admitted, Asker, Rule, admit, rule_of
from mooring.images.registries import ImageRegistries
from mooring.images.remembering import Facts, Memory
from mooring.model.imagenames import ImageName
from mooring.model.imagesettings import Platform, PullSecret, TendedImage

__all__ = ["Choice", "Decider", "Wish"]

_MOST_NEW: Final = 1000  # images of one repository that one run opens
_NO_IMAGE: Final = Facts("", -1.0, ())  # what a tag leads to that is no image: a chart, a signature
_TRIES: Final = 3

_In = TypeVar("_In")
_Out = TypeVar("_Out")


@dataclass(frozen=True, slots=True)
class Wish:
    """An image that somebody wants kept up to date, and the tags of it that run."""

    image: TendedImage
    running: frozenset[str]


@dataclass(frozen=True, slots=True)
class Choice:
    """The tag that an image should run and why; with a digest where that is what is followed."""

    tag: str
    digest: str
    why: str


@dataclass(frozen=True, slots=True)
class _Place:
    """A repository as somebody may read it."""

    repository: str
    secret: PullSecret | None


@dataclass(frozen=True, slots=True)
class _Question:
    """What images share that have the same answer."""

    place: _Place
    rule: Rule
    platforms: tuple[Platform, ...]


class Decider:
    """Decides one batch. `side_by_side` applies a function to many things at once, in order (`Executor.map`)."""

    def __init__(
        self,
        registries: ImageRegistries,
        asker: Asker,
        memory: Memory,
        side_by_side: Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]],
    ) -> None:
        self._registries = registries
        self._asker = asker
        self._memory = memory
        self._side_by_side = side_by_side
        self._names: dict[_Place, ImageName] = {}
        self._facts: dict[str, dict[str, Facts]] = {}
        self._listed: dict[str, frozenset[str]] = {}
        self._troubles: dict[str, MooringError] = {}

    def decide(self, wishes: Sequence[Wish]) -> list[Choice | MooringError]:
        """For each wish the choice, or why there is none.

        Raises `ConfigurationError` where gokit is missing, `UnreachableError` where it fails.
        """
        questions = [self._question(each.image) for each in wishes]
        running: dict[_Question, frozenset[str]] = {}
        for question, wish in zip(questions, wishes, strict=True):
            running[question] = running.get(question, frozenset()) | wish.running
        admitted = self._admit(list(running))
        self._look(admitted)
        decided = self._each(lambda each: self._choose(each, admitted[each], running[each]), list(running))
        answers = dict(zip(running, decided, strict=True))
        return [answers[each] for each in questions]

    def _question(self, image: TendedImage) -> _Question:
        repository, _ = self._registries.locate(image.name)
        place = _Place(repository.text, image.pull_secret)
        self._names.setdefault(place, image.name)
        return _Question(place, rule_of(image), image.platforms)

    def _admit(self, questions: Sequence[_Question]) -> dict[_Question, Admitted | MooringError]:
        """What each rule admits of its repository's tags."""
        rules: dict[tuple[_Place, str], list[Rule]] = {}
        for question in questions:
            known = rules.setdefault(_list_of(question), [])
            if question.rule not in known:
                known.append(question.rule)
        lists = dict(zip(rules, self._each(self._tags, list(rules)), strict=True))
        usable = [(each, tags) for each, tags in lists.items() if not isinstance(tags, MooringError)]
        answers = admit(self._asker, [(tags, rules[each]) for each, tags in usable])
        judged: dict[tuple[tuple[_Place, str], Rule], Admitted | MooringError] = {}
        for (each, _), found in zip(usable, answers, strict=True):
            judged |= {(each, rule): one for rule, one in zip(rules[each], found, strict=True)}
        for each, tags in lists.items():
            if isinstance(tags, MooringError):
                judged |= {(each, rule): tags for rule in rules[each]}
        return {question: judged[_list_of(question), question.rule] for question in questions}

    def _tags(self, wanted: tuple[_Place, str]) -> tuple[str, ...]:
        """A repository's tags, or the one that is followed: that needs no list."""
        place, followed = wanted
        if followed:
            return (followed,)
        tags = self._registries.tags(self._names[place], place.secret)
        self._listed[place.repository] = frozenset(tags)
        return tags

    def _look(self, admitted: dict[_Question, Admitted | MooringError]) -> None:
        """Reads what is needed of images that nobody has looked at yet, all repositories side by side."""
        wanted: dict[_Place, dict[str, None]] = {}
        for question, found in admitted.items():
            if question.rule.strategy == "newest-build" and isinstance(found, Admitted) and not self._order(question):
                wanted.setdefault(question.place, {}).update(dict.fromkeys(found.tags))
        repositories = {each.repository for each in wanted}
        for repository, facts in zip(repositories, self._side_by_side(self._memory.load, repositories), strict=True):
            self._facts[repository] = facts
        missing = [
            (place, tag)
            for place, tags in wanted.items()
            for tag in [tag for tag in tags if tag not in self._facts[place.repository]][:_MOST_NEW]
        ]
        read = self._each(lambda each: self._inspect(*each), missing)
        changed = set()
        for (place, tag), facts in zip(missing, read, strict=True):
            if isinstance(facts, Facts):
                self._facts[place.repository][tag] = facts
                changed.add(place.repository)
            else:
                self._troubles.setdefault(place.repository, facts)
        list(self._side_by_side(self._save, changed))

    def _choose(self, question: _Question, found: Admitted | MooringError, running: frozenset[str]) -> Choice:
        if isinstance(found, MooringError):
            raise found
        if not found.tags:
            raise ConfigurationError(f"no tag is admitted by {_words(question.rule)}")
        match question.rule.strategy:
            case "digest":
                return self._followed(question)
            case "newest-build":
                return self._newest(question, found, running)
        for tag in found.tags:
            if not question.platforms or tag in running or self._runs_on(question, self._known(question.place, tag)):
                best = "highest" if question.rule.strategy == "semver" else "last"
                return Choice(tag, "", f"{tag} is the {best} of {found.count} that {_words(question.rule)} admits")
        raise _nowhere(question)

    def _followed(self, question: _Question) -> Choice:
        tag, name = question.rule.constraint, self._names[question.place]
        if question.platforms:
            seen = self._registries.inspect(name, tag, question.place.secret, wanted=question.platforms)
            if not all(any(each.admits(other) for other in seen.platforms) for each in question.platforms):
                raise _nowhere(question)
            digest = seen.digest
        else:
            digest = self._registries.digest(name, tag, question.place.secret)
        return Choice(tag, digest, f"{tag} leads to {digest[:19]}")

    def _newest(self, question: _Question, found: Admitted, running: frozenset[str]) -> Choice:
        order = self._order(question)
        why = f"is the newest of {found.count} that {_words(question.rule)} admits"
        if order:
            tag = found.tags[0 if order == "latest-first" else -1]
            return Choice(tag, "", f"{tag} {why}, as its registry sorts them")
        facts = self._facts[question.place.repository]
        unread = sum(tag not in facts for tag in found.tags)
        if unread and question.place.repository in self._troubles:
            raise self._troubles[question.place.repository]
        if unread:
            raise UnreachableError(f"{unread} of {found.count} tags are still to be read; narrow them by allow-tags")
        for _ in range(_TRIES):
            fitting = [tag for tag in found.tags if facts[tag].created >= 0 and self._runs_on(question, facts[tag])]
            if not fitting:
                raise _nowhere(question)
            tag = max(fitting, key=lambda each: (facts[each].created, each))
            name, secret = self._names[question.place], question.place.secret
            if tag in running or self._registries.digest(name, tag, secret) == facts[tag].digest:
                return Choice(tag, "", f"{tag} {why}")
            facts[tag] = self._inspect(question.place, tag)  # it was pushed again
            self._save(question.place.repository)
        raise UnreachableError("tags are being pushed again and again; it is tried later")

    def _order(self, question: _Question) -> str:
        _, endpoint = self._registries.locate(self._names[question.place])
        return endpoint.order if endpoint else ""

    def _known(self, place: _Place, tag: str) -> Facts:
        facts = self._facts.get(place.repository)
        if facts is None:
            facts = self._facts[place.repository] = self._memory.load(place.repository)
        if tag not in facts:
            facts[tag] = self._inspect(place, tag)
            self._save(place.repository)
        return facts[tag]

    def _save(self, repository: str) -> None:
        """Keeps what is known of the tags that there still are."""
        listed, known = self._listed.get(repository, frozenset()), list(self._facts[repository].items())
        self._memory.save(repository, {tag: facts for tag, facts in known if tag in listed})

    def _inspect(self, place: _Place, tag: str) -> Facts:
        try:
            seen = self._registries.inspect(self._names[place], tag, place.secret)
        except ConfigurationError:
            return _NO_IMAGE
        return Facts(seen.digest, seen.created, tuple(str(each) for each in seen.platforms))

    def _runs_on(self, question: _Question, facts: Facts) -> bool:
        offered = [Platform(*each.split("/")) for each in facts.platforms]
        return all(any(each.admits(other) for other in offered) for each in question.platforms)

    def _each(self, function: Callable[[_In], _Out], things: Sequence[_In]) -> list[_Out | MooringError]:
        """A function applied to many things side by side; what it raises stands in the place of its answer."""

        def tried(thing: _In) -> _Out | MooringError:
            try:
                return function(thing)
            except MooringError as error:
                return error

        return list(self._side_by_side(tried, things))


def _list_of(question: _Question) -> tuple[_Place, str]:
    """What a question's tags are: all of a repository's, or the one that it follows."""
    return question.place, question.rule.constraint if question.rule.strategy == "digest" else ""


def _words(rule: Rule) -> str:
    parts = [rule.constraint or "any version" if rule.strategy == "semver" else rule.constraint or "any tag"]
    if rule.allow:
        parts.append(f"regexp:{rule.allow}")
    if rule.ignore:
        parts.append(f"without {', '.join(rule.ignore)}")
    return " ".join(parts)


def _nowhere(question: _Question) -> PermanentError:
    platforms = ", ".join(str(each) for each in question.platforms) or "any platform"
    return ConfigurationError(f"no tag that {_words(question.rule)} admits is an image for {platforms}")
