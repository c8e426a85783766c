"""Enrolment: joining a programme step by step, wishes, pausing and leaving, and where one stands.

An enrolment is what a person wants from one programme. Whom they get is pairings.
"""
