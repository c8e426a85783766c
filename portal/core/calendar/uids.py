"""The parts of an entry's UID, `<kind>-<uuid>-g<generation>@<host>`.

No UID is used twice: an entry that is written again after it was deleted gets the next generation. The name
of its resource on a server is the same without the host.
"""

MOST_DIGITS = 6
UUID_LENGTH = 36


def stem(uid: str) -> str:
    """A UID without its generation and host: what all generations of one entry share."""
    return uid.partition("@")[0].rpartition("-g")[0]


def generation(uid: str) -> int:
    """Which generation of its entry a UID names, from 1; 1 also when it names none."""
    number = uid.partition("@")[0].rpartition("-g")[2]
    return int(number) if number.isdecimal() and len(number) <= MOST_DIGITS else 1


def kind_and_uuid(uid: str) -> tuple[str, str]:
    """What kind of entry a UID names, and the UUID of its row; both "" or unknown for a UID not of ours."""
    name = stem(uid)
    return name[: -UUID_LENGTH - 1], name[-UUID_LENGTH:]
