"""What calendar servers are spoken to with: addresses checked, a guarded session, sign-in, XML, discovery.

People name these servers, so nothing here trusts one. It stands below `server.py`, which is what the room
asks.
"""
