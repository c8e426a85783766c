"""My page: profile and sessions."""

from flask import Blueprint

room = Blueprint("me", __name__, url_prefix="/me")
