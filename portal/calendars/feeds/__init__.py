"""Feeds: a person's schedule as calendar text that any program can subscribe to by an unguessable address.

`links.py` makes, finds and replaces the addresses; `pages.py` answers them. What stands in a feed comes from
`entries.py`. It knows nothing of accounts that are written to.
"""
