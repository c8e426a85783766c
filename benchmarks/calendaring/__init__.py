"""What `benchmarks/calendars.py` runs: each part is a program of its own that writes its figures as JSON."""
