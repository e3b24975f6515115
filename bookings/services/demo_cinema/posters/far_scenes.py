"""Posters of far places: the sea floor, an orbit, salt pans and a frequency nobody owns."""

from bookings.services.demo_cinema.posters.canvas import (
    AMBER,
    CREAM,
    EMBER,
    NIGHT,
    TEAL,
    VELVET,
    Canvas,
    chance,
)


def forty_fathoms_east(sheet: Canvas) -> None:
    """A diver's lamp finds a drowned temple, and something large swims above."""
    sheet.sky((0, "#1B9AA0"), (0.28, "#0B5C70"), (0.7, "#06283C"), (1, "#020C16"))
    ray = sheet.gradient("ray", (0, "#D8FFF6", 0.34), (1, "#D8FFF6", 0))
    for x, spread in ((60, 40), (150, 70), (260, 46), (340, 60)):
        sheet.path(f"M{x} 0h34L{x + spread + 60} 400H{x - spread}Z", fill=ray)
    sheet.path(
        "M58 172C120 112 236 104 318 142C338 150 352 150 378 128C376 152 364 166 352 170C364 178 372 190 372 206"
        "C350 188 334 182 316 184C236 222 120 220 58 172Z",
        fill="#062F40",
        opacity=0.92,
    )
    sheet.path("M150 196C150 226 164 240 186 246C184 226 186 212 196 204Z", fill="#052735")
    sheet.circle(92, 164, 3, fill="#BDEFE6")
    tiers = "".join(
        f"M{200 - half} {top + 26}L{200 - half + 8} {top}H{200 + half - 8}L{200 + half} {top + 26}Z"
        for half, top in ((34, 390), (48, 416), (62, 442), (78, 468), (94, 494), (112, 520))
    )
    sheet.path(f"M176 390Q200 352 224 390Z{tiers}M60 546H340V600H60Z", fill="#0A3140")
    for half, top in ((34, 390), (48, 416), (62, 442), (78, 468), (94, 494), (112, 520)):
        for x in range(200 - half + 14, 200 + half - 12, 16):
            sheet.path(f"M{x} {top + 22}v-8q4-6 8 0v8Z", fill="#041722")
    beam = sheet.gradient("beam", (0, "#FFF0BF", 0.85), (1, AMBER, 0), x1=1, y1=0, x2=0, y2=1)
    sheet.path("M318 330L70 430L190 560Z", fill=beam)
    with sheet.group(transform="translate(312 300) rotate(28)", fill="#01060B"):
        sheet.circle(14, 14, 14)
        sheet.path("M6 28C22 20 40 30 58 40L92 34L96 42L66 54L100 66L96 74L52 62C36 58 14 48 6 28Z")
        sheet.rect(20, 12, 34, 14, rx=7, fill="#0F2B36")
    sheet.circle(318, 330, 6, fill="#FFF6DC")
    bubbles = chance(40)
    for _ in range(26):
        place = 350 + bubbles.uniform(-20, 30), bubbles.uniform(206, 312)
        sheet.circle(*place, bubbles.uniform(1.2, 5), fill="none", stroke="#CFFFF4", opacity=0.6)
    sheet.words("FORTY FATHOMS", 200, 62, size=52, width=344, fill=CREAM)
    sheet.words("EAST", 200, 106, size=44, width=120, fill=AMBER, letter_spacing=4)
    sheet.path("M0 600V580Q90 560 180 582T400 572V600Z", fill="#01060B")
    sheet.credit("Some things sank on purpose", y=592)


