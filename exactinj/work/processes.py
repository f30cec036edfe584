"""Child processes: started, listened to, and never left behind.

A `Child` sends messages to this process through a pipe and ends with it, whatever ends it: on Linux the system kills
the child with its parent (``PR_SET_PDEATHSIG``), elsewhere a thread of the child looks whether its parent is there.

There are two ways to start one. `forked` runs a function in a copy of this process, which costs nothing and takes
anything along, but only POSIX has it, and only a process without threads should do it. `started` runs a function in a
fresh interpreter; it never imports the user's main module, so that scripts need no ``if __name__ == "__main__"``.
"""

from __future__ import annotations

import io
import os
import pickle
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO, NoReturn, Protocol

__all__ = [
    "CAN_FORK",
    "FEWEST_SIDE_BY_SIDE",
    "Child",
    "Ended",
    "Send",
    "StartedChild",
    "available_processors",
    "end_with_parent",
    "forked",
    "processes_for",
    "sender",
    "signal_tree",
    "started",
    "watch_parent",
]

CAN_FORK = hasattr(os, "fork")
FEWEST_SIDE_BY_SIDE = 2  # engines, also on one processor: they may differ by more than a factor of two
LENGTH = struct.Struct(">Q")  # before every message
SET_PARENT_DEATH_SIGNAL = 1  # of prctl
LOOK = 0.5  # seconds between two looks at the parent, where the system does not tell
POLL = 0.005
Send = Callable[[object], None]


@dataclass(frozen=True)
class Ended:
    """The last message from every child: its exit status, ``-n`` if signal n ended it."""

    status: int


class _Process(Protocol):
    @property
    def pid(self) -> int: ...
    def poll(self) -> int | None: ...


class Child:
    """A running process that sends messages; `inbox` may be shared, entries are pairs (child, message)."""

    def __init__(self, process: _Process, pipe: IO[bytes], inbox: SimpleQueue[tuple[Child, object]] | None) -> None:
        self._process = process
        self._lock = threading.Lock()  # between reaping and signalling: a number must not be used after its process
        self._status: int | None = None
        self.inbox: SimpleQueue[tuple[Child, object]] = SimpleQueue() if inbox is None else inbox
        self._reader = threading.Thread(target=self._read, args=(pipe,), daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """Its number; also that of its group if it has one of its own."""
        return self._process.pid

    def next_message(self, timeout: float | None = None) -> object | None:
        """What it sends next, `Ended` at its end, or None if nothing came in so many seconds."""
        try:
            return self.inbox.get(timeout=None if timeout is None else max(timeout, 0.0))[1]
        except Empty:
            return None

    def signal(self, number: int) -> None:
        """Send a signal to this process alone, if it is still there."""
        with self._lock, suppress(OSError):
            if self._status is None:
                os.kill(self.pid, number)

    def signal_all(self, number: int) -> None:
        """Send a signal to it and to all processes that it started."""
        with self._lock:
            if self._status is None:
                signal_tree(self.pid, number)

    def kill(self) -> None:
        """End it and all processes that it started, now; what it had sent by then can still be read."""
        self.signal_all(getattr(signal, "SIGKILL", signal.SIGTERM))
        self._reader.join()

    def _read(self, pipe: IO[bytes]) -> None:
        with pipe:
            for message in _messages(pipe):
                self.inbox.put((self, message))
        while self._status is None:
            with self._lock:
                self._status = self._process.poll()
            if self._status is None:
                time.sleep(POLL)
        self.inbox.put((self, Ended(self._status)))


def _messages(pipe: IO[bytes]) -> Iterator[object]:
    """Whole messages; one that a killed process only began is dropped."""
    while len(head := pipe.read(LENGTH.size)) == LENGTH.size:
        (length,) = LENGTH.unpack(head)
        if len(data := pipe.read(length)) < length:
            return
        try:
            yield pickle.loads(data)  # noqa: S301 - written by a child of this process
        except Exception as error:  # noqa: BLE001 - a class that is not there; who listens is told
            yield error


def sender(descriptor: int) -> Send:
    """A function that sends messages into a pipe; a parent that has gone is no error."""

    def send(message: object) -> None:
        data = pickle.dumps(message)
        rest = memoryview(LENGTH.pack(len(data)) + data)
        with suppress(BrokenPipeError):
            while rest:
                rest = rest[os.write(descriptor, rest) :]

    return send


# ------------------------------------------------------------------ a copy of this process


@dataclass(frozen=True)
class _Forked:
    pid: int

    def poll(self) -> int | None:
        ended, status = os.waitpid(self.pid, os.WNOHANG)
        return os.waitstatus_to_exitcode(status) if ended else None


def forked(work: Callable[[Send], int], *, reads_terminal: bool = False) -> Child:
    """Run ``work(send)`` in a copy of this process; it gives the exit status.

    The copy leads a process group of its own, unless it reads from a terminal, which only one group may do.
    """
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):  # closed, full or missing: not what this is about
            stream.flush()
    reading, writing = os.pipe()
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        if not reads_terminal:
            os.setpgid(0, 0)
        os.close(reading)
        end_with_parent(parent)
        _run_forked(work, writing)
    if not reads_terminal:
        with suppress(OSError):  # whoever of the two comes first makes the group
            os.setpgid(pid, pid)
    os.close(writing)
    return Child(_Forked(pid), os.fdopen(reading, "rb"), None)


