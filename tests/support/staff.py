"""Staff at the admin, and the money that they find there: for tests of what people do by hand."""

from datetime import timedelta
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.contrib.auth.models import User as AuthUser
from django.test import Client
from django.urls import reverse

from bookings.api import BoxOffice
from bookings.models import Show
from payments.models import AuditEntry, LedgerEntry, Order, Payment, Refund, WebhookEvent
from payments.razorpay_gateway import gateway
from payments.services.ledger import Period, reckon_up
from payments.services.settle import take_in
from tests.support.buyer import Buyer
from tests.support.cinema import PRICE_PAISE, make_show
from tests.support.money_house import House
from tests.support.razorpay import Paid, Razorpay
from tests.support.relay import relay
from tests.support.witness import rows

OPEN_MONEY = "/admin/payments/payment/open-money/"
EVER = Period(0, 4_000_000_000)
READ_ONLY = (Order, Payment, Refund, WebhookEvent, LedgerEntry, AuditEntry)


class Browser:
    """A member of staff at the admin."""

    def __init__(self, user: AuthUser) -> None:
        self.user = user
        self._client = Client()
        self._client.force_login(user)

    async def get(self, path: str) -> Any:
        return await sync_to_async(self._client.get)(path)

    async def post(self, path: str, **form: str) -> Any:
        return await sync_to_async(self._client.post)(path, form)

    async def reads(self, path: str) -> str:
        reply = await self.get(path)
        assert reply.status_code == 200
        text: str = reply.content.decode()
        return text


def new_user(name: str, *permissions: str) -> AuthUser:
    user: Any = get_user_model().objects.create_user(username=name, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    assert user.user_permissions.count() == len(permissions)
    return user  # type: ignore[no-any-return]


def new_clerk() -> Browser:
    """Staff who may look at everything and do nothing."""
    looks = [f"view_{model._meta.model_name}" for model in READ_ONLY]
    return Browser(new_user("clerk", "view_booking", *looks))


def new_manager() -> Browser:
    """Staff with the right to give money back."""
    return Browser(new_user("manager", "view_booking", "view_payment", "refund_payment"))


async def buy(buyer: Buyer, *seats: str, starts_in: timedelta = timedelta(hours=1)) -> tuple[Show, Paid]:
    """A confirmed booking whose money is captured, and known to be."""
    show: Show = await sync_to_async(make_show)(starts_in=starts_in)
    await buyer.begin(show, *(seats or ("A1", "A2")))
    paid = buyer.pay()
    await buyer.verify(paid)
    await take_in((await BoxOffice.current()).works, gateway.fetch_payment(paid.payment_id))
    return show, paid


async def park(office: BoxOffice, razorpay: Razorpay, *, amount_paise: int = PRICE_PAISE) -> Paid:
    """Money for an order that this house never made, as a webhook tells of it."""
    paid = razorpay.pay(razorpay.create_order(amount_paise))
    await take_in(office.works, gateway.fetch_payment(paid.payment_id))
    return paid


async def fail_for_good(buyer: Buyer, razorpay: Razorpay, database: str) -> Paid:
    _, paid = await buy(buyer, starts_in=timedelta(days=3))
    razorpay.refund_outcome("failed", count=3)
    await buyer.cancel("user")
    await relay(database, rounds=6)
    assert (await buyer.look())["refund"] == "manual"
    return paid


def refund_of(buyer: Buyer) -> str:
    return reverse("admin:bookings_booking_refund", args=[buyer.booking])


def cancel_of(buyer: Buyer) -> str:
    return reverse("admin:bookings_booking_cancel", args=[buyer.booking])


def act_on(paid: Paid, name: str) -> str:
    return reverse("admin:payments_payment_act", args=[paid.payment_id, name])


def audit(database: str) -> list[tuple[Any, ...]]:
    return rows(
        database,
        "SELECT u.username, a.action, a.booking_id::text, a.payment_id, a.amount_paise, a.reason "
        "FROM payments_auditentry AS a JOIN auth_user AS u ON u.id = a.user_id ORDER BY a.id",
    )


async def assert_books_are_right(office: BoxOffice) -> None:
    reckoning = await reckon_up(office.works, EVER)
    assert (reckoning.breaches, reckoning.totals.is_conserved) == ([], True)


async def fail_an_event(house: House, database: str, body: bytes) -> int:
    """An event that Razorpay signed and that has used up its tries. Returns its number."""
    assert await house.deliver(body, "evt_failed") == 200
    ((event,),) = rows(
        database,
        "UPDATE payments_webhookevent "
        "SET tries = 20, processed_at = NULL, received_at = received_at - interval '1 hour' RETURNING id",
    )
    return int(event)


def act_on_event(event: int, name: str) -> str:
    return reverse("admin:payments_webhookevent_act", args=[event, name])
