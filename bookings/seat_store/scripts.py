"""The Lua scripts as Redis knows them: source, digest, and nothing about what they mean."""

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib import resources

VERBS = (
    "acquire_seats",
    "commit_holds",
    "correct_seats",
    "inspect_show",
    "paint_seats",
    "picture",
    "reap",
    "rebuild_show",
    "release_seats",
)


@dataclass(frozen=True, slots=True)
class Script:
    """One verb: the shared prelude followed by the verb's own file."""

    verb: str
    source: bytes
    sha1: bytes


@cache
def load_scripts() -> dict[str, Script]:
    """Every script by its verb, read once from the package."""
    folder = resources.files("bookings.seat_store") / "lua"
    prelude = (folder / "prelude.lua").read_bytes()
    scripts = {}
    for verb in VERBS:
        source = prelude + b"\n" + (folder / f"{verb}.lua").read_bytes()
        # SHA-1 is what EVALSHA is called by (redis.io, EVALSHA); it guards nothing here.
        digest = hashlib.sha1(source, usedforsecurity=False).hexdigest()
        scripts[verb] = Script(verb=verb, source=source, sha1=digest.encode())
    return scripts
