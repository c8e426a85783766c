"""Schedule: the series of check-ins of a pairing, the check-ins themselves, and the milestones.

A series is a rule ("every month on the second Tuesday at 10:00 in Berlin, six times"); its check-ins are rows
of their own, so that each can be moved, skipped or marked as met. People's own calendars are in the package
calendars. It builds on pairings.
"""
