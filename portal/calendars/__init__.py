"""Calendars: the same schedule in people's own calendars: a live feed for each, and CalDAV accounts written to.

One function says what a person's calendar should show (`entries`); the feed and the push both use it. Only `server.py`
knows the CalDAV library. It stands on schedule.
"""
