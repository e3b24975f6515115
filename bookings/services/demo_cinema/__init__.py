"""The demo cinema: theatres, screens, movies and a week of shows, all our own invention.

`seed_demo` is the door; posters and drawings are data of this package.
"""

from bookings.services.demo_cinema.seed import Seeded, seed_demo

__all__ = ["Seeded", "seed_demo"]
