"""Staff read letters that were kept or failed."""

from flask import Blueprint

room = Blueprint("letters", __name__, url_prefix="/letters")
