"""Topics of sustainability and social impact."""

from portal.core.translatable import N_

# A table is read by its rows; one value to a line would make it half as long again.
# fmt: off

SUSTAINABILITY: tuple[tuple[str, str, str], ...] = (
    ("sustainability-basics", N_("Sustainability, the basics"), (
     "sustainability; Nachhaltigkeit; sustainable; SDGs; sustainable development goals; going green; "
     "planetary boundaries; Umweltschutz")),
    ("climate", N_("Climate change"), (
     "climate; global warming; greenhouse gases; climate crisis; climate activism; Fridays for Future; Klimawandel; "
     "Klimaschutz")),
    ("climate-feelings", N_("Climate worry and climate hope"), (
     "climate anxiety; eco-anxiety; climate grief; doomscrolling; talking about climate; climate hope; Klimaangst; "
     "Last Generation")),
    ("climate-adaptation", N_("Living with a changing climate"), (
     "climate adaptation; extreme weather; floods; heatwaves; drought; climate risk; Hitzeschutz; "
     "Klimaanpassung; Hochwasser")),
    ("carbon-footprint", N_("Our carbon footprint"),
     "scope 3; scope 1; scope 2; CO2; carbon accounting; emissions; GHG Protocol; science based targets; CO2-Bilanz"),
    ("net-zero", N_("Net zero and clean energy"), (
     "net zero; renewables; renewable energy; solar; wind power; carbon offsetting; saving energy; decarbonisation; "
     "Energiewende")),
    ("green-buildings", N_("Buildings that use less energy"), (
     "green buildings; insulation; heat pumps; energy efficiency; retrofitting; LEED; smart meters; Wärmepumpe; "
     "energetische Sanierung")),
    ("green-it", N_("Digital that uses less"), (
     "green IT; digital carbon footprint; energy use of AI; e-waste; refurbished devices; green software; digital clean-up; "
     "Elektroschrott")),
    ("circular-economy", N_("Less waste, longer use"), (
     "circular economy; recycling; plastic; packaging; zero waste; food waste; reuse; deposit schemes; "
     "Kreislaufwirtschaft")),
    ("eco-design", N_("Products made to last"), (
     "eco-design; life cycle assessment; LCA; cradle to cradle; right to repair; repairability; digital product passport; "
     "Ökobilanz; Ökodesign")),
    ("fashion", N_("Clothes, second hand and fast fashion"), (
     "fast fashion; slow fashion; second hand; Vinted; thrifting; Shein; sustainable fashion; clothes swap; "
     "Secondhand-Mode")),
    ("food", N_("Food and farming"), (
     "plant-based food; vegan; vegetarian; meat; organic food; regenerative agriculture; food miles; canteen; "
     "pflanzliche Ernährung; Landwirtschaft")),
    ("biodiversity", N_("Nature and biodiversity"), (
     "biodiversity; nature; species loss; bees; forests; deforestation; planting trees; rewilding; Artenvielfalt; "
     "Naturschutz")),
    ("water", N_("Water and oceans"), (
     "water; oceans; microplastics; plastic in the sea; water footprint; clean water; overfishing; Meere; Wasserverbrauch")),
    ("greener-living", N_("Living greener at home"), (
     "sustainable living; eco-friendly habits; balcony solar; minimalism; tiny house; buying less; green consumption; "
     "Balkonkraftwerk; grüner leben")),
    ("green-office", N_("Greener offices and events"), (
     "green office; green events; sustainable events; green team; green procurement; saving paper; "
     "nachhaltige Veranstaltungen; Umweltteam")),
    ("esg", N_("ESG and reporting"), (
     "ESG; CSRD; sustainability reporting; sustainability report; EU taxonomy; double materiality; green finance; "
     "Nachhaltigkeitsbericht")),
    ("sustainable-investing", N_("Where money does good"), (
     "sustainable investing; impact investing; ESG funds; green bonds; divestment; ethical banks; microfinance; "
     "nachhaltige Geldanlage")),
    ("green-claims", N_("Honest green claims"), (
     "greenwashing; green claims; green marketing; eco labels; greenhushing; sustainability communication; "
     "ethical advertising")),
    ("taking-a-stand", N_("Companies that take a stand"), (
     "brand activism; corporate activism; purpose-driven brands; B Corp; boycotts; CEO activism; stakeholder capitalism; "
     "Haltung zeigen")),
    ("supply-chains", N_("Fair supply chains"), (
     "supply chain; fair trade; modern slavery; human rights; child labour; ethical sourcing; Lieferkette; "
     "Lieferkettengesetz")),
    ("business-ethics", N_("Doing the right thing at work"), (
     "business ethics; ethics; whistleblowing; code of conduct; corruption; bribery; integrity; Wirtschaftsethik; "
     "Hinweisgeber")),
    ("fair-chances", N_("Poverty and fair chances"), (
     "poverty; inequality; homelessness; food banks; living wage; social justice; equal opportunities; Armut; "
     "soziale Gerechtigkeit; Chancengleichheit")),
    ("green-travel", N_("Travel and getting to work"), (
     "sustainable travel; business travel; commuting; fewer flights; e-bikes; electric cars; cycling to work; "
     "Mobilität; Deutschlandticket")),
    ("green-jobs", N_("Jobs that do good"), (
     "green jobs; green skills; impact careers; working for a charity; working in sustainability; just transition; "
     "grüne Berufe")),
    ("volunteering", N_("Volunteering and social impact"), (
     "volunteer; charity; pro bono; fundraising; CSR; corporate social responsibility; social enterprise; "
     "social impact; Ehrenamt")),
)
# fmt: on
