"""Getting in and out: sign-up, confirmation, sign-in, sign-out, reset."""

from flask import Blueprint

room = Blueprint("account", __name__)
