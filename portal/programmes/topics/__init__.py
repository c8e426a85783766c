"""Topics: what can be taught and learned, suggestions from participants, and finding a topic from what people
type.

The catalogue and the scoring are `core/matching/topics`; here are the table that staff edit and its pages.
"""
