"""The sample company: people and devices, the same in every run."""

import random
import unicodedata
from dataclasses import dataclass, field

DOMAIN = "northwind.example"
GIVEN = (
    "Ada Amir Anna Aylin Bea Bo Carlos Chloé Daniel Dana Elif Emre Fatima Femi Greta Hana Hugo "
    "Ines Ivan Jana José Kenji Lea Liam Łucja Mara Mateo Mei Nadia Noah Olga Omar Priya Quinn "
    "Rosa Ravi Sofia Søren Tara Tomás Uma Viktor Wanda Xavier Yara Zoë"
).split()
FAMILY = (
    "Abe Almeida Bauer Becker Brandt Castro Chen Cohen Dahl Diaz Dubois Eriksson Fischer Fontaine "
    "García Haas Hansen Ibrahim Ito Jensen Kaya Keller Kim Kowalski Lange Lopez Marino Meyer "
    "Moreau Nakamura Nguyen Novák Okafor Olsen Patel Petrov Quist Rossi Santos Schmidt Singh Sørby "
    "Tanaka Torres Ueda Vogel Weber Yilmaz Zhang"
).split()
DEPARTMENTS = {
    "Engineering": ("Platform", "Devices", "Quality"),
    "Sales": ("Sales Europe", "Sales Americas"),
    "Operations": ("Logistics", "Facilities"),
    "Finance": ("Controlling", "Payroll"),
    "People": ("Recruiting", "Learning"),
    "Research": ("Sensors",),
}


@dataclass
class Person:
    """An employee in the company's directory."""

    number: int
    given: str
    family: str
    department: str
    team: str
    manager: int | None
    title: str
    username: str = field(init=False)

    def __post_init__(self) -> None:
        self.username = f"{plain(self.given)}.{plain(self.family)}{self.number}@{DOMAIN}"

    @property
    def external_id(self) -> str:
        return f"NW-{self.number:05}"

    @property
    def phone(self) -> str:
        return f"+49 30 5550{self.number:04}"


@dataclass
class Asset:
    """A device in the company's inventory."""

    serial: str
    label: str
    kind: str
    keeper: Person
    users: list[Person] = field(default_factory=list)


def plain(name: str) -> str:
    """Return a name in lower-case ASCII, for an e-mail address."""
    text = name.replace("ø", "o").replace("Ø", "O").replace("ł", "l").replace("Ł", "L")
    stripped = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return stripped.lower()


TEAMS = [(department, team) for department, teams in DEPARTMENTS.items() for team in teams]


def people(count: int = 200) -> list[Person]:
    """Return the employees: the managing director, a lead for each team, and the teams."""
    chance = random.Random(2026)
    result = [Person(1, "Zoë", "Novák", "Operations", "Facilities", None, "Managing Director")]
    for number in range(2, count + 1):
        department, team = TEAMS[(number - 2) % len(TEAMS)]
        is_lead = number - 2 < len(TEAMS)
        result.append(
            Person(
                number,
                chance.choice(GIVEN),
                chance.choice(FAMILY),
                department,
                team,
                1 if is_lead else 2 + TEAMS.index((department, team)),
                f"Head of {team}" if is_lead else chance.choice(("Engineer", "Analyst", "Clerk")),
            )
        )
    return result


def assets(staff: list[Person]) -> list[Asset]:
    """Return the inventory: laptops, phones, and a badge reader with several users."""
    head, *leads = staff[:6]
    reader = Asset("BR-0001", "Main entrance", "badge reader", head, leads[:3])
    laptops = [
        Asset(f"LT-{p.number:04}", f"{p.given}'s laptop", "laptop", p) for p in (head, *leads)
    ]
    phones = [
        Asset(f"PH-{p.number:04}", f"{p.given}'s phone", "phone", p) for p in (head, leads[0])
    ]
    return [reader, *laptops, *phones]
