# Copyright 2026 The registry-manager authors.
# SPDX-License-Identifier: Apache-2.0
"""Processes of a test: started so that none outlives it, ended by id."""

import ctypes
import os
import shutil
import signal
import subprocess
import tempfile
import time

_PR_SET_PDEATHSIG = 1
# What the tests may keep in memory; a container's /dev/shm is often 64 MiB.
_ROOM = 4 << 30
_libc = ctypes.CDLL(None, use_errno=True)


def _die_with_parent():
    # The kernel watches the thread that started the process: start processes
    # from the main thread.
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def spawn(arguments, **options):
    """A subprocess.Popen that the kernel ends when this process ends."""
    return subprocess.Popen(arguments, preexec_fn=_die_with_parent, **options)


def end(process, sig=signal.SIGTERM, grace=10):
    """Ends a process of spawn()'s; SIGKILL when `sig` was not enough."""
    if process.poll() is None:
        process.send_signal(sig)
        try:
            process.wait(grace)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()


def scratch_folder(prefix="rm-"):
    """A TemporaryDirectory in memory where there is room, with a short path.

    Unix sockets live in there, whose paths may have 107 characters; Bazel's own
    folder for tests is deeper than that.
    """
    memory = "/dev/shm"
    roomy = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > _ROOM
    return tempfile.TemporaryDirectory(
        prefix=prefix, dir=memory if roomy else "/tmp", ignore_cleanup_errors=True
    )


def wait_until(condition, timeout=30, what="a condition"):
    """The first true value of condition(); TimeoutError names `what`."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not come about in {timeout} s")
        time.sleep(0.01)


class ProcessId:
    """A process by its id and its start: never another that got the same id."""

    def __init__(self, pid):
        self.pid = pid
        self._start = _stat(pid)[1]

    def alive(self):
        stat = _stat(self.pid)
        return stat is not None and stat[1] == self._start and stat[2] != "Z"

    def name(self):
        try:
            with open(f"/proc/{self.pid}/comm", encoding="utf-8") as comm:
                return comm.read().strip()
        except OSError:
            return ""

    def kill(self, sig=signal.SIGKILL):
        if self.alive():
            os.kill(self.pid, sig)

    def __repr__(self):
        return f"{self.pid} ({self.name() or 'gone'})"


def _stat(pid):
    """(parent, start time, state) of a process; None where it is gone."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
            fields = stat.read().rpartition(")")[2].split()
    except OSError:
        return None
    return int(fields[1]), fields[19], fields[0]


def descendants(pid):
    """Every process below `pid`, as ProcessId."""
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            stat = _stat(int(entry))
            if stat is not None:
                parents[int(entry)] = stat[0]
    found = {pid}
    result = []
    growing = True
    while growing:
        growing = False
        for child, parent in parents.items():
            if parent in found and child not in found:
                found.add(child)
                growing = True
                try:
                    result.append(ProcessId(child))
                except TypeError:
                    pass  # It ended while we looked.
    return result


# A sanitizer takes memory of its own: limits say nothing then.
MEMORY_IS_OURS = "ASAN_OPTIONS" not in os.environ and "TSAN_OPTIONS" not in os.environ


def peak_memory(pid):
    """The most memory that a process has had, in bytes; 0 where it is gone."""
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8") as status:
            for line in status:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) << 10
    except OSError:
        pass
    return 0
