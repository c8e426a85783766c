"""The board: the table of pairings in which programme staff edit, publish and undo.

Its actions change one pairing at a time; runs of the engine are in `matching/`, prices of a change in
`prices/`, and offers to the two people in `offers/`.
"""
