"""Personal data: why each column is kept and for how long, clearing what is over, exporting and erasing a
person.

It stands above all other packages because it has to know every table.
"""
