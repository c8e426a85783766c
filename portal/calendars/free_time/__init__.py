"""Free time: searches for a time that suits both, counting what their calendars say when they allow it.

`busy.py` asks calendars for busy times in the worker; `searches.py` keeps the few times found for ten
minutes. Busy times themselves are never stored.
"""
