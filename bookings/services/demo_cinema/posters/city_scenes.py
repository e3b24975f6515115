"""Posters of the city: a picture house, a night train, roofs under the moon, a river of light."""

from bookings.services.demo_cinema.posters.canvas import (
    AMBER,
    CREAM,
    EMBER,
    HEIGHT,
    NIGHT,
    TEAL,
    VELVET,
    WIDTH,
    Canvas,
    Point,
    chance,
)


def seven_bulbs_left(sheet: Canvas) -> None:
    """A velvet curtain, a marquee, and seven of its bulbs still burning."""
    sheet.sky((0, "#2A0608"), (0.55, "#5E0F12"), (1, "#1A0305"))
    fold = sheet.gradient("fold", (0, "#000", 0.55), (0.5, "#E2483D", 0.28), (1, "#000", 0.55), x2=1, y2=0)
    for left in range(0, WIDTH, 40):
        sheet.path(f"M{left} 0H{left + 40}V{HEIGHT}H{left}Z", fill=fold)
    sheet.path("M0 0H400V46Q360 92 320 46Q280 92 240 46Q200 92 160 46Q120 92 80 46Q40 92 0 46Z", fill="#7C1418")
    sheet.stroke("M0 46Q40 92 80 46Q120 92 160 46Q200 92 240 46Q280 92 320 46Q360 92 400 46", AMBER, 3, opacity=0.8)
    sheet.glow(200, 300, 240, AMBER, 0.28)
    sheet.rect(52, 150, 296, 300, rx=18, fill="#160406", stroke="#3B0B0D", stroke_width=10)
    sheet.rect(74, 172, 252, 256, rx=8, fill="#0B0203")
    places: list[Point] = [(63 + 39.1 * step, y) for y in (161, 439) for step in range(8)]
    places += [(x, 161 + 39.7 * step) for x in (63, 337) for step in range(1, 7)]
    burning = {1, 5, 9, 12, 18, 22, 26}
    for number, (x, y) in enumerate(places):
        if number in burning:
            sheet.glow(x, y, 34, "#FFD98A", 0.95)
            sheet.circle(x, y, 6.5, fill="#FFF3D0")
        else:
            sheet.circle(x, y, 6, fill="#2B0D0C", stroke="#5A2320", stroke_width=1.5)
    sheet.words("SEVEN", 200, 252, size=74, width=196, fill=AMBER)
    sheet.words("BULBS", 200, 326, size=74, width=196, fill="#8A5A12")
    sheet.words("LEFT", 200, 402, size=74, width=196, fill="#5A360C")
    for left in range(-16, WIDTH, 54):
        sheet.path(f"M{left} 600V536Q{left} 514 {left + 22} 514Q{left + 44} 514 {left + 44} 536V600Z", fill="#0A0203")
    sheet.path("M188 520a15 17 0 1 1 24 0q16 6 18 30h-60q2-24 18-30Z", fill="#0A0203")
    sheet.credit("The last show is never empty", y=592)


