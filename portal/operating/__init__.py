"""Running the portal: web server, supervisor, upkeep of the database, and backups.

The command line and the worker call it; no blueprint does. The supervisor imports nothing but settings, so
that it stays small while it watches the others.
"""
