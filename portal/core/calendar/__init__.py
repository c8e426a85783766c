"""iCalendar text: writing it, reading it, and comparing what is wanted with what a server has.

Nothing here speaks to a server or reads a clock. The standards are RFC 5545 (iCalendar), RFC 5546 (iTIP) and
RFC 7986; comments say where real servers and programs differ from them.
"""
