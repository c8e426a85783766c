"""What other systems call the columns of a People file, so that their headers get "did you mean"."""

from collections.abc import Collection
from difflib import get_close_matches

# Words that say whose column it is, or what kind of thing stands in it, but not which column is meant.
WHOSE = """
employee employees staff worker person persons people participant user member job work working office home
primary preferred full display current company corporate official local of to the my your list mitarbeiter
mitarbeitende
"""
KIND = "address code value ids"

OTHER_NAMES = {
    "id": "number no nr key uid personnel_number personnel_id personnel_no personalnummer personal_nr"
    " employeeid empid emp_id userid user_id mitarbeiternummer kennung",
    "name": "display_name first_and_last_name vorname_und_nachname fullname displayname username",
    "email": "e_mail mail mail_address emailaddress e_mail_adresse email_adresse upn user_principal_name",
    "grade": "level band seniority rank pay_grade paygrade job_level jobgrade joblevel career_level"
    " management_level stufe rang karrierestufe entgeltgruppe",
    "manager_id": "manager manager_name manager_email line_manager line_manager_id supervisor supervisor_id"
    " boss reports reports_to reporting_to managerid vorgesetzter vorgesetzte führungskraft",
    "department": "dept team division unit business_unit function area organisation organization org_unit"
    " cost_centre cost_center abteilung bereich",
    "site": "location place city town building branch work_location based_in standort ort arbeitsort büro",
    "time_zone": "timezone tz zone utc_offset zeitzone",
    "hours": "availability available schedule working_times times arbeitszeit arbeitszeiten",
    "languages": "language spoken_languages languages_spoken sprache sprachen",
    "role": "participation joins_as mentor_or_mentee rolle",
    "capacity": "seats max_mentees max_mentors max_partners partners mentees number_of_mentees"
    " number_of_partners kapazität plätze",
    "teaches": "teach can_teach offers expertise skills strengths topics_offered wants_to_teach teaching"
    " bietet kann_zeigen",
    "learns": "learn wants_to_learn would_like_to_learn goals interests wishes topics_wanted learning"
    " development_goals möchte_lernen lernziele",
    "style": "personality personality_type working_style temperament arbeitsstil",
    "avoid": "avoids do_not_match do_not_match_with do_not_pair blocked blocklist block_list exclude"
    " exclusions conflicts not_with nicht_mit",
    "past_partners": "past_partner previous_partners former_partners past_mentors past_mentees"
    " previous_mentor previous_mentors previous_mentees history frühere_partner",
    "locked_with": "locked lock fixed fixed_with keep_with paired_with fest_mit",
}
COLUMN_OF = {name: column for column, names in OTHER_NAMES.items() for name in (column, *names.split())}


def column_meant(name: str, free: Collection[str]) -> str | None:
    """The one of the `free` columns that `name` (in small letters, "_" for spaces) means, if any."""
    words = [word for word in name.replace(".", "_").replace("/", "_").split("_") if word]
    bare = [word for word in words if word not in WHOSE.split()]
    core = [word for word in bare if word not in KIND.split()]
    for candidate in ("_".join(words), "_".join(bare), "_".join(core)):
        column = COLUMN_OF.get(candidate)
        if column in free:
            return column
    columns = {COLUMN_OF.get(word) for word in core}
    if len(columns) == 1 and (column := columns.pop()) in free:  # "seniority level": each means grade
        return column
    return next(iter(get_close_matches(name[:100], sorted(free), 1, 0.6)), None)
