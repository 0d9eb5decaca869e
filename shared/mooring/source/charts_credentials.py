"""Who we are to a repository of charts or an OCI registry.

The fields are those of Argo CD's repository secrets with `type: helm` or `type: oci` ("Declarative Setup", Helm and
OCI repositories): a user name with its password, a bearer token, a client certificate, the authority of the server's
certificate, or that it is not to be checked. As with git, a credential belongs to the beginning of an address and goes
to nobody else. A repository may also have a name, by which the dependencies of charts call it (`@name`), and may need
no credential at all. Nothing here prints a secret.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from mooring.errors import ConfigurationError
from mooring.model.fields import Fields
from mooring.source.charts_places import place_of

__all__ = ["ANONYMOUS", "ChartCredential", "ChartCredentials", "longest_place", "parse_chart_credential"]


@dataclass(frozen=True, slots=True)
class ChartCredential:
    """What is registered for the addresses that begin with `url`; everything else may be empty.

    `certificate` and `key` are the client's, `authority` the server's, all in PEM. `plain` says that a registry speaks
    HTTP without TLS.
    """

    url: str = ""
    name: str = ""
    username: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    certificate: str = field(default="", repr=False)
    key: str = field(default="", repr=False)
    authority: str = field(default="", repr=False)
    insecure: bool = False
    oci: bool = False
    plain: bool = False

    @property
    def authorization(self) -> str:
        """The header for plain HTTP authentication; empty where there is nothing to say."""
        if self.token:
            return f"Bearer {self.token}"
        if self.username or self.password:
            return f"Basic {base64.b64encode(f'{self.username}:{self.password}'.encode()).decode()}"
        return ""


ANONYMOUS = ChartCredential()


class ChartCredentials(Protocol):
    """Knows the repositories of charts that are registered."""

    def find(self, url: str, *, fresh: bool = False) -> ChartCredential | None:
        """What is registered for this address, or None; `fresh` asks for it as it is stored now."""
        ...

    def named(self, name: str) -> str | None:
        """The address of the repository that was registered under a name."""
        ...


def longest_place(addresses: Iterable[str], url: str) -> str | None:
    """The address, of those that something is registered for, that is the longest beginning of `url`.

    Scheme, host and port have to agree, and a beginning ends where a part of the path ends. Addresses that are none of
    a chart repository (`ssh://…`) are passed over.
    """
    wanted = place_of(url)
    best: tuple[int, str] | None = None
    for address in addresses:
        try:
            known = place_of(address, prefix=True)
        except ConfigurationError:
            continue
        if (known.scheme, known.host) != (wanted.scheme, wanted.host):
            continue
        if known.path and not f"{wanted.path}/".startswith(f"{known.path}/"):
            continue
        if best is None or len(known.path) > best[0]:
            best = (len(known.path), address)
    return best[1] if best else None


def parse_chart_credential(text: str | bytes, *, name: str) -> ChartCredential:
    """The registration in a stored JSON object with the fields of Argo CD's repository secrets.

    `name` is what users call the place, for errors. Raises `ConfigurationError`, which never quotes the stored text.
    """
    try:
        value = json.loads(text)
    except ValueError:
        raise ConfigurationError("must be a JSON object; store the credential as JSON", subject=name) from None
    warnings: list[str] = []
    try:
        fields = Fields(value, "", warnings)
        credential = _credential(fields)
        fields.close()
    except ConfigurationError as error:
        raise ConfigurationError(error.message, field=error.field, subject=name) from None
    if warnings:
        unknown = warnings[0].partition(":")[0]
        raise ConfigurationError("is not a field of a chart repository's credential", field=unknown, subject=name)
    return credential


def _credential(fields: Fields) -> ChartCredential:
    url = fields.required_text("url").strip()
    kind = fields.text("type", "helm")
    if kind not in ("helm", "oci", "git"):
        raise fields.error("type", "must be helm, oci or git")
    oci = _switch(fields, "enableOCI") or kind == "oci"
    place = place_of(url, prefix=True, field="url")
    if oci != (place.scheme == "oci"):
        wanted = "oci://host/path, or the same without oci://" if oci else "an https address"
        raise fields.error("url", f"must be {wanted}; set enableOCI for a registry and only for that")
    credential = ChartCredential(
        url=url,
        name=fields.text("name"),
        username=_line(fields, "username"),
        password=_line(fields, "password"),
        token=_line(fields, "bearerToken") or _line(fields, "token"),
        certificate=_pem(fields, "tlsClientCertData"),
        key=_pem(fields, "tlsClientCertKey"),
        authority=_pem(fields, "caData"),
        insecure=_switch(fields, "insecure"),
        oci=oci,
        plain=_switch(fields, "insecureOCIForceHttp"),
    )
    if bool(credential.certificate) != bool(credential.key):
        raise fields.error("tlsClientCertData", "goes together with tlsClientCertKey; give both or none")
    if credential.token and (credential.username or credential.password):
        raise fields.error("bearerToken", "can't be combined with username and password; give one of them")
    if place.scheme == "http" and any((credential.authorization, credential.key)):
        raise fields.error("url", "must be https where there is a credential: http would show it to everybody")
    fields.ignore("project")
    return credential


def _line(fields: Fields, name: str) -> str:
    value = fields.text(name)
    if any(ord(character) < 32 for character in value):
        raise fields.error(name, "must be one line without control characters; remove a trailing line break")
    return value


def _pem(fields: Fields, name: str) -> str:
    value = fields.text(name).strip()
    if value and (not value.startswith("-----BEGIN ") or "\n" not in value):
        raise fields.error(name, "must be in PEM, with its line breaks")
    return f"{value}\n" if value else ""


def _switch(fields: Fields, name: str) -> bool:
    """A boolean, or its text, as in Argo CD's secrets."""
    value = fields.raw(name)
    if value in (None, "", False, "false"):
        return False
    if value in (True, "true"):
        return True
    raise fields.error(name, 'must be "true" or "false"')
