"""The web server: gunicorn with two processes of four threads each.

Two, so that one may die or be restarted while the other answers, and so that two cores draw pages; threads,
because pages wait for the database. On SQLite writers queue for a moment whatever their number, so the same
numbers serve there. `WEB_CONCURRENCY` changes the number of processes.
"""

import gc
import logging
import os
import re
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from portal.db import db

THREADS = 4
STOP_SECONDS = 10
FEED = re.compile(r"/feeds/[^\s?]+")


class WithoutTokens(logging.Filter):
    """Masks the token of a feed's address in the few lines in which gunicorn names an address."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Every record passes, masked."""
        record.msg, record.args = FEED.sub("/feeds/…", record.getMessage()), None
        return True


class WebServer(BaseApplication):
    """Gunicorn told what to do from here, with no file and no arguments of its own."""

    def __init__(self, app: Flask, bind: str) -> None:
        self.portal = app
        self.bind = bind
        super().__init__()

    def load_config(self) -> None:
        """The settings; what is not named stays as gunicorn has it."""
        settings: dict[str, Any] = {
            "bind": self.bind,
            "worker_class": "gthread",
            "workers": int(os.environ.get("WEB_CONCURRENCY") or 2),
            "threads": THREADS,
            "preload_app": True,
            "timeout": 30,
            "graceful_timeout": STOP_SECONDS,
            "keepalive": 5,
            "max_requests": 20_000,
            "max_requests_jitter": 2_000,
            "limit_request_line": 4094,
            "limit_request_fields": 60,
            "limit_request_field_size": 8190,
            "accesslog": None,
            "errorlog": "-",
            "loglevel": "warning",
            "control_socket_disable": True,
            "post_fork": self.after_fork,
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """The application, made once before the fork."""
        return self.portal

    def after_fork(self, _server: object, _worker: object) -> None:
        """No process uses a connection that another opened."""
        with self.portal.app_context():
            db.engine.dispose(close=False)


def run(app: Flask, bind: str) -> None:
    """Serve until told to stop. `bind` is host:port, or fd://N for a socket that somebody else opened."""
    logging.getLogger("gunicorn.error").addFilter(WithoutTokens())
    gc.collect()
    gc.freeze()  # collections in the children then touch, and so copy, none of the pages they share
    WebServer(app, bind).run()
