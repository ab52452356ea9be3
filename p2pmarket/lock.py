"""One daemon a home: an advisory lock that ends with the process that holds it."""

from __future__ import annotations

import fcntl
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from p2pmarket.home import Home
from protocol.errors import LocalError


@contextmanager
def single_instance(home: Home) -> Iterator[None]:
    """Hold the home's lock. Raises LocalError ``already-running``, or OSError."""
    descriptor = os.open(home.lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = running_pid(home) or 0
            raise LocalError("already-running", path=str(home.folder), pid=pid) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        yield
    finally:
        os.close(descriptor)


def running_pid(home: Home) -> int | None:
    """Return the process id of the daemon that holds the lock, or None."""
    try:
        descriptor = os.open(home.lock_file, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        content = os.read(descriptor, 32).strip()
        return int(content) if content.isdigit() else 0
    finally:
        os.close(descriptor)
    return None


def wait_until_stopped(home: Home, seconds: float) -> bool:
    """Wait until no daemon holds the lock; False if ``seconds`` pass before.

    The kernel wakes the waiter; the timer interrupts it. For the main thread only.
    """
    with suppress(FileNotFoundError):
        descriptor = os.open(home.lock_file, os.O_RDONLY | os.O_CLOEXEC)
        before = signal.signal(signal.SIGALRM, _give_up)
        signal.setitimer(signal.ITIMER_REAL, seconds)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH)
        except TimeoutError:
            return False
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
            os.close(descriptor)
    return True


def _give_up(_signal: int, _frame: FrameType | None) -> None:
    raise TimeoutError
