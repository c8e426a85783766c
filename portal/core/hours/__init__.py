"""Working hours and dates: weekly hours as people type them, time in common, the best slots, and series of
dates.

Zones, clock changes and public holidays are dealt with here; when "now" is comes in as an argument.
"""
