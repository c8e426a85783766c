"""Calendars: the schedule in people's own calendars, by live feeds, CalDAV accounts and e-mail invitations.

One function says what a person's calendar should show (`entries`); feeds, rounds and invitations all use it.
Only `server.py` uses the CalDAV library; `wire` is below it, `syncing` keeps accounts in step, `by_mail`
invites. The package builds on schedule.
"""
