"""Pairings: the runs of the matching engine and their proposals, draft and live pairings, and the staff's
board.

A run's proposals never change; keeping a run makes draft pairings of them, and everything later is done to
pairings: staff edit drafts, publish them, the senior is asked first and the junior then, and both make it
active. It is not when they meet (that is schedule). It stands on programmes and people.
"""
