"""Feeds: a person's schedule as calendar text that any program can subscribe to by an unguessable address.

`links.py` makes, finds and replaces the addresses; `pages.py` answers them. The entries of a feed come from
`entries.py`. Feeds and accounts do not know of each other.
"""
