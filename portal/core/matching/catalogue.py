"""The topics the portal ships with, as tables: six areas, and in each (id, label, names that people type).

The first five areas are what the juniors teach, the sixth is what the seniors give back. Ids are for ever; labels and
names may be edited. Names are separated by semicolons: jargon, brands, German. A name belongs to one topic only, and is
a whole thing somebody would type; one that says little by itself ("work", "team") finds the wrong topic.
"""

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

# A table is read by its rows; one value to a line would make it half as long again.
# fmt: off

DIGITAL: tuple[Row, ...] = (
    ("ai-at-work", N_("AI at work"),
     "AI; ChatGPT; Copilot; Gemini; generative AI; gen AI; chatbots; artificial intelligence; KI; künstliche Intelligenz"),
    ("prompting", N_("Asking AI well"),
     "prompting; prompts; prompt engineering; prompt writing; custom GPTs; system prompt; prompten; prompt library"),
    ("ai-risks", N_("Checking what AI says"),
     "AI ethics; responsible AI; hallucinations; AI bias; deepfakes; EU AI Act; KI-Verordnung; AI regulation; AI safety"),
    ("data-literacy", N_("Data, charts and spreadsheets"), (
     "data; data analysis; dashboards; Power BI; Tableau; Excel; pivot tables; Google Sheets; data visualisation; "
     "Datenkompetenz")),
    ("automation", N_("Automation without code"),
     "automation; no-code; low-code; Zapier; Power Automate; Power Apps; Airtable; workflows; macros; Automatisierung"),
    ("coding", N_("First steps in coding"),
     "coding; programming; Python; JavaScript; SQL; HTML; GitHub; learn to code; vibe coding; software development"),
    ("cyber-security", N_("Staying safe online"), (
     "cyber security; cybersecurity; passwords; password manager; phishing; passkeys; two-factor; hackers; "
     "online scams; IT-Sicherheit")),
    ("privacy", N_("Privacy and our data"),
     "privacy; data protection; GDPR; DSGVO; Datenschutz; cookies; online tracking; personal data; who sees my data"),
    ("shared-work", N_("Working in Teams, Slack and shared files"),
     "Microsoft Teams; MS Teams; Slack; SharePoint; OneDrive; Zoom; video calls; Notion; Trello; collaboration tools"),
    ("user-experience", N_("Designing for the people who use it"), (
     "UX; UI; user experience; Figma; design thinking; usability; customer journey; prototyping; app design; "
     "Nutzererlebnis")),
    ("digital-money", N_("Crypto and digital money"),
     "crypto; Bitcoin; blockchain; NFT; Web3; Ethereum; Apple Pay; mobile payments; fintech; Kryptowährung"),
    ("gaming", N_("Gaming and virtual worlds"),
     "video games; Fortnite; esports; Twitch; Minecraft; Roblox; gamification; virtual reality; VR; metaverse"),
    ("smartphone", N_("Getting more from your phone"),
     "iPhone; Android; Samsung; mobile apps; mobile phone; tablet; iPad; phone tips; app store; Handy"),
)

SOCIAL_MEDIA: tuple[Row, ...] = (
    ("short-video", N_("Short-form video"),
     "reels; Instagram Reels; TikTok; TikToks; YouTube Shorts; CapCut; vertical video; video editing; filming; Kurzvideos"),
    ("instagram", N_("Instagram and pictures that travel"),
     "Instagram; insta; Instagram stories; carousel posts; phone photography; Canva; Pinterest; photo editing; BeReal"),
    ("linkedin", N_("LinkedIn and your own voice"), (
     "LinkedIn; LinkedIn profile; LinkedIn posts; XING; personal branding; personal brand; thought leadership; "
     "social selling")),
    ("influencers", N_("Creators and influencers"), (
     "influencer; influencer marketing; content creators; UGC; YouTubers; brand deals; sponsored posts; "
     "creator economy; social commerce")),
    ("podcasts", N_("Podcasts and audio"),
     "podcast; podcasting; Spotify; video podcast; audio storytelling; audiobooks; recording sound; Podcast aufnehmen"),
    ("online-communities", N_("Online communities"),
     "Discord; Reddit; subreddit; Facebook groups; Telegram; forums; community management; building a community; Mastodon"),
    ("chat-and-emoji", N_("Chat, emoji and tone"),
     "emoji; emojis; GIFs; WhatsApp; voice messages; texting; Snapchat; chat etiquette; netiquette; Sprachnachrichten"),
    ("memes", N_("Memes, trends and pop culture"), (
     "memes; youth slang; going viral; internet culture; internet humour; TikTok trends; pop culture; Netflix; "
     "fandom; Jugendsprache")),
    ("social-strategy", N_("Social media for our brand"), (
     "social media; Twitter; social media marketing; content strategy; content calendar; brand voice; Facebook; "
     "digital marketing; Soziale Medien")),
    ("algorithms", N_("Algorithms and reach"), (
     "algorithm; social media analytics; engagement rate; impressions; hashtags; SEO; feed algorithm; followers; "
     "Reichweite")),
    ("online-reputation", N_("When it goes wrong online"), (
     "shitstorm; trolls; hate comments; hate speech; cancel culture; online reviews; Glassdoor; kununu; backlash; "
     "online bullying")),
    ("misinformation", N_("Telling true from false"), (
     "misinformation; fake news; disinformation; fact checking; conspiracy theories; media literacy; filter bubble; "
     "Medienkompetenz")),
)

