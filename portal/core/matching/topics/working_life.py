"""Topics of generations and the way we work."""

from portal.core.translatable import N_

# A table is read by its rows; one value to a line would make it half as long again.
# fmt: off

WORKING_LIFE: tuple[tuple[str, str, str], ...] = (
    ("gen-z", N_("How Gen Z sees work"), (
     "Gen Z; Generation Z; zoomers; young employees; young people; digital natives; what young people want; "
     "junge Mitarbeitende")),
    ("gen-alpha", N_("Generation Alpha, who come next"), (
     "Gen Alpha; Generation Alpha; iPad kids; pupils today; future employees; Generation Beta; skibidi; "
     "Schulkinder heute")),
    ("across-generations", N_("Working across generations"), (
     "generations; millennials; boomers; Gen X; generation gap; ageism; age discrimination; intergenerational; "
     "Generationen")),
    ("communication-styles", N_("Calls, mails and other habits"), (
     "communication styles; phone anxiety; fear of phoning; phone calls; call or text; email etiquette; "
     "answering emails; Telefonangst; Kommunikationsstil")),
    ("informality", N_("First names, dress and being yourself"), (
     "dress code; business casual; tattoos; first names; Duzen; Du oder Sie; being yourself at work; authenticity; "
     "authentic self; Kleiderordnung")),
    ("first-jobs", N_("Apprentices, interns and first jobs"), (
     "apprentices; apprenticeship; interns; internship; trainees; first job; working students; Azubis; Ausbildung; "
     "Praktikum; Werkstudent")),
    ("onboarding", N_("Starting well in a new job"), (
     "onboarding; new starters; new joiners; first day at work; first hundred days; buddy programme; induction; "
     "welcoming new people; Einarbeitung")),
    ("later-careers", N_("Later careers and retirement"), (
     "retirement; pension; older workers; knowledge transfer; handing over knowledge; second career; "
     "working past retirement; Ruhestand; Rente")),
    ("flexible-work", N_("Hybrid and flexible work"), (
     "hybrid work; remote work; working from home; WFH; home office; four-day week; flexitime; return to office; "
     "workation")),
    ("working-from-anywhere", N_("Working from anywhere"), (
     "digital nomads; nomad visa; remote-first; coworking; working abroad; distributed teams; async-first; "
     "ortsunabhängig arbeiten")),
    ("office-spaces", N_("Offices people like to come to"), (
     "office design; hot desking; desk sharing; open-plan office; quiet rooms; meeting rooms; ergonomic office; "
     "Großraumbüro; Büroräume")),
    ("team-spirit", N_("Team spirit, near and far"), (
     "team building; team events; virtual coffee; icebreakers; team culture; after-work drinks; getting to know the team; "
     "Teamgeist; Zusammenhalt")),
    ("working-in-writing", N_("Writing so that others can work"), (
     "documentation; Confluence; wiki; asynchronous communication; handover notes; clear writing; working out loud; "
     "decision log; Dokumentation")),
    ("purpose", N_("Purpose and meaning at work"),
     "purpose; meaning; meaningful work; company values; why we work; job satisfaction; Sinn der Arbeit; motivation"),
    ("recognition", N_("Thanks and recognition"), (
     "recognition; appreciation; praise; saying thank you; kudos; rewards; employee awards; Wertschätzung; "
     "Anerkennung; Lob")),
    ("engagement", N_("Why people stay or go"), (
     "retention; employee engagement; great resignation; staff turnover; exit interviews; losing people; "
     "employee survey; Mitarbeiterbindung; Fluktuation")),
    ("pay-openness", N_("Talking openly about pay"), (
     "pay transparency; salary transparency; salary bands; employee benefits; bonus; compensation; perks; "
     "Entgelttransparenz; Gehaltsbänder")),
    ("wellbeing", N_("Wellbeing and mental health"), (
     "mental health; wellbeing; burnout; stress; mindfulness; self-care; anxiety; loneliness; therapy; "
     "psychische Gesundheit; Achtsamkeit")),
    ("healthy-habits", N_("Sleep, movement and eating well"), (
     "healthy habits; sleep; exercise; yoga; fitness; standing desk; back pain; healthy eating; nutrition; "
     "gesunder Schlaf; Ernährung")),
    ("switching-off", N_("Boundaries and switching off"), (
     "work-life balance; quiet quitting; right to disconnect; overtime; always on; emails after hours; digital detox; "
     "screen time; Feierabend")),
    ("focus", N_("Focus and deep work"), (
     "focus; deep work; concentration; distractions; procrastination; Pomodoro; focus time; to-do lists; "
     "getting things done; Konzentration; Prokrastination")),
    ("feedback", N_("Feedback that goes both ways"), (
     "feedback; giving feedback; upward feedback; 360 feedback; candour; radical candor; constructive criticism; "
     "asking for feedback; Feedback geben")),
    ("speaking-up", N_("Speaking up safely"),
     "psychological safety; speak up culture; speaking truth to power; safe to fail; learning from mistakes; Fehlerkultur"),
    ("flat-hierarchies", N_("Teams with less hierarchy"), (
     "flat hierarchies; self-organised teams; holacracy; micromanagement; autonomy; shared leadership; "
     "agile organisation; flache Hierarchien; Selbstorganisation")),
    ("meetings", N_("Better meetings"),
     "fewer meetings; meeting culture; facilitation; asynchronous work; Zoom fatigue; stand-ups; workshops; Besprechungen"),
    ("attracting-talent", N_("What draws young talent"), (
     "recruiting; hiring; employer branding; job adverts; job interviews; graduates; candidate experience; "
     "Bewerbungen; Arbeitgebermarke; Fachkräftemangel")),
    ("new-careers", N_("Careers that are not ladders"), (
     "job hopping; side hustle; portfolio career; freelancing; sabbatical; gig economy; job sharing; part-time work; "
     "Teilzeit")),
    ("start-ups", N_("Start-ups and how they work"), (
     "start-ups; startup; founders; entrepreneurship; venture capital; intrapreneurship; accelerator; pitch deck; unicorns; "
     "Gründung; Gründerszene")),
    ("future-of-work", N_("The future of work"), (
     "New Work; jobs of the future; future skills; AI and jobs; will AI take my job; labour market; skills shortage; "
     "Zukunft der Arbeit; Arbeitsmarkt")),
    ("learning", N_("How we learn now"), (
     "microlearning; lifelong learning; YouTube tutorials; online courses; e-learning; Duolingo; upskilling; "
     "Weiterbildung")),
)
# fmt: on
