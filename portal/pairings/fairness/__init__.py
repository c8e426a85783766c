"""Fairness: who applied and who was matched, by site, department and grade.

It only reads. It says what a group got beside what the others got; it names no person.
"""
