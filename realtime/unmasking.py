"""Frames from clients, read without a parser where they are what clients send: whole, masked, short text frames.

Pure. Everything else (fragments, control frames, long ones, what is not ASCII) is left to the server's own library,
which also knows that text must be UTF-8.
"""

from typing import Final

# The contract's 8 KiB is answered with an error; beyond this the connection is closed with 1009, unread.
MESSAGE_BYTES_MAX: Final = 64 * 1024
_FINAL_TEXT: Final = 0x81
_MASKED: Final = 0x80


def unmask_text_frames(data: bytes) -> list[bytes] | None:
    """The payloads, if `data` is nothing but whole, masked ASCII text frames under 64 KiB; else None."""
    payloads = []
    start, end = 0, len(data)
    while start < end:
        if end - start < 6 or data[start] != _FINAL_TEXT or data[start + 1] < _MASKED:
            return None
        size = data[start + 1] & 0x7F
        start += 2
        if size == 126:
            size = int.from_bytes(data[start : start + 2], "big")
            start += 2
            if size < 126:
                return None
        elif size == 127:
            return None
        mask = data[start : start + 4]
        start += 4
        if start + size > end:
            return None
        key = int.from_bytes((mask * (size // 4 + 1))[:size], "little")
        payload = (int.from_bytes(data[start : start + size], "little") ^ key).to_bytes(size, "little")
        if not payload.isascii():
            return None
        payloads.append(payload)
        start += size
    return payloads


def frame_end(data: bytes, start: int) -> int | None:
    """Where the frame that begins at `start` ends, perhaps beyond `data`; None: its header has not come whole."""
    if len(data) - start < 2:
        return None
    size, header_end = data[start + 1] & 0x7F, start + 2
    if size >= 126:
        length_bytes = 2 if size == 126 else 8
        if len(data) - header_end < length_bytes:
            return None
        size = int.from_bytes(data[header_end : header_end + length_bytes], "big")
        header_end += length_bytes
    if data[start + 1] >= _MASKED:
        header_end += 4
    return header_end + size


def leaves_message_open(frame: bytes, *, already: bool) -> bool:
    """Whether a message has begun and not ended after this whole frame; `already`: it had before."""
    opcode, final = frame[0] & 0x0F, frame[0] >= 0x80
    return already if opcode >= 0x8 else not final
