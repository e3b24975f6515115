"""The emulated Razorpay's ledger: the state is a fold over it, whatever happened and wherever it was cut."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.emulator.book import Book
from payments.emulator.errors import Refused
from payments.emulator.ledger import LEDGER_NAME, Ledger, LedgerDamaged
from tests.support.gateway_desk import AUTOMATIC, MANUAL, GatewayDesk

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("order"), st.sampled_from([AUTOMATIC, MANUAL, None])),
        st.tuples(
            st.just("pay"),
            st.tuples(st.integers(0, 20), st.integers(0, 2400), st.sampled_from(["success", "capture", "fail"])),
        ),
        st.tuples(st.just("capture"), st.integers(0, 20)),
        st.tuples(st.just("refund"), st.tuples(st.integers(0, 20), st.integers(100, 130_000))),
        st.tuples(st.just("advance"), st.integers(1, 3000)),
        st.tuples(st.just("switch"), st.sampled_from(["refund", "capture"])),
    ),
    max_size=25,
)


def do(world: GatewayDesk, step: str, wish: Any) -> None:
    """One step; what Razorpay refuses is refused."""
    orders, payments = list(world.book.orders.values()), list(world.book.payments.values())
    try:
        if step == "order":
            world.order(**({"payment": wish} if wish else {}))
        elif step == "pay" and orders:
            world.pay(orders[wish[0] % len(orders)], (wish[1], wish[2]))
        elif step == "capture" and payments:
            world.capture(payments[wish % len(payments)])
        elif step == "refund" and payments:
            world.refund(payments[wish[0] % len(payments)], amount=wish[1])
        elif step == "advance":
            world.desk.advance(wish)
        elif step == "switch":
            world.switch(second_success=wish)
    except Refused:
        return


def known(book: Book) -> Any:
    return (
        book.orders,
        book.payments,
        book.refunds,
        book.keys,
        book.switches,
        book.offset_ms,
        sorted((timer.due_ms, timer.kind, timer.id) for timer in book.timers),
    )


class TestFold:
    @given(steps=STEPS)
    def test_gives_the_same_state_again(self, steps: list[tuple[str, Any]]) -> None:
        world = GatewayDesk()
        for step in steps:
            do(world, *step)
        again = Book()
        for event in world.ledger:
            again.apply(event)
        # Timers that were looked at are gone from the first; looking at them again changes nothing.
        again.timers = [timer for timer in again.timers if timer.due_ms > world.desk.now_ms]

        assert known(again) == known(world.book)

    @given(steps=STEPS)
    def test_never_loses_or_makes_money(self, steps: list[tuple[str, Any]]) -> None:
        world = GatewayDesk()
        for step in steps:
            do(world, *step)

        book = world.book
        for payment in book.payments.values():
            back = sum(book.refunds[r].amount for r in payment.refund_ids if book.refunds[r].status != "failed")
            assert back == payment.amount_refunded <= payment.amount
            assert (payment.status == "refunded") == (payment.amount_refunded == payment.amount)
        for order in book.orders.values():
            captured = [book.payments[p] for p in order.payment_ids if book.payments[p].captured]
            assert order.amount_paid == sum(payment.amount for payment in captured)
            assert (order.status == "paid") == bool(captured)

    @given(steps=STEPS)
    def test_tells_each_capture_and_each_failure_once(self, steps: list[tuple[str, Any]]) -> None:
        world = GatewayDesk()
        for step in steps:
            do(world, *step)
        told = [
            (webhook["event"], webhook["payload"]["payment"]["entity"]["id"])
            for webhook in world.told
            if webhook["event"] in {"payment.captured", "payment.failed", "payment.authorized"}
        ]

        assert len(told) == len(set(told))


class TestFile:
    def test_remembers_after_a_restart(self, tmp_path: Path) -> None:
        world = GatewayDesk(Ledger(tmp_path))
        order = world.order(receipt="HF-1")
        world.desk.advance(60)
        reborn = GatewayDesk(Ledger(tmp_path))

        assert reborn.book.orders == {order.id: order}
        assert reborn.desk.now_ms == world.desk.now_ms
        assert reborn.order().id != order.id

    def test_forgets_a_line_that_was_cut(self, tmp_path: Path) -> None:
        world = GatewayDesk(Ledger(tmp_path))
        world.order()
        whole = (tmp_path / LEDGER_NAME).read_bytes()
        (tmp_path / LEDGER_NAME).write_bytes(whole[:-5])
        reborn = GatewayDesk(Ledger(tmp_path))
        reborn.order()

        assert len(reborn.book.orders) == 1
        assert [event["n"] for event in Ledger(tmp_path).events()] == [1, 2, 3]

    def test_refuses_a_damaged_line_and_says_which(self, tmp_path: Path) -> None:
        (tmp_path / LEDGER_NAME).write_bytes(b'{"n":1,"kind":"x"}\nnot an event\n{"n":3,"kind":"x"}\n')

        with pytest.raises(LedgerDamaged, match=r"Line 2 .* Remove the file"):
            Ledger(tmp_path)

    def test_gives_events_by_kind_and_place(self) -> None:
        world = GatewayDesk()
        world.pay(world.order(), (0, "capture"))
        ledger = world.desk.ledger

        assert [event["kind"] for event in ledger.events(kinds=["payment."])] == [
            "payment.created",
            "payment.authorized",
            "payment.captured",
        ]
        assert [event["n"] for event in ledger.events(after=2, limit=2)] == [3, 4]
