"""How asking one person's calendars for busy times went."""

ASKED, FAILED = "asked", "failed"
PARTLY = "partly"
"""Some calendars or entries could not be read."""
NOT_ALLOWED, NOT_CONNECTED = "not-allowed", "not-connected"
