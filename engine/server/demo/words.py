"""The words that the sample data is made of."""

FIRST_NAMES = (
    "Ada", "Alan", "Amélie", "Anna", "Antonín", "Bruno", "Carla", "Chloé", "Daniel", "Đorđe", "Elif", "Emma", "Erik",
    "Fatima", "François", "Grace", "Gül", "Hanna", "Hélène", "Ines", "Ivan", "Иван", "Jack", "Jana", "João", "John",
    "José", "Katherine", "Kenji", "Lea", "Linus", "Łukasz", "Maria", "Márta", "美咲", "Mohamed", "محمد", "Nadia",
    "Noah", "Olga", "Óscar", "Paul", "Priya", "Renée", "Rosa", "Samuel", "Søren", "Tomáš", "Ursula", "Zoë",
)  # fmt: skip
LAST_NAMES = (
    "Adams", "Almeida", "Åberg", "Bauer", "Becker", "Bianchi", "Björk", "Brown", "Castro", "Çelik", "Chen", "Curie",
    "Dąbrowski", "Davis", "Dubois", "Evans", "Fischer", "García", "Gupta", "Haddad", "Hansen", "Hopper", "Ito",
    "Jensen", "Jones", "Kim", "Kovács", "Lefèvre", "Lopez", "Lovelace", "Meyer", "Müller", "Nguyen", "Novák",
    "O'Brien", "Okafor", "Olsen", "Petrov", "Пушкин", "Rossi", "Santos", "佐藤", "Schmidt", "Silva", "Smith",
    "Sørensen", "Torvalds", "Turing", "Weiß", "Yılmaz",  # noqa: RUF001 - the dotless i is the point of it
)  # fmt: skip
JOB_TITLES = (
    "Account Manager", "Backend Developer", "Chief Executive Officer", "Data Engineer", "Designer",
    "Directrice générale", "Engineering Manager", "Head of Sales", "Office Manager", "Product Manager",
    "Senior Software Engineer", "Software Developer", "Support Engineer", "Team Lead", "Vertriebsleiter für Österreich",
)  # fmt: skip
CITIES = (
    "Amsterdam", "Berlin", "Bogotá", "Gdańsk", "İzmir", "Köln", "Lagos", "Lisboa", "London", "Malmö", "Montréal",
    "New York", "São Paulo", "Tokyo", "Wien", "Zürich", "京都",
)  # fmt: skip
COMPANY_HEADS = (
    "Acme", "Alpine", "Aurora", "Blue Harbor", "Bright", "Café Central", "Copper", "Crème", "Delta", "Évian", "Falcon",
    "Globex", "Granite", "Hafen", "Initech", "Jade", "Kestrel", "Lindén", "Maple", "Nordlicht", "Ökostrom", "Orion",
    "Pâtisserie", "Quartz", "River", "Sakura 桜", "Señor", "Stark", "Straße", "Umbrella", "Vertex", "Wayne", "Zenith",
)  # fmt: skip
COMPANY_TAILS = (
    "& Söhne", "100% Ltd", "AG", "Analytics", "Co_Op", "Energy", "Foods", "GmbH", "Health", "Inc", "Labs", "Logistics",
    "Média", "Partners", "Robotics", "S.A.", "Software", "Systems", "Travel", "株式会社",
)  # fmt: skip
DOMAINS = ("example.com", "example.org", "example.net", "mail.example.com", "firma.example", "büro.example")
EMPLOYEES = (1, 3, 10, 10, 25, 50, 50, 50, 120, 250, 250, 500, 1_000, 1_000, 4_200, 10_000, 75_000)
ACTIVITY_TITLES = (
    "Call about the offer", "Follow-up", "Demo", "Kick-off", "Négociation du contrat", "Rückruf", "Send the slides",
    "Lunch", "Review of the pilot", "Renewal", "Follow-up", "打ち合わせ",
)  # fmt: skip
ACTIVITY_BODIES = (
    "Asked for a discount of 10 %.", "Left a message.", "Very interested.\nWants to see the \"pilot\" first.",
    "Line one\n\tline two\\n", "Wartet auf die Freigabe durch den Vorstand.", "Décision en décembre.", "👍", "",
)  # fmt: skip
OPPORTUNITY_SUBJECTS = (
    "Annual licence", "Expansion", "Migration", "Pilot", "Renewal", "Schulung", "Support plan", "Über-Nacht-Lieferung",
)  # fmt: skip
CAMPAIGN_SUBJECTS = (
    "Spring launch", "Summer school", "Herbstmesse", "Winter offer", "Webinar: first steps", "Customer day",
    "Fête des partenaires", "Newsletter",
)  # fmt: skip
REMINDER_TITLES = (
    "Ask about the renewal", "Send the contract", "Congratulate", "Check the invoice", "Propose a date", "Nachfassen",
    "Relancer", "Prepare the visit",
)  # fmt: skip
