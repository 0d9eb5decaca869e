"""The page of the last deliveries: what became of each, and the operations that it caused."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from html_parts import frame, text

from mooring.flows.asked.deliveries import OUTCOMES

__all__ = ["delivery_page"]

_PATH = "/api/v1/pages/deliveries"
_CLASSES = {
    "queued": "good", "Succeeded": "good", "refused": "bad", "Failed": "bad", "Error": "bad", "Running": "wait",
}  # fmt: skip
_SIGN_OUT = '<form method="post" action="/api/v1/pages/sign-out"><button>Sign out</button></form>'


def delivery_page(answer: Mapping[str, Any], asked: Mapping[str, str], wrong: str = "") -> str:
    """The page for an answer of `list_deliveries` to what was `asked`; `wrong` says why there is none."""
    cards = "".join(f"<li>{_card(told)}</li>" for told in answer["items"])
    following = answer["metadata"].get("continue")
    older = ""
    if following:
        query = urlencode({**{name: each for name, each in asked.items() if name != "continue"}, "continue": following})
        older = f'<nav aria-label="Pages"><a rel="next" href="{_PATH}?{text(query)}">Older deliveries</a></nav>'
    told = f'<p class="bad" role="alert">{text(wrong)}</p>' if wrong else ""
    empty = "" if cards or wrong else "<p>No delivery fits. What forges tell is kept for a week.</p>"
    return frame("Deliveries", f'{_filters(asked)}{told}{empty}<ol class="cards">{cards}</ol>{older}', aside=_SIGN_OUT)


def _filters(asked: Mapping[str, str]) -> str:
    options = "".join(
        f'<option value="{each}"{" selected" if each == asked.get("outcome", "") else ""}>{each or "any"}</option>'
        for each in ("", *OUTCOMES)
    )
    return (
        f'<form method="get" action="{_PATH}" role="search">'
        f'<label>Repository<input name="repository" value="{text(asked.get("repository", ""))}"></label>'
        f'<label>Provider<input name="provider" value="{text(asked.get("provider", ""))}"></label>'
        f'<label>Outcome<select name="outcome">{options}</select></label><button>Show</button></form>'
    )


def _card(told: Mapping[str, Any]) -> str:
    what = ", ".join(told["refs"]) or told["event"]
    title = " · ".join(part for part in (told["repository"], what) if part) or "(not read)"
    facts = [told["provider"] or "unknown provider"]
    facts += [f"by {told['by']}"] if told["by"] else []
    facts += [f"from {told['source']}"] if told["source"] else []
    facts += [f"delivery {told['id']}"] if told["id"] else []
    reason = f"<p>{text(told['reason'])}</p>" if told["reason"] else ""
    caused = "".join(f"<li>{_caused(each)}</li>" for each in told["caused"])
    return (
        f"<article><header><h2>{text(title)}</h2><span>{_mark(told['outcome'])} {_time(told['at'])}</span></header>"
        f'<p class="soft">{text(", ".join(facts))}</p>{reason}{_concerned(told)}'
        f"{f'<ul>{caused}</ul>' if caused else ''}</article>"
    )


def _concerned(told: Mapping[str, Any]) -> str:
    if not told["concerned"] and not told["sets"]:
        return ""
    apps, sets = told["concerned"], len(told["sets"])
    parts = [f"{apps} application{'' if apps == 1 else 's'}"] if apps else []
    parts += [f"{sets} ApplicationSet{'' if sets == 1 else 's'} ({', '.join(told['sets'][:3])})"] if sets else []
    changed = f"; {told['touched']} of them by changed files" if told["touched"] else ""
    missing = f"; operations of {told['leftOut']} are not looked up here" if told["leftOut"] else ""
    quiet = "" if told["caused"] else "; no operation so far"
    return f"<p>Concerns {text(' and '.join(parts))}{changed}{quiet}{missing}.</p>"


def _caused(each: Mapping[str, str]) -> str:
    name = f"<code>{text(each['operation'])}</code>" if each["operation"] else ""
    ended = _time(each["finishedAt"]) if each["finishedAt"] else ""
    message = f"<br><small>{text(each['message'])}</small>" if each["message"] else ""
    return f"{_mark(each['phase'])} {text(each['kind'])} of {text(each['application'])} {ended} {name}{message}"


def _mark(word: str) -> str:
    return f'<span class="mark {_CLASSES.get(word, "soft")}">{text(word)}</span>'


def _time(moment: str) -> str:
    shown = moment.replace("T", " ").replace("Z", " UTC")
    return f'<time class="soft" datetime="{text(moment)}">{text(shown)}</time>'
