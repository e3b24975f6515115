"""Ids of bookings: what RFC 9562 says of a UUIDv7, in the order in which they are made."""

import time
from uuid import RFC_4122, UUID

from bookings.services.booking_ids import new_booking_id

MANY = 2_000


class TestBookingIds:
    def test_are_uuids_of_version_7(self) -> None:
        ids = [UUID(new_booking_id()) for _ in range(MANY)]

        assert {(one.version, one.variant) for one in ids} == {(7, RFC_4122)}

    def test_are_written_as_postgresql_writes_them(self) -> None:
        one = new_booking_id()

        assert str(UUID(one)) == one

    def test_begin_with_their_moment(self) -> None:
        before_ms = time.time_ns() // 1_000_000
        made_ms = UUID(new_booking_id()).int >> 80

        assert before_ms <= made_ms <= time.time_ns() // 1_000_000

    def test_are_chance_in_every_other_bit(self) -> None:
        """74 bits, and each is set in some and not in others."""
        ids = [UUID(new_booking_id()).int for _ in range(MANY)]
        fixed = 0xF << 76 | 0x3 << 62
        chance = ((1 << 80) - 1) & ~fixed
        ever, always = 0, chance
        for one in ids:
            ever |= one
            always &= one

        assert ever & chance == chance
        assert always == 0
