"""What all pages use: access marks, answers to htmx, forms, inline tables, errors, headers, and security.

It knows no feature package and none of their tables. Who the reader is comes through flask-login, what they
may do from `portal.core.permissions`. It stands on core, db, settings, clock and errors.
"""
