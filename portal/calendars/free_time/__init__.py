"""Free time: searches for a time that suits both, with the busy times of their calendars if they allow it.

`searches.py` stores a search and the few times found, for ten minutes; in the worker, `finding.py` finds them
and `busy.py` asks calendars for busy times, which are never stored.
"""
