"""Topics of diversity and inclusion."""

from portal.core.translatable import N_

# A table is read by its rows; one value to a line would make it half as long again.
# fmt: off

INCLUSION: tuple[tuple[str, str, str], ...] = (
    ("inclusion-basics", N_("Diversity and inclusion, the basics"),
     "diversity; inclusion; diversity and inclusion; D&I; DEI; EDI; equity; belonging; Vielfalt; Inklusion"),
    ("inclusive-language", N_("Inclusive language"), (
     "gender-neutral language; plain language; gendern; gendered language; political correctness; woke; "
     "geschlechtergerechte Sprache")),
    ("inclusive-meetings", N_("Meetings where everybody is heard"), (
     "inclusive meetings; being interrupted; mansplaining; quiet people; introverts; extroverts; hearing every voice; "
     "stille Menschen; Introvertierte")),
    ("inclusive-hiring", N_("Fair hiring"), (
     "inclusive hiring; anonymous applications; blind recruitment; structured interviews; diverse candidates; "
     "bias in hiring; anonyme Bewerbungen")),
    ("representation", N_("Who is shown, and how"), (
     "representation; diverse images; inclusive marketing; tokenism; diversity in advertising; stock photos; "
     "stereotypes in media; Repräsentation")),
    ("employee-networks", N_("Employee networks"), (
     "ERG; employee resource groups; affinity groups; staff networks; women's network; Pride network; "
     "Mitarbeitendennetzwerke; safe spaces")),
    ("inclusion-data", N_("Measuring inclusion"), (
     "diversity data; diversity report; inclusion survey; quotas; diversity targets; DEI strategy; Frauenquote; "
     "Diversity-Kennzahlen")),
    ("pronouns", N_("Pronouns and gender identity"),
     "pronouns; they/them; he/him; she/her; transgender; trans; non-binary; gender identity; misgendering; Pronomen"),
    ("lgbtq", N_("LGBTQ+ colleagues"),
     "LGBTQ; LGBT; LGBTQIA; queer; Pride; gay; lesbian; bisexual; coming out; Christopher Street Day"),
    ("race", N_("Race and racism"),
     "racism; anti-racism; race; racial equality; ethnicity; Black Lives Matter; BLM; people of colour; BIPOC; Rassismus"),
    ("shared-history", N_("History that is still with us"), (
     "colonialism; decolonisation; Black History Month; slavery; Holocaust; remembrance; indigenous peoples; "
     "Kolonialgeschichte; Erinnerungskultur")),
    ("gender-equality", N_("Women and gender equality"), (
     "gender equality; women in leadership; gender pay gap; feminism; sexism; MeToo; glass ceiling; Gleichstellung; "
     "Frauen in Führung")),
    ("womens-health", N_("Periods, menopause and health"), (
     "menopause; periods; menstruation; menstrual leave; endometriosis; fertility; pregnancy loss; women's health; "
     "Wechseljahre; Menstruation am Arbeitsplatz")),
    ("men", N_("Men, fathers and masculinity"), (
     "masculinity; toxic masculinity; men's health; Movember; being a dad; fathers; men as allies; male role models; "
     "Männlichkeit; Väter")),
    ("disability", N_("Disability and accessibility"), (
     "disability; accessibility; a11y; WCAG; wheelchair; screen reader; sign language; deaf; Barrierefreiheit; "
     "Behinderung")),
    ("hidden-disability", N_("Illness and disability nobody sees"), (
     "invisible disability; hidden disabilities; chronic illness; chronic pain; long covid; sunflower lanyard; epilepsy; "
     "diabetes; unsichtbare Behinderung; chronische Krankheit")),
    ("neurodiversity", N_("Neurodiversity"),
     "neurodivergent; ADHD; ADHS; autism; autistic; dyslexia; dyspraxia; Asperger; Autismus"),
    ("body-image", N_("Bodies, looks and judgement"), (
     "body image; body positivity; fatphobia; weight; lookism; appearance; Afro hair; hair discrimination; Körperbild")),
    ("bias", N_("Unconscious bias"),
     "bias; implicit bias; stereotypes; prejudice; microaggressions; blind spots; Vorurteile; Schubladendenken"),
    ("intersectionality", N_("When differences add up"), (
     "intersectionality; overlapping identities; multiple discrimination; mixed heritage; women of colour; "
     "layers of identity; Intersektionalität; Mehrfachdiskriminierung")),
    ("allyship", N_("Being a good ally"),
     "allyship; ally; privilege; white privilege; bystander; calling out; solidarity; standing up for others; Verbündete"),
    ("harassment", N_("Harassment, and what to do about it"), (
     "harassment; sexual harassment; bullying at work; Mobbing; discrimination; reporting harassment; AGG; Belästigung; "
     "Diskriminierung")),
    ("political-divides", N_("Talking across political divides"), (
     "polarisation; political debates; populism; culture wars; democracy; extremism; opinions I do not share; "
     "Polarisierung; Demokratie")),
    ("social-background", N_("Class and social background"), (
     "social mobility; working class; class background; first generation student; first in the family; Arbeiterkind; "
     "low income")),
    ("cultures", N_("Working across cultures"), (
     "intercultural; cross-cultural; cultural differences; global teams; expats; migration; language barriers; "
     "interkulturell")),
    ("accents", N_("Accents and second languages"), (
     "accents; dialects; non-native speakers; second language; business English; multilingual; code-switching; "
     "Akzente; Mehrsprachigkeit; Englisch im Beruf")),
    ("newcomers", N_("Refugees and people new to a country"), (
     "refugees; asylum; immigration; immigrants; integration; relocation; work visa; Geflüchtete; Einwanderung; "
     "neu in Deutschland")),
    ("festivals", N_("Festivals and food of many cultures"), (
     "Diwali; Lunar New Year; Hanukkah; Eid; Nowruz; halal; kosher; interfaith calendar; Feste der Kulturen")),
    ("faith", N_("Faith and belief at work"),
     "religion; faith; Ramadan; prayer room; hijab; Muslim; Jewish; antisemitism; Islamophobia; Religion am Arbeitsplatz"),
    ("families", N_("Parents, carers and family life"), (
     "parents; carers; parental leave; maternity; paternity; childcare; working mums; Elternzeit; "
     "Vereinbarkeit")),
    ("hard-times", N_("Grief, illness and hard times"), (
     "grief; bereavement; losing somebody; cancer; serious illness; coming back after illness; compassionate leave; "
     "Trauer; Wiedereingliederung")),
)
# fmt: on