def ammachi_goes_to_orbit(sheet: Canvas) -> None:
    """A steel tiffin carrier leaves the coconut grove."""
    sheet.sky((0, "#150B2E"), (0.45, "#3C1B57"), (0.75, "#B8475A"), (1, "#FFB05C"))
    stars = chance(3)
    for radius in (0.7, 1, 1.6):
        sheet.dots(((stars.randrange(400), stars.randrange(380)) for _ in range(30)), radius, "#FFF", 0.75)
    with sheet.group(transform="translate(-8 106)"):
        sheet.glow(90, 130, 120, TEAL, 0.35)
        sheet.circle(90, 130, 58, fill=sheet.gradient("planet", (0, "#7FE3D4"), (1, "#176B74")))
        sheet.stroke("M8 152C40 184 150 152 176 104", CREAM, 6, opacity=0.85)
        sheet.path("M33 118A58 58 0 0 1 147 120C120 134 66 138 33 118Z", fill="#7FE3D4")
    smoke = sheet.gradient("smoke", (0, "#FFF3D8", 0.95), (1, "#FFF3D8", 0.12))
    sheet.path("M216 396Q190 470 150 600H300Q246 480 222 396Z", fill=smoke)
    with sheet.group(transform="translate(246 282) rotate(10) scale(.94)"):
        sheet.path("M-22 104Q0 190 22 104Z", fill=AMBER)
        sheet.path("M-12 104Q0 152 12 104Z", fill="#FFF3D0")
        steel = sheet.gradient(
            "steel", (0, "#6E7688"), (0.3, "#F7FAFF"), (0.6, "#A9B1C2"), (1, "#4C5364"), x2=1, y2=0
        )
        sheet.path("M-56 104L-40 56V92Z", fill=VELVET)
        sheet.path("M56 104L40 56V92Z", fill=VELVET)
        for top in (-40, 4, 48):
            sheet.rect(-40, top, 80, 42, rx=7, fill=steel)
            sheet.rect(-43, top - 2, 86, 7, rx=3.5, fill="#DDE3EE")
        sheet.path("M-38-42Q0-108 38-42Z", fill=steel)
        sheet.stroke("M-46 60V-66Q-46-96 0-98Q46-96 46-66V60", "#C5CCDA", 5)
        sheet.circle(0, 26, 13, fill="#0F2B36", stroke="#EEF2FA", stroke_width=4)
        sheet.circle(0, 29, 6, fill="#C98A5E")
        sheet.path("M-7 26a7 7 0 0 1 14 0q-7-5-14 0Z", fill="#F4F4F4")
    for x, height, lean in ((34, 150, 14), (84, 108, -12), (352, 168, -16), (388, 118, 10)):
        _palm(sheet, x, height, lean)
    sheet.path("M0 600V566Q110 540 210 560T400 552V600Z", fill="#1A0A1F")
    sheet.words("AMMACHI", 200, 76, size=84, width=336, fill=CREAM)
    sheet.words("GOES TO ORBIT", 200, 116, size=42, width=336, fill=AMBER)
    sheet.credit("Lunch will be served", y=590)


def _palm(sheet: Canvas, x: float, height: float, lean: float) -> None:
    """A coconut palm as a shadow."""
    top_x, top_y = x + lean, 575 - height
    sheet.stroke(f"M{x} 580Q{x - lean} {580 - height / 2} {top_x} {top_y}", "#1A0A1F", 7)
    for reach, drop in ((-52, 8), (-44, -26), (-18, -42), (20, -42), (46, -24), (52, 10), (-34, 30), (34, 30)):
        tip_x, tip_y = top_x + reach, top_y + drop
        bend_x, bend_y = top_x + reach * 0.5, top_y + drop * 0.5 - 20
        sheet.path(
            f"M{top_x} {top_y}Q{bend_x} {bend_y} {tip_x} {tip_y}Q{bend_x} {bend_y + 15} {top_x} {top_y + 5}Z",
            fill="#1A0A1F",
        )


