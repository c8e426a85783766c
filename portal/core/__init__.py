"""The pure core: rules and calculations without Flask, database, network or clock.

Time, chance and the outside come in as arguments. Everything here can be tested by calling it, and everything
that must be right by reasoning (who may do what, which step follows which, how text becomes hours or topics)
lives here. It stands on nothing of ours but `portal.errors`.
"""
