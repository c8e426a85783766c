"""Staff's table of people, edited inline."""

from flask import Blueprint

room = Blueprint("people", __name__, url_prefix="/people")
