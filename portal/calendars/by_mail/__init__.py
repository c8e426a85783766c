"""Check-ins as invitations by e-mail (iMIP, RFC 6047) for those who chose them; answers come to a mailbox.

`invitations` sends what changed, as `invitation_letters`; `mailbox` reads the answers over IMAP, `messages`
parses them, and `replies` takes those that carry the token of one of our invitations.
"""