def namak_and_neel(sheet: Canvas) -> None:
    """White salt in the sun, and the same shore upside down in indigo."""
    sheet.sky((0, "#F6D9A0"), (0.5, "#F9EBCB"), (0.5, "#1D2E6B"), (1, "#0B1238"))
    sheet.circle(200, 176, 74, fill="#E8563F")
    sheet.circle(200, 424, 74, fill="#3C58B8", opacity=0.85)
    for y in (392, 410, 428, 446, 464):
        sheet.rect(120, y, 160, 4, fill="#1D2E6B")
    heaps = ((52, 70, 66), (122, 104, 84), (296, 96, 78), (356, 62, 58), (214, 60, 52))
    for x, height, half in heaps:
        sheet.path(f"M{x - half} 300L{x} {300 - height}L{x + half * 0.2} 300Z", fill="#FFFFFF")
        sheet.path(f"M{x + half * 0.2} 300L{x} {300 - height}L{x + half} 300Z", fill="#D8CBB2")
        sheet.path(f"M{x - half} 300L{x} {300 + height}L{x + half * 0.2} 300Z", fill="#4D68C8")
        sheet.path(f"M{x + half * 0.2} 300L{x} {300 + height}L{x + half} 300Z", fill="#2D4398")
    for facing, fill in ((1, "#2A1420"), (-1, "#070B24")):
        with sheet.group(transform=f"translate(262 300) scale(1.1 {1.1 * facing})", fill=fill):
            sheet.path("M-16-112Q-18-130-7-132V-137H7V-132Q18-130 16-112Q8-104 0-104Q-8-104-16-112Z")
            sheet.circle(0, -94, 8.5)
            sheet.path("M-7-86Q-14-84-13-70L-9-54Q-20-30-22 0H22Q20-30 9-54L13-70Q14-84 7-86Z")
            sheet.stroke("M11-82Q26-92 15-114M-12-80Q-22-64-18-46", fill, 5)
    sheet.rect(0, 298, 400, 4, fill=CREAM)
    for step in range(9):
        y = 372 + step * 13
        sheet.rect(20 + step * 14, y, 90, 1.4, fill="#6F88DB", opacity=0.5)
        sheet.rect(300 - step * 4, y + 5, 80, 1.4, fill="#6F88DB", opacity=0.5)
    sheet.words("NAMAK", 200, 90, size=96, width=330, fill="#2A1420")
    sheet.words("&", 182, 200, size=72, fill="#F9EBCB")
    sheet.words("NEEL", 200, 566, size=96, width=330, fill=CREAM)
    sheet.credit("What the sea leaves, what the field keeps", y=590)


def velvet_static(sheet: Canvas) -> None:
    """A voice between two stations: rings of red on black, torn by a signal."""
    sheet.rect(0, 0, 400, 600, fill=NIGHT)
    sheet.glow(200, 250, 260, VELVET, 0.55)
    tears = chance(88)
    ghost = _rings(sheet, "ghost", TEAL)
    torn = _rings(sheet, "torn", EMBER)
    calm = _rings(sheet, "calm", VELVET)
    slices = [(70 + step * 20, 20, tears.choice((0, 0, 0, -14, 18, -30, 34))) for step in range(18)]
    for number, (top, height, shift) in enumerate(slices):
        window = sheet.clip(f"slice{number}", f'<rect x="-80" y="{top}" width="560" height="{height}"/>')
        with sheet.group(transform=f"translate({shift} 0)"), sheet.group(clip_path=window):
            if shift:
                sheet.again(ghost, x=-5)
            sheet.again(torn if shift else calm)
    sheet.circle(200, 250, 9, fill=CREAM)
    wave = "M0 466" + "".join(
        f"L{x} {466 + (-1) ** x * tears.uniform(0, 30 - abs(x / 4 - 50) * 0.5):.1f}" for x in range(4, 400, 3)
    )
    sheet.stroke(wave, AMBER, 1.6, stroke_linejoin="round")
    sheet.words("VELVET", 200, 540, size=72, width=290, fill=CREAM)
    sheet.words("S T A T I C", 200, 568, size=26, width=290, fill=EMBER)
    sheet.words("93.6", 352, 44, size=22, fill=AMBER)
    for mark in range(15):
        sheet.rect(24 + mark * 20, 26 if mark % 5 else 20, 2, 14 if mark % 5 else 20, fill=CREAM, opacity=0.6)
    sheet.rect(250, 14, 3, 32, fill=EMBER)
    sheet.credit("Stay on this frequency", y=588)


def _rings(sheet: Canvas, name: str, colour: str) -> str:
    """Rings that grow thinner outwards, kept for use slice by slice."""
    circles = "".join(
        f'<circle cx="200" cy="250" r="{radius}" stroke-width="{9 - ring * 0.8:.1f}"/>'
        for ring, radius in enumerate(range(28, 176, 18))
    )
    return sheet.define(name, f'<g fill="none" stroke="{colour}">{circles}</g>')
