"""The same optimum for many thousands: points are streamed, a few good edges kept, and the rest proved to be
no better.

It is exact, not an approximation. It stands on plans.
"""
