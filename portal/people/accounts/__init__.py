"""Accounts: signing up, confirming an address, signing in and out, passwords, and links that prove an
address.

`signin.py` is the one place that handles cookies; `throttling.py` slows guessing. Profiles are in `profile/`.
"""
