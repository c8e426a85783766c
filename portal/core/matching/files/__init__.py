"""The engine on files: people and rules in, pairs out, and a clear refusal of every row that cannot be read.

It opens no file itself: text comes in and goes out. It stands on candidates and topics.
"""
