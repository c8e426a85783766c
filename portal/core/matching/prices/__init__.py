"""What a change by hand costs: every other mentor for a mentee, priced in the four goals, and who else would
move.

It changes no plan. It stands on plans.
"""
