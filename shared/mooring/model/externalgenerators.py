"""Generators of External Secrets (generators.external-secrets.io/v1alpha1): values that are made instead of read.

Source of the fields: external-secrets.io, "Generators". Those that Mooring doesn't make are refused by name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from mooring.errors import ConfigurationError
from mooring.model.externalaws import AwsAccess, aws_access
from mooring.model.externalkinds import GENERATORS
from mooring.model.fields import Fields
from mooring.model.objects import Manifest

__all__ = [
    "EcrTokenGenerator",
    "Generator",
    "PasswordGenerator",
    "StsTokenGenerator",
    "UuidGenerator",
    "parse_generator",
]

_SYMBOLS = '~!@#$%^&*()_+`-={}|[]\\:"<>?,./'


@dataclass(frozen=True, slots=True)
class PasswordGenerator:
    """A random password: `digits` and `symbols` of its `length` characters are of that kind, the rest letters."""

    length: int
    digits: int
    symbols: int
    symbol_characters: str
    no_upper: bool
    allow_repeat: bool


@dataclass(frozen=True, slots=True)
class UuidGenerator:
    """A random UUID."""


@dataclass(frozen=True, slots=True)
class EcrTokenGenerator:
    """A password for Amazon's registries, good for twelve hours."""

    access: AwsAccess


@dataclass(frozen=True, slots=True)
class StsTokenGenerator:
    """Temporary credentials of the role that is assumed."""

    access: AwsAccess
    seconds: int


Generator: TypeAlias = PasswordGenerator | UuidGenerator | EcrTokenGenerator | StsTokenGenerator


def parse_generator(manifest: Manifest, warnings: list[str]) -> Generator:
    """Reads a generator. Raises `ConfigurationError` with the field's path."""
    kind = str(manifest.get("kind"))
    spec = Fields(manifest.get("spec") or {}, "spec", warnings)
    namespace = str(manifest["metadata"].get("namespace") or "")
    match kind:
        case "Password":
            return _password(spec)
        case "UUID":
            return UuidGenerator()
        case "ECRAuthorizationToken":
            if spec.text("scope", "private") != "private":
                raise spec.error("scope", "must be private: passwords of the public registry are not made")
            return EcrTokenGenerator(aws_access(spec, namespace))
        case "STSSessionToken":
            return _sts(spec, namespace)
    raise ConfigurationError(f"{kind} is not made by Mooring: it makes {', '.join(GENERATORS)}", field="kind")


def _sts(spec: Fields, namespace: str) -> StsTokenGenerator:
    access = aws_access(spec, namespace)
    if not access.roles:
        raise spec.error("role", "must name a role: the function has no credentials of its own to give away")
    parameters = spec.mapping("requestParameters") or Fields({}, "spec.requestParameters", spec.warnings)
    if parameters.has("serialNumber") or parameters.has("tokenCode"):
        raise parameters.error("serialNumber", "is not supported: nobody is there to read a code")
    seconds = parameters.integer("sessionDuration", 3600)
    if not 900 <= seconds <= 43200:
        raise parameters.error("sessionDuration", "must be between 900 and 43200 seconds")
    return StsTokenGenerator(access, seconds)


def _password(spec: Fields) -> PasswordGenerator:
    length = spec.integer("length", 24)
    made = PasswordGenerator(
        length,
        spec.integer("digits", length // 4),
        spec.integer("symbols", length // 4),
        spec.text("symbolCharacters") or _SYMBOLS,
        spec.boolean("noUpper", False),
        spec.boolean("allowRepeat", False),
    )
    encoding = spec.text("encoding", "raw")
    if encoding != "raw":
        raise spec.error("encoding", "must be raw; encode the password in the template")
    if not 1 <= length <= 1024:
        raise spec.error("length", "must be between 1 and 1024")
    if made.digits < 0 or made.symbols < 0 or made.digits + made.symbols > length:
        raise spec.error("length", "must not be less than digits and symbols together")
    letters = 26 if made.no_upper else 52
    kinds = (
        (made.digits, 10),
        (made.symbols, len(set(made.symbol_characters))),
        (length - made.digits - made.symbols, letters),
    )
    if not made.allow_repeat and any(wanted > there for wanted, there in kinds):
        raise spec.error("allowRepeat", "must be true for a password this long: some kind has too few characters")
    return made
