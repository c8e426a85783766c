"""Prices: what a change by hand would cost, and to whom, before it is made.

`tables.py` works prices out from the plan of the current drafts; `actions.py` makes a change with all that it
moves.
"""
