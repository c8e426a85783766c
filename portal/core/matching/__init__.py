"""Who should meet whom: the subjects people name, and the engine that pairs them.

Interests lead, not job titles, so this begins with topics: a list of our own, and the reading of what people
really type. It is not where matches are kept, shown or edited; that is the pairings room. It stands on the
standard library, numpy and scipy, and on nothing of ours but the core.
"""
