"""Offers: the senior is asked first, then the junior; accepting, declining, ending and withdrawing.

`actions.py` asks and takes answers, `publishing.py` makes offers of drafts, `withdrawal.py` ends what
somebody leaves.
"""
