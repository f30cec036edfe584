"""The first code of a child in a fresh interpreter: `exactinj.work.processes.started` runs this file as a script.

It takes over the search path, then the function and its arguments, all pickled, from standard input. A thread reads
what else comes there and ends this process once the parent has gone, with its group and its folder if it has them.
"""

# ruff: noqa: S301 - what is unpickled here was written by the parent process

from __future__ import annotations

import os
import pickle
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue
from typing import IO

__all__ = ["main", "remove_folder"]

REMOVAL_ATTEMPTS, PAUSE = 40, 0.05


def main() -> None:
    """Run one function, then end."""
    descriptor = os.dup(1)
    os.dup2(2, 1)  # what libraries print must not get between the messages
    stream = sys.stdin.buffer
    path, scratch = pickle.load(stream)
    sys.path[:] = path
    from exactinj.work.processes import sender  # found only now

    send = sender(descriptor)
    requests: SimpleQueue[object] = SimpleQueue()
    try:
        function, arguments = _job(stream)
        threading.Thread(target=_listen, args=(stream, requests, scratch), daemon=True).start()
        function(iter(requests.get, None), send, *arguments)
    except Exception as error:  # noqa: BLE001 - the parent tells whoever asked
        send(_sendable(error))
    sys.stdout.flush()
    os._exit(0)


def _job(stream: IO[bytes]) -> tuple[Callable[..., None], tuple[object, ...]]:
    """The function and its arguments; `pickle.UnpicklingError` for whatever is wrong with them."""
    try:
        function, arguments = pickle.load(stream)
    except Exception as error:  # noqa: BLE001 - unpickling runs any code
        raise pickle.UnpicklingError(f"{type(error).__name__}: {error}") from None
    return function, arguments


def _listen(stream: IO[bytes], requests: SimpleQueue[object], scratch: str | None) -> None:
    while True:
        try:
            requests.put(pickle.load(stream))
        except (EOFError, OSError, pickle.UnpicklingError):
            break
    if scratch is not None:
        remove_folder(scratch)  # before the group is killed, and this process with it: nothing is written afterwards
        if hasattr(os, "killpg"):
            os.killpg(0, signal.SIGKILL)
    os._exit(1)


def remove_folder(folder: str | os.PathLike[str]) -> None:
    """Remove a folder, even if a process that has just been killed was still writing into it."""
    for _ in range(REMOVAL_ATTEMPTS):
        shutil.rmtree(folder, ignore_errors=True)
        if not os.path.exists(folder):  # noqa: PTH110 - a text or a path
            return
        time.sleep(PAUSE)


def _sendable(error: Exception) -> Exception:
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # noqa: BLE001 - any may be raised
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


if __name__ == "__main__":
    main()