def the_1140_to_ratnagiri(sheet: Canvas) -> None:
    """A lit train on a viaduct in the ghats, in the rain."""
    sheet.sky((0, "#071A22"), (0.5, "#12414A"), (0.78, "#2D7A78"), (1, "#0A2025"))
    sheet.glow(304, 262, 130, "#F4E9D2", 0.32)
    sheet.circle(304, 262, 44, fill="#F0E2BE", opacity=0.92)
    hills = [
        ("M0 330Q70 250 140 300T270 270T400 318V600H0Z", "#17505A"),
        ("M0 372Q80 310 170 356T320 330T400 366V600H0Z", "#103E48"),
        ("M0 430Q110 360 210 420T400 410V600H0Z", "#0B2D36"),
    ]
    for data, colour in hills:
        sheet.path(data, fill=colour)
    arches = "".join(f"M{x} 600V470Q{x} 440 {x + 27} 440Q{x + 54} 440 {x + 54} 470V600Z" for x in range(-26, 400, 70))
    sheet.path(f"M0 412H400V600H0Z{arches}", fill="#061A20", fill_rule="evenodd")
    sheet.rect(0, 408, 400, 6, fill="#0E333B")
    sheet.path("M400 366H96Q66 366 52 394L46 408H400Z", fill="#8E1B1B")
    sheet.path("M400 366H96Q84 366 74 372H400Z", fill="#C33A2E")
    sheet.rect(60, 394, 340, 4, fill=CREAM, opacity=0.85)
    for x in range(112, 400, 30):
        sheet.rect(x, 375, 20, 14, rx=2.5, fill="#FFD27A")
        sheet.glow(x + 10, 384, 24, AMBER, 0.4)
    sheet.path("M64 388L74 374H98V388Z", fill="#FFE7B0")
    sheet.path("M50 398L-40 366V448Z", fill=sheet.gradient("lamp", (0, AMBER, 0), (1, "#FFE7B0", 0.75), x2=1, y2=0))
    rain = chance(1140)
    drops = "".join(
        f"M{x} {y}l{-length * 0.3:.0f} {length}"
        for x, y, length in (
            (rain.randrange(0, 420), rain.randrange(-20, 600), rain.randrange(14, 34)) for _ in range(120)
        )
    )
    sheet.stroke(drops, "#CFEFEA", 1.1, opacity=0.34)
    sheet.words("THE", 52, 64, size=26, width=40, fill=CREAM)
    sheet.words("11:40", 228, 124, size=112, width=280, fill=AMBER)
    sheet.words("TO RATNAGIRI", 200, 172, size=46, width=336, fill=CREAM)
    sheet.credit("Somebody did not get off")


def chaand_ka_pata(sheet: Canvas) -> None:
    """चाँद का पता: a letter on its way from the roofs to the moon."""
    sheet.sky((0, "#10132B"), (0.55, "#2B2F63"), (0.82, "#8A4A5C"), (1, "#D98A5B"))
    stars = chance(7)
    for radius, opacity in ((0.7, 0.9), (1, 0.7), (1.5, 0.5)):
        sheet.dots(((stars.randrange(400), stars.randrange(330)) for _ in range(24)), radius, "#FFF", opacity)
    sheet.glow(200, 204, 200, "#FFE9B8", 0.5)
    sheet.circle(200, 204, 134, fill=sheet.gradient("moon", (0, "#FFF6DC"), (1, "#F2C879")))
    for x, y, radius in (
        (150, 150, 20),
        (238, 138, 11),
        (262, 214, 24),
        (176, 244, 14),
        (128, 214, 9),
        (222, 276, 10),
    ):
        sheet.circle(x, y, radius, fill="#D9A95C", opacity=0.35)
    _write_chaand_ka_pata(sheet)
    sheet.stroke("M84 486C96 430 56 412 84 376S132 356 140 338", CREAM, 2, stroke_dasharray="2 8", opacity=0.9)
    with sheet.group(transform="translate(68 474) rotate(-14)"):
        sheet.rect(0, 0, 44, 30, rx=3, fill=CREAM)
        sheet.stroke("M2 3L22 18L42 3", VELVET, 2)
        sheet.circle(22, 17, 5, fill=VELVET)
    sheet.path(
        "M0 600V512H34V496H58V512H104V534H150V486H162V470H200V486H214V548H246V520H262V504H270V520H300V462H306V440H340"
        "V462H352V528H400V600Z",
        fill="#15112A",
    )
    sheet.stroke("M214 506Q258 520 300 474", "#15112A", 1.6)
    for x, y, colour in ((226, 511, EMBER), (243, 511, CREAM), (262, 505, TEAL), (279, 494, AMBER)):
        sheet.path(f"M{x} {y}h12l1 17h-14Z", fill=colour)
    for x, y in ((12, 532), (70, 528), (172, 508), (186, 508), (318, 482), (364, 548), (318, 508), (120, 552)):
        sheet.rect(x, y, 9, 12, rx=1, fill=AMBER, opacity=0.9)
    sheet.credit("A letter takes the long way up", y=588)


