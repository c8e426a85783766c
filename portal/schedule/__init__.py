"""Schedule: when a pairing meets: the series of check-ins, the check-ins themselves, and the milestones.

A series is a rule ("every month on the second Tuesday at 10:00 in Berlin, six times"); its check-ins are rows
of their own, so that one can be moved, skipped or marked as met. It is not anybody's calendar (that is
calendars). It stands on pairings.

Pages: answers, timeline, undoing.
"""
