"""Opening SealedSecrets: `python -m bench sealed [COUNT]`, from the root of the checkout.

COUNT SealedSecrets of one value each are opened as a sync opens them, in one thread, with the key that sealed them as
the newest of two. The share that is RSA is measured alone: the same private-key operations with nothing around them,
which is the limit of a core. The size of the key is what decides, so both usual ones are measured.
"""

from __future__ import annotations

import argparse
import base64
import time
from collections.abc import Callable, Mapping, Sequence

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures both key sizes and prints a table; an exit code."""
    parser = argparse.ArgumentParser(prog="bench.sealed", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("count", type=int, nargs="?", default=1000, help="SealedSecrets")
    count = parser.parse_args(arguments).count
    print("| key | opened | CPU s | a second and core | of it RSA |")
    print("| --- | --- | --- | --- | --- |")
    for bits in (2048, 4096):
        whole, rsa = _measured(bits, count)
        print(f"| RSA {bits} | {count} | {whole:.2f} | {count / whole:.0f} | {rsa / whole:.0%} |", flush=True)
    return 0


def _none(_templates: Mapping[str, str], _values: Mapping[str, str]) -> Mapping[str, str]:
    return {}


def _measured(bits: int, count: int) -> tuple[float, float]:
    """Processor seconds for all, and for their RSA alone; the better of two."""
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

    from mooring.secrets.sealed import SealingKey
    from mooring.secrets.sealedsecret import read_sealed, seal_secret, unseal

    keys = [SealingKey(generate_private_key(65537, bits)) for _ in range(2)]
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "db", "namespace": "shop"},
        "stringData": {"password": "correct horse battery staple"},
    }
    sealed = [seal_secret(secret, keys[0].public) for _ in range(count)]
    parts = [base64.b64decode(each["spec"]["encryptedData"]["password"])[2 : 2 + bits // 8] for each in sealed]

    def whole() -> None:
        for each in sealed:
            unseal(read_sealed(each), keys, _none)

    def rsa() -> None:
        for part in parts:
            keys[0].session_key(part, b"shop/db")

    first, second = ((_seconds(whole), _seconds(rsa)) for _ in range(2))  # in turn, since neighbours come and go
    return min(first[0], second[0]), min(first[1], second[1])


def _seconds(work: Callable[[], None]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


if __name__ == "__main__":
    raise SystemExit(main())
