"""Topics of social media."""

from portal.core.translatable import N_

# A table is read by its rows; one value to a line would make it half as long again.
# fmt: off

SOCIAL_MEDIA: tuple[tuple[str, str, str], ...] = (
    ("short-video", N_("Short-form video"), (
     "reels; Instagram Reels; TikTok; TikToks; YouTube Shorts; CapCut; vertical video; short videos; short clips; "
     "Kurzvideos")),
    ("video-making", N_("Filming and editing"), (
     "filming; video editing; video production; Premiere Pro; DaVinci Resolve; iMovie; Final Cut; b-roll; "
     "filming with a phone; subtitles; Videoschnitt")),
    ("youtube", N_("YouTube and longer video"), (
     "YouTube; YouTube channel; YouTube videos; long-form video; thumbnails; vlog; vlogging; YouTube Studio; subscribers; "
     "YouTube-Kanal")),
    ("on-camera", N_("Being good on camera"), (
     "speaking to the camera; camera confidence; webcam; ring light; lighting; teleprompter; video message; "
     "talking head video; vor der Kamera")),
    ("live-streaming", N_("Going live"), (
     "live streaming; livestream; streaming setup; Instagram Live; LinkedIn Live; webinars; hosting a webinar; "
     "OBS Studio; Live-Übertragung")),
    ("photography", N_("Better photos with a phone"), (
     "photography; photos; phone photography; photo editing; Lightroom; taking better pictures; portrait mode; selfies; "
     "picture composition; Fotografie; Bildbearbeitung")),
    ("instagram", N_("Instagram and pictures that travel"),
     "Instagram; insta; IG; Instagram stories; carousel posts; Instagram feed; Instagram profile; Pinterest; mood boards"),
    ("linkedin", N_("LinkedIn and your own voice"), (
     "LinkedIn; LinkedIn profile; LinkedIn posts; XING; personal branding; personal brand; thought leadership; "
     "social selling; my online profile")),
    ("employee-advocacy", N_("Colleagues as ambassadors"), (
     "employee advocacy; corporate influencer; brand ambassadors; ambassador programme; sharing company news; "
     "account takeover; Markenbotschafter")),
    ("influencers", N_("Creators and influencers"), (
     "influencer; influencer marketing; content creators; UGC; YouTubers; brand deals; sponsored posts; "
     "creator economy; social commerce")),
    ("podcasts", N_("Podcasts and audio"),
     "podcast; podcasting; Spotify; video podcast; audio storytelling; audiobooks; recording sound; Podcast aufnehmen"),
    ("online-writing", N_("Writing for screens"), (
     "copywriting; captions; headlines; hooks; blog posts; blogging; newsletters; Substack; web copy; "
     "call to action; Werbetexte")),
    ("online-communities", N_("Online communities"),
     "Discord; Reddit; subreddit; Facebook groups; Telegram; forums; community management; building a community; Mastodon"),
    ("new-platforms", N_("New platforms and what comes next"), (
     "Threads; Bluesky; BeReal; Lemon8; Clubhouse; fediverse; new apps; next big platform; leaving Twitter; "
     "neue Plattformen")),
    ("chat-and-emoji", N_("Chat, emoji and tone"),
     "emoji; emojis; GIFs; WhatsApp; voice messages; texting; Snapchat; chat etiquette; netiquette; Sprachnachrichten"),
    ("memes", N_("Memes, trends and pop culture"), (
     "memes; youth slang; going viral; internet culture; internet humour; TikTok trends; pop culture; Netflix; "
     "fandom; Jugendsprache")),
    ("social-strategy", N_("Social media for our brand"), (
     "social media; Twitter; social media marketing; content strategy; content calendar; brand voice; Facebook; "
     "digital marketing; Soziale Medien")),
    ("paid-social", N_("Advertising on social media"), (
     "social media ads; Facebook ads; Meta Ads; Google Ads; paid social; retargeting; performance marketing; "
     "pay per click; targeted ads; Onlinewerbung")),
    ("algorithms", N_("Algorithms and reach"), (
     "algorithm; social media analytics; engagement rate; impressions; hashtags; SEO; feed algorithm; followers; "
     "Reichweite")),
    ("social-listening", N_("Hearing what people say about us"), (
     "social listening; brand monitoring; sentiment analysis; Google Alerts; Hootsuite; Brandwatch; brand mentions; "
     "trend spotting; Social-Media-Monitoring")),
    ("social-service", N_("Helping customers on social media"), (
     "social media customer service; chat support; direct messages; DMs; WhatsApp Business; answering complaints; "
     "live chat; Kundenservice")),
    ("internal-communication", N_("Social media inside the company"), (
     "internal communications; intranet; Viva Engage; Yammer; employee app; enterprise social network; "
     "company news; interne Kommunikation")),
    ("online-reputation", N_("When it goes wrong online"), (
     "shitstorm; trolls; hate comments; hate speech; cancel culture; online reviews; Glassdoor; kununu; backlash; "
     "online bullying")),
    ("misinformation", N_("Telling true from false"), (
     "misinformation; fake news; disinformation; fact checking; conspiracy theories; media literacy; filter bubble; "
     "propaganda; Medienkompetenz")),
    ("digital-footprint", N_("Private life on public platforms"), (
     "digital footprint; privacy settings; oversharing; sharenting; location sharing; googling myself; "
     "deleting old posts; Privatsphäre; digitale Spuren")),
    ("growing-up-online", N_("Children and teenagers online"), (
     "growing up online; parental controls; kids and phones; cyberbullying; online safety for children; "
     "first smartphone; teenagers and social media; Kinder im Netz")),
    ("online-activism", N_("Activism and campaigns online"), (
     "online activism; hashtag activism; online petitions; clicktivism; digital campaigning; crowdfunding; "
     "mobilising people; Online-Petition")),
    ("online-rights", N_("Copyright and rules online"), (
     "copyright; image rights; Creative Commons; music rights; GEMA; social media policy; social media guidelines; "
     "ad disclosure; Urheberrecht; Impressum")),
)
# fmt: on
