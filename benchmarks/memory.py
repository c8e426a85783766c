"""What `portal serve` holds in memory at rest, beside a Flask that says hello under the same web server.

`make bench` runs it, in about two minutes. The portal is started with its demo company in a folder of its
own; once it is ready, has written into the demo's calendars and rested for a while, the proportional set size
of each of its processes is read (what is shared counts in parts), without the demo's own calendar server. The
peer is gunicorn with the same two processes of four threads.
"""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import psutil

REST_SECONDS = 25
HELLO = "from flask import Flask\napp = Flask(__name__)\napp.get('/readyz')(lambda: 'hello')\n"
GUNICORN = ("-m", "gunicorn", "--preload", "--workers", "2", "--worker-class", "gthread", "--threads", "4")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def started(*arguments: str, folder: Path, port: int) -> Iterator[psutil.Process]:
    """A program of Python that is ready and has rested."""
    process = subprocess.Popen(  # noqa: S603  # our own programs, without a shell
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PORTAL_INSTANCE": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until_ready(f"http://localhost:{port}/readyz")
        time.sleep(REST_SECONDS)
        yield psutil.Process(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(40)


def wait_until_ready(address: str) -> None:
    """Return once the address answers 200; raises TimeoutError after two minutes."""
    for _ in range(240):
        try:
            if urlopen(address).status == 200:  # noqa: S310  # our own, on this machine
                return
        except (URLError, ConnectionError):
            pass
        time.sleep(0.5)
    raise TimeoutError(address)


def weights(process: psutil.Process) -> Iterator[tuple[str, float, float]]:
    """Name, resident and proportional size (MB) of a process and all below it."""
    for each in (process, *process.children(recursive=True)):
        words = each.cmdline()
        if "radicale" not in words:
            memory = each.memory_full_info()
            yield " ".join(words[1:])[-50:], memory.rss / 1e6, memory.pss / 1e6


def measure(title: str, *arguments: str, folder: Path, port: int) -> float:
    """Print a table of the processes; the sum of their proportional sizes in MB."""
    with started(*arguments, folder=folder, port=port) as process:
        rows = list(weights(process))
    total = sum(proportional for _, _, proportional in rows)
    print(f"\n{title}\n\n| process | resident MB | proportional MB |\n|---|---:|---:|")
    for name, resident, proportional in rows:
        print(f"| {name} | {resident:.0f} | {proportional:.0f} |")
    print(f"| all | | {total:.0f} |")
    return total


def main() -> None:
    """Measure both, and how many times the peer the portal is."""
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        (folder / "hello.py").write_text(HELLO)
        peer = measure(
            "Hello", *GUNICORN, "--bind", f"127.0.0.1:{port}", "hello:app", folder=folder, port=port
        )
        port = free_port()
        serve = ("-m", "portal.cli.main", "serve", "--demo", "--port", str(port))
        ours = measure("The portal", *serve, folder=folder, port=port)
    print(f"\nThe portal at rest weighs {ours:.0f} MB, {ours / peer:.1f} times a Flask that says hello.")


if __name__ == "__main__":
    main()
