"""Signs of life for those who run the portal."""

from flask import Blueprint

room = Blueprint("health", __name__)
