"""What people teach and learn: the topics that ship, how near they are to each other, and finding one by what
is typed.

It is not the table of topics that staff edit, which is the programmes room's. It stands on nothing.
"""
