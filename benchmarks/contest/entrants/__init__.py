"""Ways to pair people, each a program of its own that knows nothing of the portal; `stage` is all that they
share.
"""
