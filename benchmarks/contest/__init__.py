"""What `benchmarks/matching.py` is made of: instances, entrants, the referee, the
certificate and the tables.
"""
