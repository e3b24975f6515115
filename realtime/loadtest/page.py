from typing import Any


def draw(result: dict[str, Any]) -> str:
    return str(result["verdict"])
