"""Values that are made: passwords, UUIDs, passwords for Amazon's registries, temporary credentials of AWS.

A password or UUID is derived from a seed (SHAKE256 of it), so that the same seed gives the same value: between two
refreshes a generated value does not change, whatever is looked at, repaired or tried again, and it is kept nowhere.
Source of the fields: external-secrets.io, "Generators", with the operator's names of the keys.
"""

from __future__ import annotations

import base64
import hashlib
import string
import uuid

from mooring.errors import PermanentError
from mooring.model.externalgenerators import (
    EcrTokenGenerator,
    Generator,
    PasswordGenerator,
    StsTokenGenerator,
    UuidGenerator,
)
from mooring.secrets.external.awsaccess import AwsClients, call

__all__ = ["generate"]

_HINT = "allow ecr:GetAuthorizationToken to the role that asks"


class _Stream:
    """Numbers out of a seed, each as likely as any other."""

    def __init__(self, seed: bytes) -> None:
        self._seed = seed
        self._block = b""
        self._number = 0

    def take(self, size: int) -> bytes:
        while len(self._block) < size:
            self._block += hashlib.shake_256(self._seed + self._number.to_bytes(8, "big")).digest(256)
            self._number += 1
        taken, self._block = self._block[:size], self._block[size:]
        return taken

    def below(self, limit: int) -> int:
        most = 2**64 - 2**64 % limit
        while (number := int.from_bytes(self.take(8), "big")) >= most:
            continue
        return number % limit

    def shuffled(self, items: list[str]) -> list[str]:
        for index in range(len(items) - 1, 0, -1):
            other = self.below(index + 1)
            items[index], items[other] = items[other], items[index]
        return items


def generate(generator: Generator, aws: AwsClients, seed: bytes) -> dict[str, bytes]:
    """The keys that a generator gives; `seed` decides those that are random. Raises `MooringError` from AWS."""
    match generator:
        case PasswordGenerator():
            return {"password": _password(generator, _Stream(seed)).encode()}
        case UuidGenerator():
            return {"uuid": str(uuid.UUID(bytes=_Stream(seed).take(16), version=4)).encode()}
        case EcrTokenGenerator():
            return _ecr(generator, aws)
        case StsTokenGenerator():
            given = aws.credentials(generator.access, generator.seconds)
            return {name.removeprefix("aws_"): value.encode() for name, value in given.items()}


def _password(generator: PasswordGenerator, stream: _Stream) -> str:
    letters = string.ascii_lowercase if generator.no_upper else string.ascii_letters
    kinds = (
        (string.digits, generator.digits),
        ("".join(dict.fromkeys(generator.symbol_characters)), generator.symbols),
        (letters, generator.length - generator.digits - generator.symbols),
    )
    chosen: list[str] = []
    for alphabet, number in kinds:
        if generator.allow_repeat:
            chosen += [alphabet[stream.below(len(alphabet))] for _ in range(number)]
        else:
            chosen += stream.shuffled(list(alphabet))[:number]
    return "".join(stream.shuffled(chosen))


def _ecr(generator: EcrTokenGenerator, aws: AwsClients) -> dict[str, bytes]:
    client = aws.client("ecr", generator.access)
    answer = call("a password of the registry", _HINT, client.get_authorization_token)
    data = answer["authorizationData"][0]
    name, _, password = base64.b64decode(data["authorizationToken"]).partition(b":")
    if not password:
        raise PermanentError("ECR gave no password; try again later")
    return {
        "username": name,
        "password": password,
        "proxy_endpoint": data["proxyEndpoint"].encode(),
        "expires_at": str(int(data["expiresAt"].timestamp())).encode(),
    }