def _write_chaand_ka_pata(sheet: Canvas) -> None:
    """The title drawn stroke by stroke, so that it is right on machines without a Devanagari face."""
    chaand = (
        "M2 0H316M5 40H92M66 42C30 52 34 108 68 108C90 108 102 92 112 74M112 0V136M168 0V136"
        "M130-64A38 34 0 0 0 206-64M168-80V-78"
        "M286 0V42H248C206 42 198 88 238 104C256 111 272 112 282 111M287 90V93M282 111L297 138"
    )
    ka = (
        "M0 0H223M84 0V136M62 46C34 32 20 52 20 72C20 94 32 106 50 106C66 106 78 94 84 80"
        "M84 76C92 50 110 40 124 42C156 48 150 96 126 114M192 0V136"
    )
    pata = (
        "M0 0H308M22 0V58C22 80 36 92 52 92C68 92 80 84 88 72M88 0V136"
        "M220 44H172C130 44 126 96 168 134M220 0V136M277 0V136"
    )
    for data, placed in (
        (chaand, "translate(104 156) scale(.6)"),
        (ka, "translate(122 258) scale(.27)"),
        (pata, "translate(196 258) scale(.27)"),
    ):
        with sheet.group(transform=placed, stroke_linejoin="round"):
            sheet.stroke(data, "#3A1B33", 19)


def neon_kaveri(sheet: Canvas) -> None:
    """A river of light between towers."""
    sheet.sky((0, "#0A0B1E"), (0.5, "#241045"), (0.62, "#5A1650"), (0.63, "#0A0B1E"), (1, "#05060F"))
    sheet.glow(200, 372, 210, EMBER, 0.75)
    sheet.circle(200, 372, 92, fill=sheet.gradient("sun", (0, AMBER), (0.6, "#FF6A5C"), (1, "#C2185B")))
    for y, height in ((338, 4), (350, 6), (363, 8)):
        sheet.rect(100, y, 200, height, fill="#431350")
    sheet.rect(0, 376, 400, 224, fill=sheet.gradient("ground", (0, "#1A0B33"), (1, "#05060F")))
    windows = chance(9)
    towers = ((0, 168, 62), (58, 232, 40), (96, 286, 30), (400, 148, -58), (344, 216, -44), (302, 276, -30))
    for x, top, width in towers:
        left = min(x, x + width)
        sheet.rect(left, top, abs(width), 378 - top, fill="#0B0A1C")
        for row in range(top + 10, 366, 12):
            for column in range(left + 6, left + abs(width) - 6, 10):
                if windows.random() < 0.45:
                    colour = windows.choice((TEAL, AMBER, "#FF4FA0", TEAL))
                    sheet.rect(column, row, 5, 6, fill=colour, opacity=windows.uniform(0.45, 1))
    sheet.path(
        "M190 378C120 420 300 450 176 500S60 560 40 600H360C330 552 290 540 296 500S280 420 210 378Z", fill="#0C3B4A"
    )
    for shift, colour, thickness in ((0, TEAL, 5), (0.5, "#9CFFF2", 1.6)):
        sheet.stroke(f"M{190 + shift} 378C120 420 300 450 176 500S60 560 40 600", colour, thickness)
        sheet.stroke(f"M{210 - shift} 378C280 420 302 460 296 500S330 552 360 600", colour, thickness)
    sheet.stroke("M200 392C176 430 262 452 226 504S180 560 190 600", EMBER, 3, opacity=0.9)
    sheet.words("NEON", 200, 92, size=92, width=320, fill="none", stroke=TEAL, stroke_width=2.4)
    sheet.words("KAVERI", 200, 150, size=58, width=320, fill="#FF7A8A")
    sheet.rect(0, 564, WIDTH, 36, fill=NIGHT)
    sheet.credit("Bengaluru, 2091", y=586)
