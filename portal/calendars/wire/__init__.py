"""Talking to calendar servers over HTTP: checked addresses, a guarded session, sign-in, XML, discovery.

People name these servers, so nothing here trusts one. It stands below `server.py`, the interface to it.
"""