def _run_forked(work: Callable[[Send], int], writing: int) -> NoReturn:
    status = 1
    try:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGTSTP):
            if callable(signal.getsignal(number)):
                signal.signal(number, signal.SIG_DFL)  # the parent's handlers are about its children
        status = work(sender(writing))
    except BaseException:  # noqa: BLE001 - the copy must end here, with the traceback of a bug on stderr
        with suppress(BaseException):
            sys.excepthook(*sys.exc_info())
    finally:
        with suppress(BaseException):
            sys.stderr.flush()
        os._exit(status)


# ------------------------------------------------------------------ a fresh interpreter


class StartedChild(Child):
    """A child in a fresh interpreter, which may also be sent messages."""

    def __init__(
        self, process: subprocess.Popen[bytes], pipe: IO[bytes], inbox: SimpleQueue[tuple[Child, object]] | None
    ) -> None:
        self._popen = process
        super().__init__(process, pipe, inbox)

    def send(self, message: object) -> None:
        """Hand it something more to work on."""
        self.write(pickle.dumps(message))

    def write(self, data: bytes) -> None:
        """Pickled messages for it; no error if it has just ended, which `Ended` will say."""
        if self._popen.stdin is not None:
            with suppress(BrokenPipeError, ValueError):
                self._popen.stdin.write(data)
                self._popen.stdin.flush()

    def kill(self) -> None:
        super().kill()
        if self._popen.stdin is not None:
            with suppress(BrokenPipeError):
                self._popen.stdin.close()


def started(
    function: Callable[..., None],
    *arguments: object,
    inbox: SimpleQueue[tuple[Child, object]] | None = None,
    scratch: Path | None = None,
    environment: Mapping[str, str] | None = None,
    log: IO[bytes] | None = None,
) -> StartedChild:
    """Run ``function(requests, send, *arguments)`` in a fresh interpreter; `requests` yields what it is sent later.

    Its standard output goes where its standard error goes, to `log` if there is one. It does not see Ctrl-C.
    With a folder `scratch` it works in there, and leads a process group; both end with it if this process dies. What
    cannot be pickled raises what `pickle` raises; what cannot be unpickled there, or raises, is sent back as an
    exception.
    """
    job = pickle.dumps((function, arguments))
    path = [str(Path.cwd() / entry) for entry in sys.path]
    start = pickle.dumps((path, None if scratch is None else str(scratch.absolute())))
    with _interrupts_ignored():
        process = subprocess.Popen(  # noqa: S603 - this interpreter and a file of this package
            [sys.executable, "-P", "-W", "ignore", str(Path(__file__).with_name("worker.py").absolute())],
            cwd=scratch,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            process_group=0 if scratch is not None and CAN_FORK else None,
        )
    child = StartedChild(process, process.stdout or io.BytesIO(), inbox)
    child.write(start + job)
    return child


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """Start processes that never see Ctrl-C: they are killed instead, and stay silent."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


# ------------------------------------------------------------------ ends


def end_with_parent(parent: int) -> None:
    """End this process as soon as the one with this number ends, which must have started it from a lasting thread."""
    if not _asked_the_system():
        watch_parent(parent)
    elif os.getppid() != parent:  # it ended before the system was asked
        os._exit(1)


def _asked_the_system() -> bool:
    if sys.platform != "linux":
        return False
    import ctypes

    try:
        return int(ctypes.CDLL(None).prctl(SET_PARENT_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)) == 0
    except (OSError, AttributeError):
        return False


def watch_parent(parent: int) -> None:
    """The same with a thread that looks now and then: wherever threads come and go in the parent."""
    if not hasattr(os, "getppid"):
        return

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(LOOK)
        os._exit(1)

    threading.Thread(target=look, daemon=True).start()


def signal_tree(pid: int, number: int) -> None:
    """Send a signal to a process, its group if it leads one, and all its descendants as far as they can be found."""
    descendants = _descendants(pid)
    if hasattr(os, "killpg"):
        with suppress(OSError):
            if os.getpgid(pid) == pid:
                os.killpg(pid, number)
    for each in (pid, *descendants):
        with suppress(OSError):
            os.kill(each, number)


def _descendants(pid: int) -> list[int]:
    """From ``/proc``; none where there is no such folder."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError, IndexError):
            parent = int(stat.read_text(errors="replace").rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(stat.parent.name))
    found = [pid]
    for each in found:
        found += children.get(each, [])
    return found[1:]


def available_processors() -> int:
    """How many processors this process may use."""
    count = getattr(os, "process_cpu_count", None)  # Python 3.13
    if count is not None:
        return count() or 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def processes_for(jobs: int, fewest: int = 1) -> int:
    """How many processes to use if `jobs` are asked for: no more than there are processors, or `fewest`."""
    return min(jobs, max(fewest, available_processors()))
