"""Match runs: from a programme's enrolments to proposals, and from a kept run to draft pairings.

`problem.py` reads what the engine needs, `solver.py` runs it in a process of its own, `runs.py` keeps state
and proposals, `drafts.py` makes pairings of them. The engine itself is `core/matching`; `engine.py` loads it
when something is scored, so that web and worker start without it.
"""
