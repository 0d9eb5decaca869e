"""Addresses that users may name, and that lead into the machine that asks.

A function stands beside things that answer anybody who asks from inside: its own runtime on loopback, metadata on
link-local addresses. Whoever may write a generator or a kustomization must not have them asked.
"""

from __future__ import annotations

import ipaddress
import socket
from typing import Final
from urllib.parse import urlsplit

from mooring.errors import ConfigurationError, UnreachableError

__all__ = ["outward_address", "refuse_inward"]

_METADATA: Final = ipaddress.ip_network("fd00:ec2::/32")  # AWS, "Instance metadata", over IPv6


def outward_address(host: str, port: int, *, loopback: bool = False) -> str:
    """The first address of a host, if none of them leads into this machine; `loopback` admits its own (tests).

    Raises `ConfigurationError`, and `UnreachableError` for a host without an address.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise UnreachableError(f"{host} has no address ({error.strerror}); it is tried again") from error
    for *_, place in found:
        if _is_inward(str(place[0]), loopback=loopback):
            raise ConfigurationError(f"{host} is an address inside of this machine, which is not asked")
    return str(found[0][4][0])


def refuse_inward(url: str) -> None:
    """Raises as `outward_address` for the host of an address."""
    parts = urlsplit(url)
    outward_address(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))


def _is_inward(text: str, *, loopback: bool) -> bool:
    address: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if address.is_loopback:
        return not loopback
    return address.is_link_local or address.is_unspecified or address.is_multicast or address in _METADATA
