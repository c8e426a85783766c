"""Staff's pages of programmes."""

from flask import Blueprint

room = Blueprint("programmes", __name__, url_prefix="/programmes")
