"""Topics of leading and the business: what the seniors give back."""

from portal.core.translatable import N_

# A table is read by its rows; one value to a line would make it half as long again.
# fmt: off

LEADERSHIP: tuple[tuple[str, str, str], ...] = (
    ("leading-people", N_("Leading people"), (
     "leadership; managing people; first-time manager; delegation; delegating; leading a team; becoming a manager; "
     "Führung; Führungskraft")),
    ("leading-remotely", N_("Leading from a distance"), (
     "remote leadership; leading remote teams; managing a hybrid team; virtual leadership; trust at a distance; "
     "teams in several time zones; Führen auf Distanz")),
    ("building-teams", N_("Building a team"), (
     "talent management; succession planning; high potentials; team roles; choosing people; staffing; "
     "Talentförderung; Nachfolgeplanung")),
    ("goals-and-reviews", N_("Goals and appraisals"), (
     "performance reviews; appraisals; goal setting; SMART goals; annual review; performance management; "
     "development plan; Mitarbeitergespräch; Zielvereinbarung")),
    ("coaching", N_("Coaching, mentoring and listening"), (
     "coaching; mentoring; being a mentor; reverse mentoring; active listening; asking good questions; sponsorship; "
     "role models; Zuhören")),
    ("confidence", N_("Confidence and calm"), (
     "self-confidence; confidence; imposter syndrome; assertiveness; emotional intelligence; self-awareness; staying calm; "
     "Selbstbewusstsein; Hochstapler-Syndrom")),
    ("strategy", N_("Thinking strategically"),
     "strategy; strategic thinking; vision; OKRs; long-term planning; the big picture; business model; Strategie"),
    ("clear-thinking", N_("Clear thinking and solving problems"), (
     "critical thinking; problem solving; systems thinking; first principles; root cause analysis; mental models; "
     "analytical thinking; Problemlösung")),
    ("innovation", N_("Innovation and new ideas"), (
     "innovation; creativity; brainstorming; idea management; disruption; research and development; R&D; design sprint; "
     "Ideenfindung; Kreativität")),
    ("finance", N_("Budgets and finance"),
     "finance; budget; budgeting; P&L; balance sheet; forecasting; cash flow; business case; Finanzen; Controlling"),
    ("investors", N_("Investors and the capital market"), (
     "investor relations; shareholders; stock market; annual general meeting; private equity; valuation; IPO; "
     "Kapitalmarkt; Börse; Aktien")),
    ("own-money", N_("Looking after your own money"), (
     "personal finance; saving money; mortgage; buying a house; tax return; insurance; financial planning; "
     "Steuererklärung; Altersvorsorge")),
    ("stakeholders", N_("Working with stakeholders"), (
     "stakeholder; stakeholder management; managing up; buy-in; influencing without authority; persuasion; clients; "
     "Kunden")),
    ("decisions", N_("How decisions are really made"), (
     "decision making; office politics; governance; the board; board of directors; power at work; Entscheidungen; "
     "Vorstand")),
    ("our-industry", N_("How our company and industry work"), (
     "industry knowledge; company history; competitors; how the company works; org chart; our products; market trends; "
     "Branchenwissen; Wettbewerber")),
    ("markets", N_("Understanding customers and markets"), (
     "market research; customer needs; customer experience; CX; NPS; target groups; customer interviews; "
     "Marktforschung; Zielgruppen")),
    ("marketing", N_("Marketing and brands"), (
     "marketing; branding; brand strategy; brand positioning; advertising; campaigns; go-to-market; product launch; "
     "Markenführung; Werbung")),
    ("sales", N_("Selling and winning customers"), (
     "sales; selling; key account management; sales pipeline; cold calling; customer acquisition; B2B sales; "
     "Vertrieb; Verkaufen; Akquise")),
    ("operations", N_("How the work gets done"), (
     "operations; process improvement; lean management; Six Sigma; Kaizen; quality management; logistics; KPIs; "
     "Prozesse; Qualitätsmanagement")),
    ("procurement", N_("Buying and suppliers"), (
     "procurement; purchasing; suppliers; tenders; outsourcing; vendor management; request for proposal; Einkauf; "
     "Ausschreibung; Lieferanten")),
    ("law", N_("Law and compliance, the basics"), (
     "compliance; legal basics; employment law; patents; intellectual property; liability; works council; Arbeitsrecht; "
     "Betriebsrat; Vertragsrecht")),
    ("public-affairs", N_("Public affairs and how laws are made"), (
     "lobbying; government relations; public policy; public sector; EU policy; Brussels; associations; "
     "Interessenvertretung; Gesetzgebung")),
    ("going-abroad", N_("Working and growing abroad"), (
     "international assignment; secondment; international business; export; expansion; going global; "
     "entering new markets; Auslandseinsatz; Entsendung")),
    ("negotiation", N_("Negotiating"), (
     "negotiation; negotiation skills; salary negotiation; asking for a pay rise; contracts; deals; verhandeln; "
     "Gehaltsverhandlung")),
    ("presenting", N_("Speaking to a room"), (
     "public speaking; presentations; presentation skills; PowerPoint; stage fright; storytelling; pitching; "
     "executive presence; Rhetorik")),
    ("hosting", N_("Hosting and moderating"), (
     "moderating; moderating a panel; panel discussion; hosting events; organising events; conferences; keynote; "
     "Moderation; Podiumsdiskussion")),
    ("media-training", N_("Speaking to the press"), (
     "media training; press; journalists; media interviews; press release; public relations; PR; crisis communication; "
     "spokesperson; Pressearbeit")),
    ("executive-writing", N_("Writing for busy people"), (
     "business writing; executive summary; board papers; management reports; briefing notes; one-pager; "
     "pyramid principle; Entscheidungsvorlage")),
    ("career-planning", N_("Planning a career and a network"),
     "career; career advice; promotion; networking; CV; small talk; next career step; Karriere; Netzwerken"),
    ("change", N_("Leading through change"), (
     "change management; transformation; restructuring; mergers; resilience; crisis management; reorganisation; "
     "Veränderung")),
    ("difficult-conversations", N_("Difficult conversations"), (
     "conflict; conflict resolution; hard conversations; giving bad news; saying no; mediation; Konflikte; "
     "schwierige Gespräche")),
    ("projects", N_("Projects and priorities"), (
     "project management; prioritising; time management; productivity; agile; Scrum; Jira; risk management; "
     "Projektmanagement")),
)
# fmt: on
