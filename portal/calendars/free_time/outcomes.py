"""Outcomes of asking one person's calendars for busy times."""

ASKED, FAILED = "asked", "failed"
PARTLY = "partly"
"""Some calendars or entries could not be read."""
NOT_ALLOWED, NOT_CONNECTED = "not-allowed", "not-connected"
