"""Letters as people see them: on a narrow phone nothing is cut, and in the dark nothing is lost."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from django.template.loader import render_to_string

from frontend.letters.words import words_of
from tests.support.letters import BOOKING, FACTS, cancelled

pytestmark = pytest.mark.e2e

LONG = replace(
    FACTS,
    movie_title="दीया और तूफ़ान: एक बहुत लंबे नाम वाली फ़िल्म जो कभी ख़त्म नहीं होती",
    theatre_name="Monsoon Multiplex & Food Court at the Old Reclamation, Koregaon Park Annexe",
    seat_labels=tuple(f"AA{number}" for number in range(10, 20)),
)
LETTERS = {"confirmation": BOOKING, "cancellation": cancelled(), "refund": cancelled(refund="refunded")}

# For every text that is seen: its contrast with the nearest ground that is painted.
CONTRASTS = """() => {
  const light = (text) => {
    const [r, g, b] = text.match(/[\\d.]+/g).slice(0, 3).map((part) => {
      const c = Number(part) / 255;
      return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const colour = getComputedStyle(one).backgroundColor;
      if (!(colour.startsWith("rgba") && colour.endsWith(", 0)"))) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const found = [];
  for (const element of document.body.querySelectorAll("h1, p, td, a, span")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || !element.getClientRects().length) continue;
    const [one, other] = [light(getComputedStyle(element).color), light(ground(element))].sort((a, b) => b - a);
    found.push([element.textContent.trim().slice(0, 30), (one + 0.05) / (other + 0.05)]);
  }
  return found;
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_letters_are_read_on_a_phone(visitor: Callable[..., Any], scheme: str) -> None:
    page = visitor(viewport={"width": 320, "height": 640}, color_scheme=scheme)

    for kind, booking in LETTERS.items():
        words = words_of(kind, LONG, booking, returned_paise=62_500, today=date(2026, 11, 27))
        page.set_content(render_to_string("frontend/letters/letter.html", {"words": words}))

        assert page.evaluate("document.documentElement.scrollWidth") <= 320, kind
        contrasts = page.evaluate(CONTRASTS)
        assert len(contrasts) > 10
        assert [(text, ratio) for text, ratio in contrasts if ratio < 4.5 and text] == []
