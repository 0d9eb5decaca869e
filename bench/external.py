"""Resolving ExternalSecrets: `python -m bench.external [--secrets 500]`, from the root.

Against the emulator of AWS in a process of its own, so requests take what loopback takes; what matters of AWS itself
is how many there are. Measured are ExternalSecrets of one value each: of Secrets Manager, of Parameter Store, with a
template each (gokit answers 200 a process), and once more with all values known. Seconds are those of the clock and of
the processor (ours, and gokit's).
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import botocore.session

from local.aws import command
from local.processes import free_port, wait_for_port
from local.tools import ensure
from mooring.errors import MooringError
from mooring.model.externalparsing import parse_external_secret
from mooring.model.externalsecret import ExternalSecret
from mooring.model.externalstore import parse_store
from mooring.secrets.external.asking import Providers, Surroundings
from mooring.secrets.external.awsaccess import AwsClients
from mooring.secrets.external.resolving import resolve
from mooring.secrets.external.templating import Templates
from mooring.source.gokit import GoKit

__all__ = ["main"]

_REGION = "eu-central-1"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the benchmark and prints its table; an exit code."""
    parser = argparse.ArgumentParser(prog="bench.external", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--secrets", type=int, default=500)
    chosen = parser.parse_args(arguments)
    port = free_port()
    with subprocess.Popen(command(port), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as emulator:
        try:
            wait_for_port(port, "the emulator of AWS", timeout=30)
            _measure(chosen.secrets, f"http://127.0.0.1:{port}")
        finally:
            emulator.terminate()
    return 0


def _measure(number: int, url: str) -> None:
    requests: Counter[str] = Counter()
    session = botocore.session.get_session()

    def client(service: str, region: str, _: Mapping[str, str]) -> Any:
        made = session.create_client(
            service, region, endpoint_url=url, aws_access_key_id="bench", aws_secret_access_key="bench"
        )
        made.meta.events.register("before-call", lambda model, **_: requests.update([model.name]))
        return made

    clients = AwsClients(client, as_oneself=True)
    secrets, parameters = client("secretsmanager", _REGION, {}), client("ssm", _REGION, {})
    for index in range(number):
        secrets.create_secret(Name=f"shop/{index}", SecretString=f'{{"password": "value {index}"}}')
        parameters.put_parameter(Name=f"/shop/{index}", Value=f"value {index}", Type="SecureString")
    templates = Templates(GoKit(str(ensure(("gokit",), print)["gokit"])).ask)
    template = {"template": {"data": {"url": "postgres://shop:{{ .value }}@db"}}}
    print("| what | s | CPU s: ours | gokit | requests |\n| --- | --- | --- | --- | --- |")
    warm = Providers(clients)
    for what, service, key, more, providers in (
        ("Secrets Manager", "SecretsManager", "shop/{}", {}, warm),
        ("the same once more in one invocation", "SecretsManager", "shop/{}", {}, warm),
        ("Parameter Store", "ParameterStore", "/shop/{}", {}, Providers(clients)),
        ("Secrets Manager with templates", "SecretsManager", "shop/{}", {"target": template}, Providers(clients)),
    ):
        externals = [_external(index, key.format(index), service, more) for index in range(number)]
        requests.clear()
        wall, own, child = time.monotonic(), time.process_time(), _children()
        found = resolve(externals, _around(service), providers, templates)
        figures = (time.monotonic() - wall, time.process_time() - own, _children() - child)
        failed = [each for each in found if isinstance(each, MooringError)]
        assert not failed, failed[0]
        counted = ", ".join(f"{count} {name}" for name, count in sorted(requests.items())) or "none"
        print(f"| {number}: {what} | {' | '.join(f'{each:.2f}' for each in figures)} | {counted} |", flush=True)


def _external(index: int, key: str, service: str, more: Mapping[str, Any]) -> ExternalSecret:
    ref = {"key": key} | ({"property": "password"} if service == "SecretsManager" else {})
    return parse_external_secret(
        {
            "apiVersion": "external-secrets.io/v1",
            "kind": "ExternalSecret",
            "metadata": {"name": f"secret-{index}", "namespace": "shop"},
            "spec": {
                "secretStoreRef": {"name": "aws"},
                "data": [{"secretKey": "value", "remoteRef": ref}],
                **more,
            },
        },
        [],
    )


def _around(service: str) -> Surroundings:
    manifest = {"metadata": {"name": "aws"}, "spec": {"provider": {"aws": {"service": service, "region": _REGION}}}}
    store = parse_store(manifest, "shop", [])
    return Surroundings(
        lambda *_: store,
        _none,
        lambda *_: None,
        lambda _: "",
        lambda _: b"",
        time.time(),
        lambda *_: None,
        _none,
        "",
    )


def _none(*_: object) -> Any:
    raise AssertionError("nothing is generated here")


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    raise SystemExit(main())
