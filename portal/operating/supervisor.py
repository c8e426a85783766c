"""The supervisor: the web server and a worker as processes under one, for a portal on one machine.

It opens the socket itself, so that visitors wait a moment rather than being turned away while a web server
that died comes back. A process that dies is started again, after a wait that doubles while it keeps dying. If
the supervisor itself is killed, Linux tells its processes to stop.
"""

import ctypes
import logging
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from types import FrameType
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from portal.errors import SettingsError

log = logging.getLogger(__name__)
COMMAND = ("-m", "portal.cli.main")
STOP_SECONDS = 15
FIRST_WAIT, LONGEST_WAIT, HEALTHY_AFTER = 0.5, 30.0, 30.0
TICK = 0.1
PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG in Linux's prctl(2)


@dataclass
class Child:
    """One process of Python that is to be up, and when to try again while it is not."""

    name: str
    arguments: Sequence[str]
    pass_fds: Sequence[int] = ()
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    wait: float = FIRST_WAIT
    due: float = field(default=0.0)

    def start(self, environ: Mapping[str, str]) -> None:
        """Start it, in a session of its own, so that Ctrl-C reaches it through the supervisor only."""
        self.started = time.monotonic()
        self.process = subprocess.Popen(  # noqa: S603  # our own command, without a shell
            [sys.executable, *self.arguments],
            env=dict(environ),
            pass_fds=self.pass_fds,
            start_new_session=True,
            preexec_fn=_follow_parent(),
        )

    def tend(self, environ: Mapping[str, str]) -> None:
        """Start it again if it died, once its wait is over."""
        moment = time.monotonic()
        if self.process is None:
            if moment >= self.due:
                self.start(environ)
            return
        code = self.process.poll()
        if code is None:
            return
        self.wait = FIRST_WAIT if moment - self.started > HEALTHY_AFTER else min(self.wait * 2, LONGEST_WAIT)
        log.warning("the %s stopped (%s); starting it again in %.0f s", self.name, code, self.wait)
        self.process, self.due = None, moment + self.wait

    def send(self, number: int) -> None:
        """Send a signal to the process, if it is up."""
        if self.process is not None and self.process.poll() is None:
            with suppress(ProcessLookupError):
                self.process.send_signal(number)

    def end(self) -> None:
        """Kill what is left of it: the process itself, and those it started and did not wait for."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)


def open_socket(host: str, port: int) -> socket.socket:
    """A listening socket that children may inherit; raises SettingsError when the port is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=512)
    except OSError as error:
        raise SettingsError(
            f"Cannot listen on {host}:{port} ({os.strerror(error.errno or 0)}). Choose another --port."
        ) from error
    listener.set_inheritable(True)
    return listener


def run_once(arguments: Sequence[str], environ: Mapping[str, str]) -> tuple[int, bytes]:
    """Run `portal` with these arguments to its end; its exit status and what it wrote to standard output."""
    done = subprocess.run(  # noqa: S603  # our own command, without a shell
        [sys.executable, *COMMAND, *arguments],
        env=dict(environ),
        stdout=subprocess.PIPE,
        preexec_fn=_follow_parent(),
        check=False,
    )
    return done.returncode, done.stdout


def supervise(
    listener: socket.socket,
    environ: Mapping[str, str],
    *,
    public_url: str,
    when_ready: Callable[[], None],
    beside: Sequence[Child] = (),
) -> None:
    """Keep web and worker, and what is `beside` them, up until SIGTERM, SIGHUP or Ctrl-C.

    `when_ready` is called once the portal is ready.
    """
    number = listener.fileno()
    web = Child("web server", (*COMMAND, "web", "--bind", f"fd://{number}"), (number,))
    children = (*beside, web, Child("worker", (*COMMAND, "worker")))
    announced = False
    with _stop_signals() as signals:
        try:
            while not signals:
                for child in children:
                    child.tend(environ)
                if not announced and ready(listener, public_url):
                    announced = True
                    when_ready()
                time.sleep(TICK if announced else FIRST_WAIT)
        finally:
            _stop(children)


def ready(listener: socket.socket, public_url: str) -> bool:
    """Whether /readyz says so, asked as a visitor of `public_url` would."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # where to ask, not where to listen
    address = f"http://[{host}]:{port}/readyz" if ":" in host else f"http://{host}:{port}/readyz"
    question = Request(address, headers={"Host": urlsplit(public_url).netloc})  # noqa: S310  # our own address
    try:
        with urlopen(question, timeout=2) as answer:  # noqa: S310  # the same
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def _stop(children: Sequence[Child]) -> None:
    for child in children:
        child.send(signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    for child in children:
        if child.process is not None:
            with suppress(subprocess.TimeoutExpired):
                child.process.wait(max(deadline - time.monotonic(), 0.1))
            child.end()


@contextmanager
def _stop_signals() -> Iterator[list[int]]:
    """A list that fills when a signal asks to stop."""
    signals: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        signals.append(number)

    before = {
        number: signal.signal(number, note) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    }
    try:
        yield signals
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _follow_parent() -> Callable[[], None] | None:
    """What a child runs before it begins: ask Linux for SIGTERM should the supervisor die."""
    if not sys.platform.startswith("linux"):
        return None
    return partial(_ask_for_signal, ctypes.CDLL(None, use_errno=True), os.getpid())


def _ask_for_signal(libc: ctypes.CDLL, parent: int) -> None:
    libc.prctl(PARENT_DEATH_SIGNAL, signal.SIGTERM)
    if os.getppid() != parent:
        os._exit(1)
