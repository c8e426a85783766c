"""Programmes: a season of reverse mentoring, what it promises and asks, and who has joined it with which
wishes.

It is objectives, rules, topics and enrolment. It is not who meets whom (that is pairings). It stands on
people.
"""
