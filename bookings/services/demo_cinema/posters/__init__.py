"""The posters of the demo's movies, drawn as SVG text: one composition a movie, the same on every run."""

from collections.abc import Callable
from typing import Final

from bookings.services.demo_cinema.posters import city_scenes, far_scenes, warm_scenes
from bookings.services.demo_cinema.posters.canvas import Canvas

SCENES: Final[dict[str, Callable[[Canvas], None]]] = {
    "seven-bulbs-left": city_scenes.seven_bulbs_left,
    "the-1140-to-ratnagiri": city_scenes.the_1140_to_ratnagiri,
    "chaand-ka-pata": city_scenes.chaand_ka_pata,
    "neon-kaveri": city_scenes.neon_kaveri,
    "forty-fathoms-east": far_scenes.forty_fathoms_east,
    "ammachi-goes-to-orbit": far_scenes.ammachi_goes_to_orbit,
    "namak-and-neel": far_scenes.namak_and_neel,
    "velvet-static": far_scenes.velvet_static,
    "seventeen-umbrellas": warm_scenes.seventeen_umbrellas,
    "leg-before-wonder": warm_scenes.leg_before_wonder,
    "the-origami-tiger": warm_scenes.the_origami_tiger,
    "dust-and-dhol": warm_scenes.dust_and_dhol,
}


def draw_poster(slug: str, title: str) -> str:
    """The poster of one of our movies, as an SVG document. Raises KeyError for a movie without a scene."""
    sheet = Canvas(slug, title)
    SCENES[slug](sheet)
    return str(sheet)
