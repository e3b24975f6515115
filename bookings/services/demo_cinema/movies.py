"""The demo's movies. All are invented; any likeness to a film that exists is chance."""

from dataclasses import dataclass
from typing import Final

from bookings.models import Movie

C = Movie.Certificate


@dataclass(frozen=True, slots=True)
class DemoMovie:
    """A movie and how much people like it: `pull` weighs how often it runs and how well it sells (1 to 5)."""

    slug: str
    title: str
    certificate: str
    language: str
    duration_minutes: int
    genre: str
    pull: int
    synopsis: str


MOVIES: Final = (
    DemoMovie(
        "seven-bulbs-left",
        "Seven Bulbs Left",
        C.UA13,
        "English",
        104,
        "Mystery",
        5,
        "The oldest picture house in town is closing, and each night one more bulb of its sign goes out. "
        "The projectionist is sure that somebody is counting.",
    ),
    DemoMovie(
        "the-1140-to-ratnagiri",
        "The 11:40 to Ratnagiri",
        C.UA16,
        "Marathi",
        118,
        "Thriller",
        4,
        "Nine passengers board the last coach of a night train in the rain. Eight tickets are checked at dawn, "
        "and nobody remembers the ninth the same way.",
    ),
    DemoMovie(
        "chaand-ka-pata",
        "चाँद का पता",
        C.U,
        "Hindi",
        127,
        "Romance",
        5,
        "एक डाकिया, एक अधूरा पता और छतों का एक पूरा मोहल्ला। A postman keeps one letter he could never deliver: "
        "it is addressed to the moon, and it has a return address.",
    ),
    DemoMovie(
        "seventeen-umbrellas",
        "The Rather Improbable Homecoming of Mr. Venkataraman and His Seventeen Umbrellas",
        C.U,
        "English",
        133,
        "Comedy",
        3,
        "After forty years at sea a lost-property clerk comes home with everything that nobody ever asked for. "
        "It has not rained there since he left.",
    ),
    DemoMovie(
        "neon-kaveri",
        "Neon Kaveri",
        C.UA13,
        "Kannada",
        141,
        "Science fiction",
        5,
        "Bengaluru, 2091. The river is made of light, and whoever owns the switch owns the city. "
        "A lineswoman with a borrowed ladder disagrees.",
    ),
    DemoMovie(
        "forty-fathoms-east",
        "Forty Fathoms East",
        C.UA7,
        "Tamil",
        122,
        "Adventure",
        4,
        "A sponge diver finds the steps of a temple where the chart shows mud. The steps go down, "
        "and they have been swept.",
    ),
    DemoMovie(
        "ammachi-goes-to-orbit",
        "Ammachi Goes to Orbit",
        C.U,
        "Malayalam",
        109,
        "Family",
        4,
        "The space agency needs someone who can keep six engineers fed and calm for ninety days. "
        "She has eleven grandchildren and one condition.",
    ),
    DemoMovie(
        "namak-and-neel",
        "Namak & Neel",
        C.UA7,
        "Hindi",
        148,
        "Drama",
        2,
        "Two sisters, one born to the salt pans and one married into indigo, have not spoken in a generation. "
        "Then the sea takes the wall between their fields.",
    ),
    DemoMovie(
        "velvet-static",
        "Velvet Static",
        C.A,
        "English",
        97,
        "Noir",
        2,
        "A night announcer reads the news at 93.6. One listener writes in to thank her, always a day too early.",
    ),
    DemoMovie(
        "leg-before-wonder",
        "Leg Before Wonder",
        C.U,
        "Telugu",
        136,
        "Sport",
        4,
        "An umpire who has never given a batter out falls for a bowler who has never been given a wicket.",
    ),
    DemoMovie(
        "the-origami-tiger",
        "The Origami Tiger",
        C.UA7,
        "English",
        88,
        "Animation",
        3,
        "Made from a torn map, afraid of damp, and exactly as brave as the last person who folded him.",
    ),
    DemoMovie(
        "dust-and-dhol",
        "Dust & Dhol",
        C.UA13,
        "Punjabi",
        129,
        "Musical",
        3,
        "The last wedding band of Bathinda has one season, one truck and one drum that will not stay in tune.",
    ),
)
