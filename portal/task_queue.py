"""The queue of background tasks: Huey, on a file, PostgreSQL or Redis.

What goes through it is "do this for that id" and nothing else: what is to be done stands in the tables, a
message that is lost is found by a sweep, a doubled one finds nothing to do. Messages are signed with
SECRET_KEY, since a queue on another machine could otherwise have a worker run anything. Web processes only
send; worker.py knows who answers, and so needs to load what they do not.
"""

import threading
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from huey import Huey, PostgresHuey, RedisHuey, SqliteHuey
from huey.serializer import SignedSerializer
from sqlalchemy.engine import make_url

from portal.errors import SettingsError
from portal.settings import Settings

Task = Callable[[int], object]


def install(app: Flask) -> None:
    """Let `work.enqueue` send to the queue, which is opened at the first message, so after
    a server's fork.
    """
    opened = lru_cache(maxsize=1)(lambda: open_queue(app, {}))
    lock = threading.Lock()

    def send(name: str, id: int | str) -> None:
        with lock:
            huey = opened()
        huey.answer(name, id)

    app.extensions["task_queue"] = send


def open_queue(app: Flask, tasks: Mapping[str, Task]) -> Any:
    """Huey with one task that calls `tasks` by name; raises SettingsError for a HUEY_URL it does not know."""
    huey: Any = _huey(app.extensions["settings"])

    @huey.task(name="answer")  # type: ignore[untyped-decorator]  # huey has no types
    def answer(name: str, id: int | str) -> None:
        with app.app_context():
            tasks[name](int(id))

    huey.answer = answer
    return huey


def _huey(settings: Settings) -> Huey:
    url = settings.huey_url
    common = {
        "results": False,
        "serializer": SignedSerializer(secret=settings.secret_key, salt="portal-queue"),
    }
    if not url:
        return SqliteHuey("portal", filename=str(queue_file(settings)), fsync=False, cache_mb=1, **common)
    scheme = urlsplit(url).scheme
    if scheme in ("redis", "rediss"):
        limits = "socket_connect_timeout=3&socket_timeout=10"
        return RedisHuey("portal", url=f"{url}{'&' if urlsplit(url).query else '?'}{limits}", **common)
    if scheme.partition("+")[0] in ("postgresql", "postgres"):
        return PostgresHuey(
            "portal", dsn=f"postgresql://{url.partition('://')[2]}", connect_timeout=3, **common
        )
    raise SettingsError("HUEY_URL must begin with redis:// or postgresql://. Leave it out to use a file.")


def queue_file(settings: Settings) -> Path:
    """The default queue: a file beside an SQLite database, else in the instance folder."""
    url = make_url(settings.database_url)
    file = url.database if url.get_backend_name() == "sqlite" else None
    folder = Path(file).resolve().parent if file and file != ":memory:" else settings.instance
    return folder / "queue.db"
