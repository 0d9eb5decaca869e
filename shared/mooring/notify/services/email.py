"""Email by Amazon SES: one for each recipient; those of one deployment make one thread where the reader shows threads.

Pages: Amazon SES, "SendEmail" (API v2); Argo CD's notifications, "Email" (`from`, `html`; fields `subject`, `body`;
recipients are addresses). Ours: `region`, `configurationSet`, `identityArn` of somebody else's identity, and `domains`
beyond which no recipient may lie, since whoever annotates an Application names recipients. SMTP is not spoken: a
password for it is one secret more, and the connection would outlive its use. SES knows no key that tells two requests
for one message apart.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from html import escape
from typing import Any, Final

from mooring.errors import ConfigurationError
from mooring.notify.message import Receipt, Rendered, Sending, Service, shortened
from mooring.notify.services.aws import asked

__all__ = ["SERVICE", "mail_of"]

_SUBJECT: Final = 200  # characters; beyond, readers cut
_HINT: Final = "name the identity in the stack's parameter EmailIdentityArns"


def mail_of(config: Mapping[str, Any], rendered: Rendered, sending: Sending) -> dict[str, Any]:
    """What `SendEmail` is asked. Raises `ConfigurationError` without a sender or an address."""
    own, summary = rendered.section("email"), rendered.summary
    sender = str(config.get("from") or "").strip()
    if "@" not in sender:
        raise ConfigurationError("must be the address that messages come from, verified in SES", field="from")
    if "@" not in sending.recipient:
        raise ConfigurationError("must be an address", field=f"recipient {sending.recipient!r}")
    domains = config.get("domains") or ()
    if domains and sending.recipient.rpartition("@")[2].lower() not in [str(each).lower() for each in domains]:
        raise ConfigurationError(f"is of none of the service's domains ({', '.join(map(str, domains))})",
                                 field=f"recipient {sending.recipient!r}")  # fmt: skip
    subject = " ".join(str(own.get("subject") or summary.title).split())
    text = str(own.get("body") or (rendered.message if rendered.sections else _plain(rendered)))
    parts = {"Text": _data(text)}
    if str(config.get("html", "")).lower() == "true":
        parts = {"Html": _data(text)} if rendered.sections else parts | {"Html": _data(_html(rendered))}
    thread = hashlib.sha256(f"{summary.application} {summary.group or sending.id}".encode()).hexdigest()[:32]
    simple = {
        "Subject": _data(shortened(subject, _SUBJECT)),
        "Body": parts,
        "Headers": [
            {"Name": "References", "Value": f"<{thread}@mooring>"},
            {"Name": "X-Mooring-Id", "Value": sending.id},
        ],
    }
    asked_ = {"FromEmailAddress": sender, "Destination": {"ToAddresses": [sending.recipient]}}
    more = {
        "ConfigurationSetName": config.get("configurationSet"),
        "FromEmailAddressIdentityArn": config.get("identityArn"),
    }
    return {**asked_, "Content": {"Simple": simple}, **{name: str(value) for name, value in more.items() if value}}


def _data(text: str) -> dict[str, str]:
    return {"Data": text, "Charset": "UTF-8"}


def _plain(rendered: Rendered) -> str:
    pairs = (*rendered.summary.facts, *rendered.summary.links)
    return "\n".join([rendered.message, "", *(f"{name}: {value}" for name, value in pairs)]).strip()


def _html(rendered: Rendered) -> str:
    rows = [
        f"<tr><th align=left>{escape(name)}</th><td>{escape(text)}</td></tr>" for name, text in rendered.summary.facts
    ]
    links = [f'<a href="{escape(url)}">{escape(label)}</a>' for label, url in rendered.summary.links]
    text = escape(rendered.summary.text).replace("\n", "<br>")
    head = f"<h2>{escape(rendered.summary.title)}</h2><p>{text}</p>"
    return f"{head}<table>{''.join(rows)}</table><p>{' · '.join(links)}</p>"


def _deliver(config: Mapping[str, Any], rendered: Rendered, previous: Receipt | None, sending: Sending) -> None:
    mail = mail_of(config, rendered, sending)
    client = sending.aws("sesv2", str(config.get("region") or "") or None)
    asked("SES", _HINT, lambda: client.send_email(**mail))


SERVICE: Final = Service(_deliver)