WORKING_LIFE: tuple[Row, ...] = (
    ("gen-z", N_("How Gen Z sees work"), (
     "Gen Z; Generation Z; zoomers; young employees; young people; digital natives; what young people want; "
     "junge Mitarbeitende")),
    ("across-generations", N_("Working across generations"), (
     "generations; millennials; boomers; Gen X; generation gap; ageism; age discrimination; intergenerational; "
     "Generationen")),
    ("flexible-work", N_("Hybrid and flexible work"), (
     "hybrid work; remote work; working from home; WFH; home office; four-day week; flexitime; return to office; "
     "workation")),
    ("purpose", N_("Purpose and meaning at work"),
     "purpose; meaning; meaningful work; company values; why we work; job satisfaction; Sinn der Arbeit; motivation"),
    ("wellbeing", N_("Wellbeing and mental health"), (
     "mental health; wellbeing; burnout; stress; mindfulness; self-care; anxiety; loneliness; psychische Gesundheit; "
     "Achtsamkeit")),
    ("switching-off", N_("Boundaries and switching off"), (
     "work-life balance; quiet quitting; right to disconnect; overtime; always on; emails after hours; digital detox; "
     "screen time; Feierabend")),
    ("feedback", N_("Feedback that goes both ways"), (
     "feedback; giving feedback; upward feedback; 360 feedback; candour; radical candor; constructive criticism; "
     "Feedback geben")),
    ("speaking-up", N_("Speaking up safely"),
     "psychological safety; speak up culture; speaking truth to power; safe to fail; learning from mistakes; Fehlerkultur"),
    ("meetings", N_("Better meetings"),
     "fewer meetings; meeting culture; facilitation; asynchronous work; Zoom fatigue; stand-ups; workshops; Besprechungen"),
    ("attracting-talent", N_("What draws young talent"), (
     "recruiting; hiring; employer branding; job adverts; job interviews; graduates; retention; onboarding; "
     "Bewerbungen; Arbeitgebermarke")),
    ("new-careers", N_("Careers that are not ladders"), (
     "job hopping; side hustle; portfolio career; freelancing; sabbatical; gig economy; job sharing; part-time work; "
     "Teilzeit")),
    ("learning", N_("How we learn now"), (
     "microlearning; lifelong learning; YouTube tutorials; online courses; e-learning; Duolingo; upskilling; "
     "Weiterbildung")),
)

INCLUSION: tuple[Row, ...] = (
    ("inclusion-basics", N_("Diversity and inclusion, the basics"),
     "diversity; inclusion; diversity and inclusion; D&I; DEI; EDI; equity; belonging; Vielfalt; Inklusion"),
    ("inclusive-language", N_("Inclusive language"), (
     "gender-neutral language; plain language; gendern; gendered language; political correctness; woke; "
     "geschlechtergerechte Sprache")),
    ("pronouns", N_("Pronouns and gender identity"),
     "pronouns; they/them; he/him; she/her; transgender; trans; non-binary; gender identity; misgendering; Pronomen"),
    ("lgbtq", N_("LGBTQ+ colleagues"),
     "LGBTQ; LGBT; LGBTQIA; queer; Pride; gay; lesbian; bisexual; coming out; Christopher Street Day"),
    ("race", N_("Race and racism"),
     "racism; anti-racism; race; racial equality; ethnicity; Black Lives Matter; BLM; people of colour; BIPOC; Rassismus"),
    ("gender-equality", N_("Women and gender equality"), (
     "gender equality; women in leadership; gender pay gap; feminism; sexism; MeToo; glass ceiling; Gleichstellung; "
     "Frauen in Führung")),
    ("disability", N_("Disability and accessibility"), (
     "disability; accessibility; a11y; WCAG; wheelchair; screen reader; sign language; deaf; Barrierefreiheit; "
     "Behinderung")),
    ("neurodiversity", N_("Neurodiversity"),
     "neurodivergent; ADHD; ADHS; autism; autistic; dyslexia; dyspraxia; Asperger; Autismus"),
    ("bias", N_("Unconscious bias"),
     "bias; implicit bias; stereotypes; prejudice; microaggressions; blind spots; Vorurteile; Schubladendenken"),
    ("allyship", N_("Being a good ally"),
     "allyship; ally; privilege; white privilege; bystander; calling out; solidarity; standing up for others; Verbündete"),
    ("social-background", N_("Class and social background"), (
     "social mobility; working class; class background; first generation student; first in the family; Arbeiterkind; "
     "low income")),
    ("cultures", N_("Working across cultures"), (
     "intercultural; cross-cultural; cultural differences; global teams; expats; migration; language barriers; "
     "interkulturell")),
    ("faith", N_("Faith and belief at work"),
     "religion; faith; Ramadan; prayer room; hijab; Muslim; Jewish; antisemitism; Islamophobia; Religion am Arbeitsplatz"),
    ("families", N_("Parents, carers and family life"), (
     "parents; carers; parental leave; maternity; paternity; childcare; working mums; menopause; Elternzeit; "
     "Vereinbarkeit")),
)

