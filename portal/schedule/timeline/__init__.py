"""The lines of a pairing's timeline, with their forms and buttons, and undoing from a letter.

`pages.py` shows and changes single lines; the page around them belongs to the blueprint `pair`.
`undo_pages.py` answers the links in letters about a change.
"""
