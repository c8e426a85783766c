"""Check-ins as invitations by e-mail (RFC 6047), for those who chose them: sent as letters, answered to a
mailbox.

What comes in is from strangers until it shows the token of an invitation of ours.
"""
