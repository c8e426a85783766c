"""What every page stands on: access marks, htmx answers, forms, errors, headers, and the security of
requests.

It knows no room and no table of one; who the reader is comes through flask-login, what they may do from
`portal.core.permissions`. It stands on core, db, settings, clock and errors.
"""
