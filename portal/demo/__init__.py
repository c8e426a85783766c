"""The demo company: a small, believable company in the middle of its season, the same each time.

`company.py` invents the people from `company.toml`, `pairs.py`, `season.py` and `calendars.py` give them a
programme's life, and `load.py` writes it all. It uses the same actions as the pages do.
"""
