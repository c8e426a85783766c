"""Requests to the partner to move or skip a check-in, and the partner's answers.

They come from moves in people's own calendars and from replies by e-mail. Answers change check-ins by way of
`planning`.
"""