SUSTAINABILITY: tuple[Row, ...] = (
    ("sustainability-basics", N_("Sustainability, the basics"), (
     "sustainability; Nachhaltigkeit; sustainable; SDGs; sustainable development goals; biodiversity; going green; "
     "Umweltschutz")),
    ("climate", N_("Climate change"), (
     "climate; global warming; greenhouse gases; climate crisis; climate activism; Fridays for Future; Klimawandel; "
     "Klimaschutz")),
    ("carbon-footprint", N_("Our carbon footprint"),
     "scope 3; scope 1; scope 2; CO2; carbon accounting; emissions; GHG Protocol; science based targets; CO2-Bilanz"),
    ("net-zero", N_("Net zero and clean energy"), (
     "net zero; renewables; renewable energy; solar; wind power; carbon offsetting; saving energy; decarbonisation; "
     "Energiewende")),
    ("circular-economy", N_("Less waste, longer use"), (
     "circular economy; recycling; plastic; packaging; zero waste; food waste; second hand; fast fashion; "
     "Kreislaufwirtschaft")),
    ("esg", N_("ESG and reporting"), (
     "ESG; CSRD; sustainability reporting; sustainability report; EU taxonomy; double materiality; green finance; "
     "Nachhaltigkeitsbericht")),
    ("green-claims", N_("Honest green claims"), (
     "greenwashing; green claims; green marketing; eco labels; greenhushing; sustainability communication; "
     "ethical advertising")),
    ("supply-chains", N_("Fair supply chains"), (
     "supply chain; fair trade; modern slavery; human rights; child labour; ethical sourcing; Lieferkette; "
     "Lieferkettengesetz")),
    ("green-travel", N_("Travel and getting to work"), (
     "sustainable travel; business travel; commuting; fewer flights; e-bikes; electric cars; cycling to work; "
     "Mobilität; Deutschlandticket")),
    ("volunteering", N_("Volunteering and social impact"), (
     "volunteer; charity; pro bono; fundraising; CSR; corporate social responsibility; social enterprise; "
     "social impact; Ehrenamt")),
)

LEADERSHIP: tuple[Row, ...] = (
    ("leading-people", N_("Leading people"), (
     "leadership; managing people; first-time manager; delegation; delegating; leading a team; becoming a manager; "
     "Führung; Führungskraft")),
    ("strategy", N_("Thinking strategically"),
     "strategy; strategic thinking; vision; OKRs; long-term planning; the big picture; business model; Strategie"),
    ("finance", N_("Budgets and finance"),
     "finance; budget; budgeting; P&L; balance sheet; forecasting; cash flow; business case; Finanzen; Controlling"),
    ("stakeholders", N_("Working with stakeholders"), (
     "stakeholder; stakeholder management; managing up; buy-in; influencing without authority; persuasion; clients; "
     "Kunden")),
    ("decisions", N_("How decisions are really made"), (
     "decision making; office politics; governance; the board; board of directors; power at work; Entscheidungen; "
     "Vorstand")),
    ("negotiation", N_("Negotiating"), (
     "negotiation; negotiation skills; salary negotiation; asking for a pay rise; contracts; deals; verhandeln; "
     "Gehaltsverhandlung")),
    ("presenting", N_("Speaking to a room"), (
     "public speaking; presentations; presentation skills; PowerPoint; stage fright; storytelling; pitching; "
     "executive presence; Rhetorik")),
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

ROWS: dict[str, tuple[Row, ...]] = {
    "digital": DIGITAL,
    "social-media": SOCIAL_MEDIA,
    "working-life": WORKING_LIFE,
    "inclusion": INCLUSION,
    "sustainability": SUSTAINABILITY,
    "leadership": LEADERSHIP,
}
