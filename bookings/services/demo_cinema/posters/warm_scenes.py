"""Posters of people and games: umbrellas, cricket, a folded tiger and a drum."""

from bookings.services.demo_cinema.posters.canvas import (
    AMBER,
    CREAM,
    EMBER,
    HEIGHT,
    TEAL,
    VELVET,
    WIDTH,
    Canvas,
    Point,
    around,
    chance,
)


def seventeen_umbrellas(sheet: Canvas) -> None:
    """One small man under seventeen umbrellas, and a title that hardly fits."""
    sheet.sky((0, "#F4E9D2"), (1, "#E7CFA4"))
    colours = (VELVET, "#1B6F78", AMBER, "#2B2F63", "#D9683C", "#7A2E4A")
    rows = (
        (34, (60, 130, 200, 270, 340)),
        (92, (95, 165, 235, 305)),
        (150, (60, 130, 200, 270, 340)),
        (208, (130, 200, 270)),
    )
    tilt = chance(17)
    number = 0
    for y, columns in rows:
        for x in columns:
            with sheet.group(transform=f"translate({x} {y + 22}) rotate({tilt.randrange(-16, 17)})"):
                _umbrella(sheet, colours[number * 5 % len(colours)], colours[(number * 5 + 2) % len(colours)])
            number += 1
    sheet.path("M0 430H400V600H0Z", fill="#2A1B1E")
    sheet.rect(0, 428, 400, 4, fill=VELVET)
    with sheet.group(transform="translate(200 428)", fill="#2A1B1E"):
        sheet.circle(0, -88, 12)
        sheet.path("M-15-74H15L21-22H-21Z")
        sheet.path("M-14-24H-2V0H-14ZM2-24H14V0H2Z")
        sheet.stroke("M-14-70L-30-38M14-70L24-112", "#2A1B1E", 7)
        sheet.rect(-46, -38, 28, 20, rx=3, fill=VELVET)
        sheet.path("M-10-97H10V-102H-10ZM-7-102V-112H7V-102Z")
        sheet.stroke("M24-112L4-170", "#2A1B1E", 3)
        sheet.stroke("M-7-86q3 3 7 0q4 3 7 0", CREAM, 2)
    lines = (
        ("THE RATHER IMPROBABLE", 26, 466, CREAM),
        ("HOMECOMING", 44, 505, AMBER),
        ("OF MR. VENKATARAMAN", 27, 533, CREAM),
        ("AND HIS SEVENTEEN UMBRELLAS", 21, 558, "#E7CFA4"),
    )
    for text, size, y, fill in lines:
        sheet.words(text, 200, y, size=size, width=336, fill=fill)
    sheet.credit("Sixteen too many", y=584)


def _umbrella(sheet: Canvas, colour: str, other: str) -> None:
    sheet.path("M-31 0A31 31 0 0 1 31 0Q26-7 21 0Q15-7 10 0Q5-7 0 0Q-5-7-10 0Q-15-7-21 0Q-26-7-31 0Z", fill=colour)
    sheet.path("M-10 0Q-12-20 0-31Q12-20 10 0Q5-7 0 0Q-5-7-10 0Z", fill=other)
    sheet.stroke("M0-3V20Q0 27 7 27Q12 27 12 21", "#2A1B1E", 2.6)
    sheet.stroke("M0-31V-36", "#2A1B1E", 2.6)


