"""Working hours and dates: weekly hours as people type them, common free time, best slots, series of dates.

Time zones, clock changes and public holidays are handled here; the present time comes in as an argument.
"""
