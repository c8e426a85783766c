"""Calendar accounts: connecting a person's own calendar, its state, and the pages where they see and end it.

It keeps where an account is and its sealed password; it opens neither (that is `server.py`, in the worker)
and decides nothing about what is written (that is `syncing/`).
"""
