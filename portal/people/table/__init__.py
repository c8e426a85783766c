"""The staff's table of people: filtered, sorted, edited in the row, each change undoable.

It changes people by the actions that they themselves use.
"""
