"""The other side of hostile.Scales: reads a question a line, asks it in a child of its own, writes what it
cost.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from datetime import UTC, datetime
from typing import Any

from portal.calendars.server import Server
from portal.calendars.wire.addresses import Rules, Trouble
from portal.calendars.wire.credentials import Credentials
from portal.core.calendar import documents
from portal.errors import Invalid
from tests.calendars.hostile import MEGABYTE, SECRET, resident

SPAN = (datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 9, tzinfo=UTC))


def read(server: Server, url: str) -> list[str]:
    """What is made of one item: its occurrences, or that it is unreadable."""
    found = []
    for item in server.read(["/c/x.ics"]).values():
        try:
            view = documents.view_of_text(item.text)
        except Invalid:
            found.append("unreadable")
        else:
            found.append(f"{len(view['occurrences'])} occurrences")
    return found


QUESTIONS = {
    "discover": lambda server, _url: server.discover().url,
    "look": lambda server, url: len(server.look(f"{url}c/")),
    "calendars": lambda server, url: len(server.calendars(f"{url}home/")),
    "find": lambda server, url: len(server.find("x", [f"{url}c/"])),
    "busy": lambda server, url: len(server.busy_texts(f"{url}c/", *SPAN)),
    "read": read,
    "write": lambda server, _url: server.write("/c/x.ics", b"BEGIN:VCALENDAR", if_match=None),
}


def weigh(url: str, what: str, seconds: float, most_bytes: int) -> dict[str, Any]:
    """Ask, and say what came of it."""
    before, began = resident(), time.monotonic()
    ended: dict[str, Any] = {"problem": "", "permanent": False, "retry_after": None, "told": None}
    try:
        with Server(url, Credentials("ada", SECRET), Rules(("localhost",))) as server:
            server.session.seconds, server.session.most_bytes = seconds, most_bytes
            ended["told"] = QUESTIONS[what](server, url)
    except Trouble as trouble:
        ended |= {
            "problem": trouble.problem,
            "permanent": trouble.permanent,
            "retry_after": trouble.retry_after,
        }
        ended["told"] = trouble.detail
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / MEGABYTE
    return {**ended, "seconds": time.monotonic() - began, "megabytes": max(0.0, peak - before)}


def main() -> None:
    """Question by question."""
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                answer = weigh(**json.loads(line))
            except BaseException as error:  # noqa: BLE001  # whatever it is, the test is to see it
                answer = {
                    "problem": f"{type(error).__name__}: {error}",
                    "permanent": False,
                    "retry_after": None,
                }
                answer |= {"seconds": 0.0, "megabytes": 0.0, "told": None}
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()
            os._exit(0)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
