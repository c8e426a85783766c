"""Calendar accounts: the actions and pages with which people connect their own calendar, see how it does, and
disconnect it.

Nothing here connects to a server or opens a password, and nothing decides what is written: see `syncing`.
"""
