"""The `portal` command, one module for each kind of command; `main.py` puts them together.

A command is a few lines that call the code which does the work. Whatever a command needs is imported inside
it, so that `portal --help` is there at once. No other package imports this one.
"""
