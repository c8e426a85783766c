"""The best plan for points that are known: assignments, flows, covers, ties, and the proof that none is
better.

It knows numbers only, nothing of people. It stands on nothing of ours.
"""
