"""Words that people build easy passwords from. Written for this portal; a password made of nothing else is
refused.
"""

_WORDS = """
password passwort kennwort passphrase passcode secret geheim login logon signin welcome willkommen hello hallo
letmein openup opensesame access admin administrator root superuser user guest gast master change changeme
default test testing tester trial demo sample example temp temporary initial start starter begin summer sommer
winter spring autumn herbst monday montag friday freitag january januar december dezember company firma office
work business team manager mentor mentee mentoring reverse portal intranet viceversa iloveyou ilove loveyou
forever sunshine princess princes dragon monkey tiger football fussball baseball basketball soccer hockey
superman batman starwars pokemon michael thomas daniel jennifer charlie jordan computer internet server
windows
google facebook samsung apple london berlin munich hamburg paris england germany deutschland schalke arsenal
liverpool chelsea barcelona mustang ferrari porsche mercedes shadow flower schatz hase blink whatever trustno
nothing something qwerty qwertz asdf yxcv zxcv azerty abc abcd aaa xxx one two three four five
"""
COMMON_WORDS = frozenset(_WORDS.split())

RUNS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "qwertzuiop",
    "asdfghjkl",
    "zxcvbnm",
    "yxcvbnm",
    "azertyuiop",
    "1qaz2wsx3edc4rfv5tgb6yhn",
    "1q2w3e4r5t6y7u8i9o0p",
)
"""Neighbours in the alphabet and on keyboards; four or more in a row, either way, count for nothing."""
