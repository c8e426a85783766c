"""The one line a server imports: `gunicorn wsgi:app`."""

from portal.app import create_app

app = create_app()
