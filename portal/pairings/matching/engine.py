"""The parts of the matching engine that need numpy or scipy, loaded when they are first used.

Both together weigh about 45 MB in every process that imports them, and web and worker score nothing while
nobody edits a pairing. So the rest of the portal reaches `core/matching` through the attributes of this
module, such as `engine.criteria.score(…)`: the first use imports it (PEP 562). Whole runs have a process of
their own (`solver_process.py`). Types cost nothing: import them under TYPE_CHECKING.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from portal.core.matching import criteria as criteria
    from portal.core.matching import locks as locks
    from portal.core.matching import results as results
    from portal.core.matching import rules as rules
    from portal.core.matching.prices import edits as edits
    from portal.core.matching.prices import price_board as price_board
else:
    from importlib import import_module

    MODULES = {
        "criteria": "portal.core.matching.criteria",
        "locks": "portal.core.matching.locks",
        "results": "portal.core.matching.results",
        "rules": "portal.core.matching.rules",
        "edits": "portal.core.matching.prices.edits",
        "price_board": "portal.core.matching.prices.price_board",
    }

    def __getattr__(name):
        if name not in MODULES:
            raise AttributeError(name)
        return import_module(MODULES[name])
