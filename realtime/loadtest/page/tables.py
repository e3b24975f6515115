"""Tables that can be read by ear and, where they are wide, scrolled inside themselves with the keyboard as well."""

from collections.abc import Sequence
from dataclasses import dataclass

from realtime.loadtest.page.markup import Html, element


@dataclass(frozen=True, slots=True)
class Column:
    """A column's heading, whether it holds numbers, and a name by which the script finds it."""

    title: str
    is_number: bool = False
    name: str | None = None


def table(
    name: str, columns: Sequence[Column], rows: Sequence[Sequence[object]], *, identity: str | None = None
) -> Html:
    """A table called `name`; the first cell of each row is its heading."""
    looks = ["number" if column.is_number else None for column in columns]
    head = [
        element("th", column.title, scope="col", class_=look, data_column=column.name)
        for column, look in zip(columns, looks, strict=True)
    ]
    body = [
        element(
            "tr",
            [
                element("td", cell, class_=looks[at]) if at else element("th", cell, scope="row", class_=looks[0])
                for at, cell in enumerate(row)
            ],
        )
        for row in rows
    ]
    return element(
        "div",
        element(
            "table",
            element("caption", name, class_="unseen"),
            element("thead", element("tr", head)),
            element("tbody", body),
            id=identity,
        ),
        class_="table-scroll",
        role="region",
        aria_label=name,
        tabindex=0,
    )
