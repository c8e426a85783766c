"""Why: the sentences behind a pair and behind somebody who was left over, in the voice of whoever reads them.

Sentences are templates with values; the web puts them into the reader's language.
"""
