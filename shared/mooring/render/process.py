"""Running a rendering tool on files that somebody else wrote.

A tool gets no environment but what it needs: no credentials of the function, no PATH to find git or plugins with, a
home of its own that is thrown away, and a proxy that leads nowhere. It runs in a process group of its own, with a
time limit and a limit on what it may print. Its own words are shown when it fails, with the checkout's path taken
out. A caller may add variables, but nothing of the function's own environment ever comes along by itself.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, Final, cast

from mooring.errors import RenderError
from mooring.render.objects import MAX_TOTAL

__all__ = ["run"]

_MAX_COMPLAINT: Final = 4000


def run(
    command: Sequence[str],
    *,
    what: str,
    advice: str = "",
    checkout: Path,
    scratch: Path,
    timeout: float,
    names: Mapping[str, str] | None = None,
    folder: Path | None = None,
    variables: Mapping[str, str | None] | None = None,
    given: bytes | None = None,
    deadline: float | None = None,
) -> bytes:
    """The standard output of a tool that ended well. In errors, `what` names it (`kustomize build k8s`), `advice` says
    what to do about a failure, and `names` what to call private paths. The timeout is in seconds; `scratch` is an empty
    folder of its own. It runs in `folder` (else in scratch), with `variables` beside its own environment (None takes
    one away), and reads `given` from standard input. A `deadline` (by the monotonic clock) is that of
    several tools, which share one timeout.

    Raises `RenderError` with the tool's own words where it failed, took too long or printed too much.
    """
    environment = {
        name: value for name, value in {**_environment(scratch), **(variables or {})}.items() if value is not None
    }
    try:
        with _input(scratch, given) as stdin:
            process = subprocess.Popen(
                command,
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=folder or scratch,
                env=environment,
                start_new_session=True,
            )
    except OSError as error:
        tool = command[0].rpartition("/")[2]
        message = f"{tool} can't be started here ({error.strerror}): add it to the tools that Mooring is deployed with"
        raise RenderError(message) from error
    with process:
        try:
            output, complaint = _read(process, what, deadline or time.monotonic() + timeout, timeout)
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            raise
    if process.returncode != 0:
        words = _shown(complaint, {**(names or {}), os.fspath(checkout): ""})
        told = f"{what} failed: {words or f'exit code {process.returncode}'}"
        raise RenderError(f"{told}; {advice}" if advice else told)
    return output


def _input(scratch: Path, given: bytes | None) -> BinaryIO:
    """What a tool reads: a file without a name, so that a tool which reads nothing can't block us."""
    if given is None:
        return open(os.devnull, "rb")
    file = tempfile.TemporaryFile(dir=scratch)  # noqa: SIM115 (the caller closes it)
    file.write(given)
    file.seek(0)
    return cast(BinaryIO, file)


def _environment(scratch: Path) -> dict[str, str]:
    home = os.fspath(scratch)
    nowhere = "http://127.0.0.1:9"
    return {
        "HOME": home,
        "TMPDIR": home,
        "XDG_CONFIG_HOME": f"{home}/config",
        "XDG_CACHE_HOME": f"{home}/cache",
        "XDG_DATA_HOME": f"{home}/data",
        "HELM_CONFIG_HOME": f"{home}/config/helm",
        "HELM_CACHE_HOME": f"{home}/cache/helm",
        "HELM_DATA_HOME": f"{home}/data/helm",
        "HELM_PLUGINS": f"{home}/plugins",
        "KUSTOMIZE_PLUGIN_HOME": f"{home}/plugins",
        "KUBECONFIG": os.devnull,
        "HTTP_PROXY": nowhere,
        "HTTPS_PROXY": nowhere,
        # These tools live for a moment: collecting garbage late costs less than collecting it often.
        "GOGC": "400",
        "GOMEMLIMIT": "128MiB",
    }


def _read(process: subprocess.Popen[bytes], what: str, deadline: float, timeout: float) -> tuple[bytes, bytes]:
    assert process.stdout is not None
    assert process.stderr is not None
    output, complaint = bytearray(), bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ, output)
        selector.register(process.stderr, selectors.EVENT_READ, complaint)
        while selector.get_map():
            for key, _ in selector.select(max(deadline - time.monotonic(), 0)):
                chunk = os.read(key.fd, 1 << 16)
                if not chunk:
                    selector.unregister(key.fileobj)
                elif key.data is output or len(complaint) < 1 << 20:
                    key.data.extend(chunk)
            if len(output) > MAX_TOTAL:
                raise RenderError(f"{what} printed more than {MAX_TOTAL >> 20} MiB: split the application")
            if time.monotonic() >= deadline and selector.get_map():
                raise RenderError(_late(what, timeout))
    try:
        process.wait(max(deadline - time.monotonic(), 0))
    except subprocess.TimeoutExpired:
        raise RenderError(_late(what, timeout)) from None
    return bytes(output), bytes(complaint)


def _late(what: str, timeout: float) -> str:
    return f"{what} took longer than {timeout:g} s and was ended: make the source smaller, or raise the time limit"


def _shown(complaint: bytes, names: Mapping[str, str]) -> str:
    text = complaint.decode(errors="replace").strip().removeprefix("Error: ")
    for path, name in names.items():
        for spelled in {path, os.path.realpath(path)}:
            text = text.replace(spelled, name) if name else text.replace(f"{spelled}/", "").replace(spelled, ".")
    return text if len(text) <= _MAX_COMPLAINT else f"{text[:_MAX_COMPLAINT]} …"
