"""Letters: e-mail that is not lost. One letter is one function and one template; the outbox keeps it until it
is sent.

It is the durable outbox, the SMTP client and the page where staff read what was kept. It is not what letters
say: each room writes its own, in its `letters.py`. It stands on what every room stands on.
"""
