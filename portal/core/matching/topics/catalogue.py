"""The topics the portal ships with: six areas, and in each a table of (id, label, names that people type).

The first five areas are what the juniors teach, the sixth is what the seniors give back; each has a file of
its own. Ids are for ever; labels and names may be edited. Names are separated by semicolons: jargon, brands,
German. A name belongs to one topic only, and is a whole thing somebody would type; one that says little by
itself ("work", "team") finds the wrong topic.
"""

from portal.core.matching.topics.digital import DIGITAL
from portal.core.matching.topics.inclusion import INCLUSION
from portal.core.matching.topics.leadership import LEADERSHIP
from portal.core.matching.topics.social_media import SOCIAL_MEDIA
from portal.core.matching.topics.sustainability import SUSTAINABILITY
from portal.core.matching.topics.working_life import WORKING_LIFE
from portal.core.translatable import N_

AREAS: dict[str, str] = {
    "digital": N_("Digital technology"),
    "social-media": N_("Social media"),
    "working-life": N_("Generations and the way we work"),
    "inclusion": N_("Diversity and inclusion"),
    "sustainability": N_("Sustainability and social impact"),
    "leadership": N_("Leading and the business"),
}

Row = tuple[str, str, str]

ROWS: dict[str, tuple[Row, ...]] = {
    "digital": DIGITAL,
    "social-media": SOCIAL_MEDIA,
    "working-life": WORKING_LIFE,
    "inclusion": INCLUSION,
    "sustainability": SUSTAINABILITY,
    "leadership": LEADERSHIP,
}
