"""Calendar documents: entries to iCalendar text and back, and comparing what is wanted with what a server
holds.

Values in, values or text out: nothing here speaks to a server or reads a clock. RFC 5545 (iCalendar), RFC
5546 (iTIP) and RFC 7986 rule it; what real servers and programs do otherwise is said where it matters.
"""
