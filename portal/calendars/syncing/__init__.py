"""Keeping an account in step, by the worker: one round, its ledger and lease, lost entries sought, changes
followed.

What is to be done is decided by `portal.core.reconcile`, which knows neither server nor database.
"""
