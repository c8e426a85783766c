"""Trials: other weights and rules tried on the same people, compared side by side, with nothing kept until
staff say so.

It reads runs and starts trial runs; a kept one becomes drafts by `matching/`.
"""
