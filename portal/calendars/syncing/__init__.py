"""Keeping an account in step, by the worker.

`sync` is the background task, `rounds` one round of it, a module for each phase: load state, look, plan,
write, read back, store. `following` takes up what owners changed in their own calendars, `notices` shows it.
`portal.core.calendar.sync_plan` decides what is to be done; it knows neither server nor database.
"""
