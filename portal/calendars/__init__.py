"""Calendars: the same schedule in people's own calendars: a live feed for each, and CalDAV accounts written
to.

One function says what a person's calendar should show (`entries`); feed, push and invitations all use it.
Only `server.py` knows the CalDAV library; `wire` is below it, `syncing` keeps accounts in step, `by_mail`
invites. It stands on schedule.
"""
