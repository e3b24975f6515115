"""HTML made of elements: whatever is not markup already is escaped, so forgetting to escape is not possible."""

import html
import json
import re
from collections.abc import Iterable
from typing import Any, Final

_VOID: Final = frozenset(("br", "col", "hr", "img", "input", "link", "meta"))
# What no file in UTF-8 can hold, and what no reader can see: shown as a stand-in.
_SURROGATES: Final = re.compile("[\ud800-\udfff]")
_CONTROLS: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f]")


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


def element(name: str, *children: object, **attributes: object) -> Html:
    """`<name …>children</name>`.

    Children are escaped unless they are Html; lists are flattened, None is nothing. In names of attributes a closing
    underscore falls away and others become hyphens; None and False leave an attribute out, True gives it no value.
    """
    start = "".join((f"<{name}", *(_attribute(key, value) for key, value in attributes.items()), ">"))
    return Html(start if name in _VOID else f"{start}{joined(children)}</{name}>")


def joined(children: Iterable[object]) -> Html:
    """Children one after the other, as `element` writes them."""
    return Html("".join(map(_child, children)))


def escaped(value: object) -> str:
    """Text that is safe between tags and in quotes, and can be written as UTF-8."""
    return html.escape(visible(str(value)))


def visible(text: str) -> str:
    """The text with control characters as their pictures, ␀ to ␡, and halves of characters as �."""
    text = _SURROGATES.sub("�", text.replace("\r\n", "\n"))
    return _CONTROLS.sub(lambda found: "␡" if found[0] == "\x7f" else chr(0x2400 + ord(found[0])), text)


def json_for_script(value: Any) -> Html:
    """JSON that cannot end the script element it stands in, nor open a comment there. ASCII only.

    Raises ValueError for numbers that JSON does not know.
    """
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return Html(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


def _child(child: object) -> str:
    if child is None:
        return ""
    if isinstance(child, Html):
        return child
    if isinstance(child, list | tuple):
        return joined(child)
    return escaped(child)


def _attribute(key: str, value: object) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escaped(value)}"'
