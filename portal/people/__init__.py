"""People: who they are, how they get in, and the staff's table of them.

It is accounts, profiles, roles, sign-in and the directory. It is not what people want from a programme (that
is an enrolment, in programmes). It stands on letters, web and what every package stands on.
"""
