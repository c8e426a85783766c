"""Topics of digital technology."""

from portal.core.translatable import N_

# A table is read by its rows; one value to a line would make it half as long again.
# fmt: off

DIGITAL: tuple[tuple[str, str, str], ...] = (
    ("ai-at-work", N_("AI at work"),
     "AI; ChatGPT; Copilot; Gemini; generative AI; gen AI; chatbots; artificial intelligence; KI; künstliche Intelligenz"),
    ("prompting", N_("Asking AI well"),
     "prompting; prompts; prompt engineering; prompt writing; custom GPTs; system prompt; prompten; prompt library"),
    ("ai-risks", N_("Checking what AI says"),
     "AI ethics; responsible AI; hallucinations; AI bias; deepfakes; EU AI Act; KI-Verordnung; AI regulation; AI safety"),
    ("ai-pictures", N_("Pictures and films made by AI"), (
     "AI images; image generation; Midjourney; DALL-E; Stable Diffusion; Sora; Adobe Firefly; text to image; AI art; "
     "KI-Bilder")),
    ("ai-agents", N_("AI that acts for you"), (
     "AI agents; agentic AI; AI assistants; Copilot Studio; autonomous agents; building a chatbot; Claude Code; "
     "AI workflows; KI-Agenten")),
    ("ai-notes", N_("Notes and transcripts made by AI"), (
     "transcription; transcripts; AI note taker; Otter; Fireflies; dictation; speech to text; automatic summaries; "
     "live captions; Mitschrift")),
    ("machine-learning", N_("How machine learning works"), (
     "machine learning; deep learning; neural networks; LLM; large language models; training data; data science; "
     "Hugging Face; maschinelles Lernen")),
    ("data-literacy", N_("Data, charts and spreadsheets"), (
     "data; data analysis; dashboards; Power BI; Tableau; Excel; pivot tables; Google Sheets; data visualisation; "
     "Datenkompetenz")),
    ("data-stories", N_("Telling a story with data"), (
     "data storytelling; infographics; chart design; Flourish; Datawrapper; presenting numbers; visual reports; "
     "Looker Studio; Infografiken")),
    ("automation", N_("Automation without code"),
     "automation; no-code; low-code; Zapier; Power Automate; Power Apps; Airtable; workflows; macros; Automatisierung"),
    ("coding", N_("First steps in coding"),
     "coding; programming; Python; JavaScript; SQL; HTML; GitHub; learn to code; vibe coding; software development"),
    ("websites", N_("Building a website"), (
     "websites; web design; WordPress; Squarespace; Wix; Webflow; website builder; landing pages; domain names; "
     "own website; Website erstellen")),
    ("open-source", N_("Open source and open data"), (
     "open source; free software; Linux; open data; Wikipedia; hackathons; open source licences; "
     "contributing to open source; freie Software")),
    ("cloud", N_("The cloud, explained"), (
     "cloud; cloud computing; AWS; Azure; Google Cloud; SaaS; cloud storage; Dropbox; iCloud; servers; data centres; "
     "Cloud-Speicher")),
    ("cyber-security", N_("Staying safe online"), (
     "cyber security; cybersecurity; passwords; password manager; phishing; passkeys; two-factor; hackers; "
     "online scams; IT-Sicherheit")),
    ("privacy", N_("Privacy and our data"),
     "privacy; data protection; GDPR; DSGVO; Datenschutz; cookies; online tracking; personal data; who sees my data"),
    ("shared-work", N_("Working in Teams, Slack and shared files"),
     "Microsoft Teams; MS Teams; Slack; SharePoint; OneDrive; Zoom; video calls; Notion; Trello; collaboration tools"),
    ("online-workshops", N_("Online whiteboards and workshops"), (
     "Miro; Mural; FigJam; online whiteboard; virtual workshops; Mentimeter; Slido; Kahoot; digital sticky notes; "
     "live polls; Online-Workshop")),
    ("inbox", N_("Taming the inbox and calendar"), (
     "Outlook; Gmail; inbox zero; email overload; too many emails; calendar tips; Calendly; scheduling; "
     "keyboard shortcuts; Posteingang; E-Mail-Flut")),
    ("note-taking", N_("Notes and a second brain"), (
     "OneNote; Obsidian; Evernote; taking notes; second brain; personal knowledge management; bullet journal; "
     "Zettelkasten; Notizen")),
    ("paperless", N_("The office without paper"), (
     "paperless office; e-signature; electronic signature; DocuSign; Adobe Acrobat; PDF; scanning; digital forms; "
     "papierloses Büro")),
    ("web-search", N_("Finding things on the web"), (
     "Google; googling; search tips; search engines; Perplexity; online research; reverse image search; "
     "Google Scholar; Internetrecherche")),
    ("user-experience", N_("Designing for the people who use it"), (
     "UX; UI; user experience; Figma; design thinking; usability; customer journey; prototyping; app design; "
     "Nutzererlebnis")),
    ("design-tools", N_("Graphic design without a designer"), (
     "graphic design; Canva; Adobe Express; Photoshop; InDesign; design templates; fonts; colour palettes; logo; "
     "Grafikdesign")),
    ("digital-products", N_("How digital products are made"), (
     "product management; product owner; MVP; minimum viable product; A/B testing; lean startup; user stories; "
     "product roadmap; Produktentwicklung")),
    ("crm", N_("Customer data and CRM"), (
     "Salesforce; HubSpot; CRM system; customer relationship management; customer data; marketing automation; "
     "email campaigns; Mailchimp; Kundendaten")),
    ("e-commerce", N_("How people shop online"), (
     "online shopping; online shop; Amazon; Shopify; Zalando; eBay; online marketplaces; quick commerce; "
     "shopping apps; Onlinehandel")),
    ("digital-money", N_("Crypto and digital money"),
     "crypto; Bitcoin; blockchain; NFT; Web3; Ethereum; Apple Pay; mobile payments; fintech; Kryptowährung"),
    ("money-apps", N_("Banking and investing by app"), (
     "online banking; neobank; N26; Revolut; PayPal; Klarna; Trade Republic; ETFs; budgeting apps; buy now pay later; "
     "Sparplan")),
    ("gaming", N_("Gaming and virtual worlds"),
     "video games; Fortnite; esports; Twitch; Minecraft; Roblox; gamification; virtual reality; VR; metaverse"),
    ("smartphone", N_("Getting more from your phone"),
     "iPhone; Android; Samsung; mobile apps; mobile phone; tablet; iPad; phone tips; app store; Handy"),
    ("connected-things", N_("Smart homes and connected things"), (
     "internet of things; IoT; smart home; Alexa; Siri; smart speaker; wearables; smartwatch; Apple Watch; sensors; "
     "vernetzte Geräte")),
    ("smart-factory", N_("Robotics and smart factories"), (
     "robotics; Industry 4.0; digital twin; 3D printing; drones; cobots; predictive maintenance; Industrie 4.0; "
     "Roboter")),
    ("digital-health", N_("Health apps and digital care"), (
     "health apps; telemedicine; online doctor; Strava; sleep tracking; fitness tracker; e-prescription; "
     "elektronische Patientenakte; Gesundheits-App")),
    ("tech-trends", N_("Where technology is going"), (
     "technology trends; tech trends; emerging technology; quantum computing; 5G; self-driving cars; tech news; "
     "Silicon Valley; Zukunftstechnologien")),
)
# fmt: on
