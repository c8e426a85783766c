"""Joining a programme: what it is, and five short steps."""

from flask import Blueprint

room = Blueprint("joining", __name__, url_prefix="/join")
