"""``python -m exactinj`` in processes that need not load it first.

One interpreter loads what most verbs need, once, and from then on only makes copies of itself. A copy is a process with
descriptors, folder, environment, arguments and exit status of its own that goes on with ``exactinj/__main__.py`` as any
interpreter does; only what loading does (missing imports, the order of imports, its time) cannot be seen in it.
Whatever is about that starts an interpreter: see `run_command` in ``conftest.py``. A copy can be ``python -c`` or a
script, too (`PYTHON`), and shells find a program that asks for copies (`Copies.program`).
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import threading
import traceback
from pathlib import Path
from tempfile import TemporaryFile

LOADED = (
    "scipy.optimize",
    "scipy.sparse.linalg",
    "numba",
    "exactinj.cli.describe",
    "exactinj.biases.alpha",
    "exactinj.biases.hull",
    "exactinj.casebook",
    "exactinj.checker",
    "exactinj.comparison",
    "exactinj.files.export",
    "exactinj.injectivity.auto",
    "exactinj.injectivity.convolution.certify",
    "exactinj.kernels.loading",
    "exactinj.sampling",
    "exactinj.sampling.backend",
)
LARGEST = 1 << 16  # a request
PYTHON = "python"  # the first argument of a copy that is no command: what ``python`` gets follows, a script or -c
CAN_COPY = sys.platform == "linux"  # with a fork and sockets that keep messages whole


PROGRAM = """
import json, os, socket, sys
with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as link:
    link.connect({door!r})
    socket.send_fds(link, [json.dumps([os.getcwd(), dict(os.environ), sys.argv[1:]]).encode()], [0, 1, 2])
    sys.exit(int(link.recv(99)))
"""


class Copies:
    """The interpreter that makes copies, started when it is first asked."""

    def __init__(self):
        self._process = None
        self._link = None

    def run(self, arguments, *, cwd, data=None, timeout=120, environment=None):
        """The completed command, like ``subprocess.run`` with text."""
        with TemporaryFile("w+") as into, TemporaryFile("w+") as out, TemporaryFile("w+") as err:
            into.write(data or "")
            into.seek(0)
            request = [str(cwd), dict(environment or os.environ), [str(each) for each in arguments]]
            streams = [file.fileno() for file in (into, out, err)]
            status = self._ask(json.dumps(request).encode(), streams, timeout)
            texts = ["" if file.seek(0) else file.read() for file in (out, err)]
        return subprocess.CompletedProcess(["exactinj", *arguments], status, *texts)

    @contextlib.contextmanager
    def program(self, folder):
        """A folder for PATH in which ``exactinj`` hands its folder, environment, arguments and streams on to a copy."""
        door = str(folder / "door")
        command = folder / "exactinj"
        command.write_text(f"#!{sys.executable} -IS\n{PROGRAM.format(door=door)}", encoding="utf-8")
        command.chmod(0o755)
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening:
            listening.bind(door)
            listening.listen()
            porter = threading.Thread(target=self._answer, args=(listening,), daemon=True)
            porter.start()
            try:
                yield command.parent
            finally:
                listening.shutdown(socket.SHUT_RDWR)
                porter.join()

    def _answer(self, listening):
        """Serve the programs that knock, one after the other, until the socket is shut down."""
        while True:
            try:
                link, _ = listening.accept()
            except OSError:
                return
            with link:
                request, descriptors, *_ = socket.recv_fds(link, LARGEST, 3)
                status = self._ask(request, descriptors, 120)
                for each in descriptors:
                    os.close(each)
                link.send(str(status).encode())

    def _ask(self, request, descriptors, timeout):
        if self._process is None:
            self._start()
        self._link.settimeout(timeout)
        socket.send_fds(self._link, [request], descriptors)
        try:
            answer = self._link.recv(LARGEST)
        except TimeoutError:
            self.close()
            raise subprocess.TimeoutExpired(request, timeout) from None
        return int(answer)

    def _start(self):
        self._link, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with other:
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(other.fileno())], pass_fds=[other.fileno()], process_group=0
            )

    def close(self):
        """End the interpreter and what it started."""
        if self._process is not None:
            self._link.close()
            with contextlib.suppress(OSError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None


def main(descriptor):
    """Serve requests; in a copy, return when it is to become a command."""
    for name in LOADED:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    with socket.socket(fileno=descriptor) as link:
        while True:
            request, descriptors, *_ = socket.recv_fds(link, LARGEST, 3)
            if not request:
                sys.exit()
            pid = os.fork()
            if not pid:
                break
            for each in descriptors:
                os.close(each)
            link.send(str(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])).encode())
    folder, environment, arguments = json.loads(request)
    for number, each in enumerate(descriptors):
        os.dup2(each, number)
        os.close(each)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.path[0] = str(Path.cwd())
    sys.argv[1:] = arguments


def become():
    """Be ``python -m exactinj``, or what ``python`` would be with the arguments after `PYTHON`."""
    if sys.argv[1:2] != [PYTHON]:
        runpy.run_module("exactinj", run_name="__main__", alter_sys=True)
    elif sys.argv[2] == "-c":
        code, sys.argv[:] = sys.argv[3], ["-c", *sys.argv[4:]]
        exec(code, {"__name__": "__main__"})  # noqa: S102
    else:
        sys.argv[:] = sys.argv[2:]
        runpy.run_path(sys.argv[0], run_name="__main__")


def as_command():
    """`become` that and end, without the clearing up of an interpreter, which takes as long as loading."""
    status = 1
    try:
        become()
        status = 0
    except SystemExit as end:
        status = 0 if end.code is None else end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001
        traceback.print_exc()
    finally:
        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError, AttributeError):
                stream.flush()
        os._exit(status)


if __name__ == "__main__":
    main(int(sys.argv[1]))
    as_command()
