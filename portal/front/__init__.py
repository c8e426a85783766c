"""The front: sheets that draw on several rooms. Home shows the one next thing to do.

It is the top floor: it reads from every room and owns no table.

Pages: pair, times.
"""
