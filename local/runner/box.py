"""What a function's process may see: everything read-only, and a `/tmp` of its own.

Runs as a script of its own between the runner's fork and the function's Python, with nothing but the standard library,
and then becomes that Python (`exec`), so an instance stays one process with one id. It promises to die with the
runner, leaves the runner's mount namespace, puts a private folder on `/tmp`, and makes every other mount read-only.
Paths that the function needs and that lie under `/tmp` on this machine (a checkout, a tools cache) are put back in
their place inside the private folder.

As root a mount namespace is enough; anyone else needs a user namespace around it. Where neither is allowed the runner
is told by `--probe` and leaves namespaces out, with `TMPDIR` instead of `/tmp`: less like Lambda, but it runs.

Rule: AWS Lambda Developer Guide, "Lambda execution environment"; mount_namespaces(7), user_namespaces(7), prctl(2).
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys

__all__ = ["main"]

_PR_SET_PDEATHSIG = 1
_CLONE_NEWNS = 0x00020000
_CLONE_NEWUSER = 0x10000000
_MS_RDONLY, _MS_REMOUNT, _MS_BIND, _MS_REC, _MS_PRIVATE = 1, 32, 4096, 16384, 1 << 18
_SYS_MOUNT_SETATTR = 442  # the same number on every architecture
_AT_FDCWD = -100
_AT_RECURSIVE = 0x8000
_MOUNT_ATTR_RDONLY = 1


class _MountAttr(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_uint64) for name in ("set", "clear", "propagation", "userns"))


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")


def _mount(source: str, target: str, flags: int) -> None:
    _check(_libc().mount(source.encode(), target.encode(), None, ctypes.c_ulong(flags), None), f"mount on {target}")


def _set_attributes(path: str, *, add: int = 0, remove: int = 0, flags: int = 0) -> None:
    attributes = _MountAttr(add, remove, 0, 0)
    size = ctypes.sizeof(attributes)
    number = ctypes.c_long(_SYS_MOUNT_SETATTR)
    result = _libc().syscall(number, _AT_FDCWD, path.encode(), flags, ctypes.byref(attributes), ctypes.c_size_t(size))
    _check(result, f"mount_setattr on {path}")


def _leave(mode: str) -> None:
    """Enter a mount namespace of our own, inside a user namespace of our own unless we are root."""
    user, group = os.getuid(), os.getgid()
    _check(_libc().unshare(_CLONE_NEWNS | (_CLONE_NEWUSER if mode == "user" else 0)), "unshare")
    if mode == "user":
        # The function keeps its own user id, and with `exec` loses what a new namespace grants.
        for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)
    _mount("none", "/", _MS_REC | _MS_PRIVATE)


def _furnish(private: str, visible: list[str], code: list[str]) -> None:
    for path in visible:
        place = private + path.removeprefix("/tmp")
        os.makedirs(place, exist_ok=True)
        _mount(path, place, _MS_BIND | _MS_REC)
    _mount(private, "/tmp", _MS_BIND | _MS_REC)
    try:
        _set_attributes("/", add=_MOUNT_ATTR_RDONLY, flags=_AT_RECURSIVE)
        _set_attributes("/tmp", remove=_MOUNT_ATTR_RDONLY)
    except OSError:
        # A kernel before 5.12 has no recursive attributes: then only the code is read-only.
        for path in code:
            _mount(path, path, _MS_BIND | _MS_REC)
            _mount("none", path, _MS_BIND | _MS_REMOUNT | _MS_RDONLY)


def _probe() -> str:
    """The strongest mode that works here, tried out in a child: `root`, `user` or `none`."""
    for mode in ("root", "user"):
        if mode == "root" and os.getuid() != 0:
            continue
        child = os.fork()
        if child == 0:
            try:
                _leave(mode)
                _mount("/var", "/tmp", _MS_BIND)
            except OSError:
                os._exit(1)
            os._exit(0)
        if os.waitpid(child, 0)[1] == 0:
            return mode
    return "none"


def main(arguments: list[str]) -> int:
    """`box.py --probe` prints the mode; `box.py SETTINGS COMMAND…` becomes the command in its box."""
    if arguments == ["--probe"]:
        print(_probe())
        return 0
    settings = json.loads(arguments[0])
    if settings["mode"] != "none":
        _leave(settings["mode"])
        _furnish(settings["private"], settings["visible"], settings["code"])
    # Last, because a change of credentials takes the promise back.
    _check(_libc().prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "prctl")
    if os.getppid() != settings["parent"]:
        return 1
    os.chdir(settings["directory"])  # again: the folder that we were started in lies below the new mounts
    os.execv(arguments[1], arguments[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
