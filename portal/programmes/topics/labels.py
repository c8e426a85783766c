"""What topics are called in the reader's language."""

from collections.abc import Mapping

from flask import has_request_context, request
from flask_babel import gettext as _
from sqlalchemy import select

from portal.db import db
from portal.programmes.models import Topic

CACHED = "portal.topic_labels"


def topic_labels() -> Mapping[str, str]:
    """The labels of all topics by id, retired ones too; asked for once for each request."""
    if not has_request_context():
        return _labels()
    labels: Mapping[str, str] | None = request.environ.get(CACHED)
    if labels is None:
        labels = request.environ[CACHED] = _labels()
    return labels


def _labels() -> dict[str, str]:
    return {topic_id: _(label) for topic_id, label in db.session.execute(select(Topic.id, Topic.label))}