def leg_before_wonder(sheet: Canvas) -> None:
    """A ball on its way to middle stump, under four towers of light."""
    sheet.sky((0, "#081A2B"), (0.56, "#0F4A52"), (0.57, "#1B7A4B"), (1, "#0A3B26"))
    beam = sheet.gradient("beam", (0, "#FFFBE6", 0.5), (1, "#FFFBE6", 0))
    for x, y, left, right in ((40, 150, 60, 300), (128, 196, 120, 320), (272, 196, 80, 280), (360, 150, 100, 340)):
        sheet.path(f"M{x - 8} {y}H{x + 8}L{right} 600H{left}Z", fill=beam, opacity=0.55)
        sheet.rect(x - 2, y, 4, 340 - y, fill="#051019")
        sheet.rect(x - 18, y - 16, 36, 20, rx=3, fill="#051019")
        for lamp in range(8):
            sheet.circle(x - 12 + lamp % 4 * 8, y - 11 + lamp // 4 * 9, 2.8, fill="#FFF9DC")
        sheet.glow(x, y - 6, 44, "#FFF3C4", 0.6)
    crowd = chance(11)
    for shirt in ("#1E5A63", "#2C7680", AMBER, EMBER, CREAM):
        people = ((crowd.randrange(400), 342 - crowd.uniform(0, 46)) for _ in range(84))
        sheet.dots(people, 2.1, shirt, 0.7)
    for ring, tone in ((0, "#1F8A55"), (1, "#1B7A4B"), (2, "#1F8A55"), (3, "#1B7A4B")):
        sheet.path(f"M0 {344 + ring * 66}Q200 {372 + ring * 66} 400 {344 + ring * 66}V600H0Z", fill=tone)
    sheet.path("M150 356H250L330 600H70Z", fill="#D9B77C")
    sheet.path("M92 536H308L312 546H88Z", fill=CREAM, opacity=0.9)
    for step, (x, y, radius) in enumerate(
        ((298, 150, 2), (290, 196, 2.6), (278, 246, 3.4), (262, 300, 4.4), (242, 356, 5.6))
    ):
        sheet.circle(x, y + 20, radius, fill=CREAM, opacity=0.35 + step * 0.1)
    wood = sheet.gradient("wood", (0, "#8A5A24"), (0.4, "#FFE0A0"), (1, "#7A4A18"), x2=1, y2=0)
    for x in (166, 196, 226):
        sheet.path(f"M{x - 7} 592V446Q{x - 7} 438 {x} 438Q{x + 7} 438 {x + 7} 446V592Z", fill=wood)
    sheet.path("M164 436H194V431H164ZM198 436H228V431H198Z", fill="#FFE7B8")
    sheet.glow(218, 408, 66, EMBER, 0.55)
    with sheet.group(transform="translate(218 408) rotate(-32)"):
        sheet.circle(
            0,
            0,
            25,
            fill=sheet.gradient(
                "ball", (0, "#FF7A66"), (0.5, VELVET), (1, "#5A0D0A"), kind="radial", cx=0.35, cy=0.3
            ),
        )
        sheet.stroke("M-4-24.5V24.5M4-24.5V24.5", CREAM, 1.6, stroke_dasharray="3 2.4")
    sheet.words("LEG BEFORE", 200, 66, size=56, width=340, fill=CREAM)
    sheet.words("WONDER", 200, 122, size=62, width=340, fill=AMBER)
    sheet.rect(0, 566, WIDTH, 34, fill="#082218")
    sheet.credit("Umpire's call", y=587)


def the_origami_tiger(sheet: Canvas) -> None:
    """A tiger of folded paper looks straight at you."""
    sheet.sky((0, "#0E5A5A"), (1, "#062E34"))
    for step in range(7):
        ray = [around(200, 292, 420, step * 51.4 + 4), around(200, 292, 420, step * 51.4 + 26), (200.0, 292.0)]
        sheet.polygon(ray, fill="#FFFFFF", opacity=0.045)
    # The left half of the face, fold by fold; the right half is its mirror image.
    folds: tuple[tuple[str, tuple[Point, ...]], ...] = (
        ("#D9641E", ((200, 150), (128, 158), (150, 232))),
        ("#F08A24", ((200, 150), (150, 232), (200, 262))),
        ("#2A1512", ((128, 158), (74, 110), (92, 206))),
        ("#F3B27A", ((118, 162), (88, 132), (98, 186))),
        ("#C9541A", ((128, 158), (92, 206), (150, 232))),
        ("#E5781F", ((92, 206), (62, 290), (128, 286))),
        ("#FFA63D", ((92, 206), (150, 232), (128, 286))),
        ("#FFF3DC", ((62, 290), (78, 378), (128, 286))),
        ("#F6DDB4", ((128, 286), (78, 378), (150, 390))),
        ("#FFB85A", ((150, 232), (200, 262), (172, 326))),
        ("#F7941E", ((150, 232), (172, 326), (128, 286))),
        ("#FFFAEE", ((128, 286), (172, 326), (150, 390))),
        ("#E9CFA0", ((172, 326), (200, 352), (150, 390))),
        ("#F08A24", ((200, 262), (200, 352), (172, 326))),
        ("#FFF3DC", ((150, 390), (200, 352), (200, 430))),
        ("#D9BE90", ((150, 390), (200, 430), (168, 436))),
        ("#2A1512", ((172, 326), (200, 334), (200, 356))),
        ("#2A1512", ((200, 160), (178, 166), (200, 196))),
        ("#2A1512", ((200, 206), (168, 208), (200, 228))),
        ("#2A1512", ((74, 250), (112, 262), (70, 268))),
        ("#2A1512", ((64, 300), (106, 302), (68, 320))),
        ("#2A1512", ((72, 344), (104, 338), (78, 362))),
        ("#12080A", ((112, 254), (150, 262), (158, 284), (126, 276))),
        ("#FFD23F", ((124, 260), (146, 265), (150, 278), (132, 273))),
        ("#12080A", ((135, 262), (141, 264), (143, 277), (137, 275))),
    )
    for mirrored in ("", "translate(400 0) scale(-1 1)"):
        with sheet.group(**({"transform": mirrored} if mirrored else {})):
            for colour, points in folds:
                sheet.polygon(points, fill=colour, stroke=colour, stroke_width=0.6)
    sheet.stroke("M200 396L182 408M200 396L218 408", "#2A1512", 3)
    sheet.words("THE", 200, 478, size=16, fill=CREAM, letter_spacing=8)
    sheet.words("ORIGAMI", 200, 522, size=54, width=250, fill=CREAM)
    sheet.words("TIGER", 200, 570, size=54, width=190, fill=AMBER)
    sheet.credit("Fold him once. Only once.", y=588)


def dust_and_dhol(sheet: Canvas) -> None:
    """A drum, and the whole sky beats with it."""
    sheet.rect(0, 0, WIDTH, HEIGHT, fill="#7A1414")
    for number in range(24):
        start = number * 15 - 4
        points = [(200.0, 318.0), around(200, 318, 520, start), around(200, 318, 520, start + 7.5)]
        sheet.polygon(points, fill=AMBER if number % 2 else "#E8563F", opacity=0.92)
    sheet.circle(200, 318, 190, fill="none", stroke="#5A0D0D", stroke_width=2, stroke_dasharray="2 10")
    sheet.circle(200, 318, 172, fill="#4A0B12")
    for number in range(36):
        x, y = around(200, 318, 160, number * 10)
        sheet.circle(x, y, 5, fill=(AMBER, TEAL, CREAM)[number % 3])
    zigzag = [around(200, 318, 148 if number % 2 else 124, number * 7.5) for number in range(48)]
    sheet.polygon(zigzag, fill="#F2C879", stroke="#7A3B12", stroke_width=3)
    sheet.circle(
        200, 318, 118, fill=sheet.gradient("skin", (0, "#FFF6E0"), (0.8, "#EBCB93"), (1, "#C08A45"), kind="radial")
    )
    sheet.circle(200, 318, 118, fill="none", stroke="#5A2A10", stroke_width=4)
    for ring in (104, 90):
        sheet.circle(200, 318, ring, fill="none", stroke="#B98545", stroke_width=1.2, opacity=0.7)
    sheet.words("DUST &", 200, 312, size=56, width=158, fill="#5A0D0D")
    sheet.words("DHOL", 200, 372, size=70, width=158, fill=VELVET)
    sheet.stroke("M18 540L96 440Q112 420 98 402", "#2E1206", 11)
    sheet.stroke("M386 128L290 232", "#8A4B1B", 7)
    dust = chance(5)
    for radius, opacity in ((0.9, 0.85), (1.8, 0.6), (2.8, 0.4)):
        grains = (around(200, 318, dust.uniform(180, 330), dust.uniform(0, 360)) for _ in range(50))
        sheet.dots(grains, radius, CREAM, opacity)
    sheet.words("THE LAST BARAAT OF BATHINDA", 200, 58, size=22, width=300, fill=CREAM)
    sheet.rect(0, 560, WIDTH, 40, fill="#3A070C")
    sheet.credit("Feel it in the floor", y=584)
