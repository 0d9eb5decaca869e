"""No child outlives its parent, however the parent ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from local.processes import (
    Processes,
    StartError,
    free_port,
    wait_for_http,
    wait_for_port,
    wait_until,
)

PARENT = """
import sys, time
from pathlib import Path
from local.processes import Processes
child = Processes(Path(sys.argv[1])).start("sleep", ["sleep", "300"])
print(child.pid, flush=True)
time.sleep(300)
"""


def gone(pid: int) -> bool:
    """Whether no process has this id (or only its unread exit code is left)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_children_die_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    """A parent that gets SIGKILL cleans nothing up, and still nothing of it stays."""
    # GIVEN
    with subprocess.Popen([sys.executable, "-c", PARENT, tmp_path], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        wait_until(
            lambda: Path(f"/proc/{child}/comm").read_text() == "sleep\n",
            "sleep",
            timeout=10,
        )
        # WHEN
        parent.kill()
    # THEN
    wait_until(lambda: gone(child), "the child's end", timeout=10)


def test_children_outlive_the_thread_that_asked_for_them(tmp_path: Path) -> None:
    """The kernel's promise is tied to a thread, and that thread is not the caller's."""
    # GIVEN
    with Processes(tmp_path) as processes:
        thread = threading.Thread(target=processes.start, args=("sleep", ["sleep", "300"]))
        # WHEN
        thread.start()
        thread.join()
        time.sleep(0.2)
        # THEN
        assert [True] == [process.alive() for process in processes]


def test_stopping_ends_grandchildren_and_the_deaf(tmp_path: Path) -> None:
    """Who ignores SIGTERM gets SIGKILL, and so does what it started."""
    # GIVEN a shell that ignores SIGTERM and has a child
    processes = Processes(tmp_path)
    shell = processes.start("deaf", ["sh", "-c", "trap '' TERM; sleep 300 & echo $!; wait; sleep 300"])
    wait_until(lambda: shell.log.read_text().strip().isdigit(), "the shell", timeout=10)
    grandchild = int(shell.log.read_text())
    # WHEN
    processes.stop(grace=0.2)
    # THEN
    assert -signal.SIGKILL == shell.popen.returncode
    wait_until(lambda: gone(grandchild), "the grandchild's end", timeout=10)
    assert {} == processes.pids


def test_a_process_that_ends_too_early_shows_its_log(tmp_path: Path) -> None:
    """Waiting stops at once when there is nothing left to wait for, and says what the process said last."""
    # GIVEN
    with Processes(tmp_path) as processes:
        broken = processes.start("broken", ["sh", "-c", "echo no such flag; exit 3"])
        # WHEN THEN
        with pytest.raises(
            StartError,
            match=r"broken ended with 3; its log .*/broken.log ends:\nno such flag",
        ):
            wait_for_port(free_port(), "a server", timeout=30, watch=[broken])


def test_waiting_ends_in_time() -> None:
    """What never becomes ready is named in the error."""
    # GIVEN WHEN THEN
    with pytest.raises(StartError, match=r"nobody is not ready after 0.1 s"):
        wait_for_http(f"http://127.0.0.1:{free_port()}/", "nobody", timeout=0.1)


def test_a_free_port_can_be_bound() -> None:
    """Ports come from below the range that outgoing connections use."""
    # GIVEN WHEN
    port = free_port()
    # THEN
    assert port < int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    with socket.socket() as server:
        server.bind(("127.0.0.1", port))


def test_environment_and_folder_are_the_callers(tmp_path: Path) -> None:
    """A child sees the environment that it is given, not ours."""
    # GIVEN
    with Processes(tmp_path) as processes:
        # WHEN
        child = processes.start(
            "env",
            ["sh", "-c", "echo $ANSWER $HOME; pwd"],
            env={"ANSWER": "42"},
            cwd=Path("/"),
        )
        assert 0 == child.popen.wait(10)
    # THEN
    assert "42\n/\n" == child.log.read_text()
    assert os.environ.get("ANSWER") is None
