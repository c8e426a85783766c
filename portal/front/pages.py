"""Home: the one next thing to do."""

from flask import Blueprint

room = Blueprint("front", __name__)
