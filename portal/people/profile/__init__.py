"""A person's own profile: what they tell about themselves, their password and where they are signed in.

Staff edit the same facts in `table/`, by the same actions.
"""
