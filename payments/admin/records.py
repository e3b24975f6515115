"""Orders, payments, refunds, webhook events, ledger and audit, to be read; and refund policies, to be edited."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join

from payments.admin.acts import ACTS_OF, EVENT_ACTS, PAYMENT_ACTS, act_page
from payments.admin.open_money import open_money_view
from payments.admin.reading import ReadOnlyAdmin
from payments.domain.facts import Rank
from payments.models import AuditEntry, LedgerEntry, Order, Payment, Refund, RefundPolicy, WebhookEvent
from payments.words import booking_link, money, payment_link, payment_page

if TYPE_CHECKING:
    # Django's class takes a type for the checker only; at run time it cannot be subscripted.
    AdminOfPolicy = admin.ModelAdmin[RefundPolicy]
else:
    from unfold.admin import ModelAdmin as AdminOfPolicy

BODY_CHARACTERS_MAX = 20_000


class MoneyAdmin(ReadOnlyAdmin):
    """Rows with an amount, a booking and mostly a payment."""

    show_full_result_count = False

    @admin.display(ordering="amount_paise")
    def amount(self, row: Any) -> str:
        return money(row.amount_paise)

    @admin.display(description="booking")
    def its_booking(self, row: Any) -> str:
        return booking_link(row.booking_id)

    @admin.display(description="payment")
    def its_payment(self, row: Any) -> str:
        return payment_link(row.payment_id)


@admin.register(Order)
class OrderAdmin(MoneyAdmin):
    list_display = ["__str__", "its_booking", "amount", "state", "created_at"]
    list_filter = ["state"]
    search_fields = ["razorpay_id", "booking__id"]
    date_hierarchy = "created_at"
    fields = [
        "razorpay_id", "its_booking", "amount", "currency", "state", "tries", "lease_until", "poll_at", "created_at",
    ]  # fmt: skip
    readonly_fields = ["its_booking", "amount"]


@admin.register(Payment)
class PaymentAdmin(MoneyAdmin):
    list_display = ["id", "its_booking", "amount", "rank", "resolution", "reason", "method", "first_seen_at"]
    list_filter = ["resolution", "rank", "method", "reason"]
    search_fields = ["id", "order_id", "booking__id", "booking__buyer_email"]
    date_hierarchy = "first_seen_at"
    fields = [
        "id", "order_id", "its_booking", "booking_note", "amount", "currency", "given_back", "rank", "resolution",
        "reason", "acts", "method", "error_code", "error_detail", "fee", "razorpay_created_at", "first_seen_at",
    ]  # fmt: skip
    readonly_fields = ["its_booking", "amount", "given_back", "fee", "acts"]

    def get_urls(self) -> list[URLPattern]:
        """The admin's own, and before them the page of open money and the acts."""
        wrap = self.admin_site.admin_view
        return [
            path("open-money/", wrap(open_money_view), name="payments_open_money"),
            path("<str:payment>/act/<slug:name>/", wrap(self.act_view), name="payments_payment_act"),
            *super().get_urls(),
        ]

    def act_view(self, request: HttpRequest, payment: str, name: str) -> HttpResponse:
        """One of the acts on a payment."""
        if name not in PAYMENT_ACTS:
            raise Http404
        back = payment_page(payment)
        return act_page(request, PAYMENT_ACTS[name], subject=payment, back=back)

    @admin.display(description="given back")
    def given_back(self, payment: Payment) -> str:
        return money(payment.amount_refunded_paise)

    @admin.display
    def fee(self, payment: Payment) -> str:
        return money(payment.fee_paise)

    @admin.display(description="what can be done")
    def acts(self, payment: Payment) -> str:
        return act_links(acts_for(payment), payment.pk) or "–"


def acts_for(payment: Payment) -> tuple[str, ...]:
    """The names of the acts that fit a payment now."""
    is_parked = (
        payment.booking_id is None
        and payment.resolution == "none"
        and Rank(payment.rank)
        in (
            Rank.AUTHORIZED,
            Rank.CAPTURED,
        )
    )
    return ACTS_OF.get("parked" if is_parked else payment.resolution, ())


def act_links(names: tuple[str, ...], payment: str) -> str:
    """Links to acts on a payment; whoever may not is refused there."""
    links = (
        (reverse("admin:payments_payment_act", args=[payment, name]), PAYMENT_ACTS[name].title) for name in names
    )
    return format_html_join(" · ", '<a href="{}">{}</a>', links)


@admin.register(Refund)
class RefundAdmin(MoneyAdmin):
    list_display = ["__str__", "its_payment", "attempt", "amount", "status", "reason", "created_at", "changed_at"]
    list_filter = ["status", "reason"]
    search_fields = ["razorpay_id", "idempotency_key", "payment__id", "payment__booking__id"]
    date_hierarchy = "created_at"
    fields = [
        "razorpay_id", "its_payment", "attempt", "idempotency_key", "amount", "status", "reason", "detail",
        "created_at", "changed_at",
    ]  # fmt: skip
    readonly_fields = ["its_payment", "amount"]


@admin.register(WebhookEvent)
class WebhookEventAdmin(ReadOnlyAdmin):
    list_display = ["event", "event_id", "received_at", "processed_at", "tries", "error"]
    list_filter = ["event", ("processed_at", admin.EmptyFieldListFilter)]
    search_fields = ["event_id"]
    date_hierarchy = "received_at"
    fields = ["event", "event_id", "received_at", "processed_at", "tries", "error", "text"]
    readonly_fields = ["text"]
    show_full_result_count = False

    def get_urls(self) -> list[URLPattern]:
        """The admin's own, and before them the acts."""
        act = self.admin_site.admin_view(self.act_view)
        return [path("<int:event>/act/<slug:name>/", act, name="payments_webhookevent_act"), *super().get_urls()]

    def act_view(self, request: HttpRequest, event: int, name: str) -> HttpResponse:
        """One of the acts on an event."""
        if name not in EVENT_ACTS:
            raise Http404
        return act_page(request, EVENT_ACTS[name], subject=event, back=reverse("admin:payments_open_money"))

    @admin.display(description="body")
    def text(self, event: WebhookEvent) -> str:
        body = bytes(event.body).decode(errors="replace")[:BODY_CHARACTERS_MAX]
        return format_html('<pre style="white-space: pre-wrap; overflow-wrap: anywhere">{}</pre>', body)


@admin.register(LedgerEntry)
class LedgerEntryAdmin(MoneyAdmin):
    list_display = ["at", "kind", "amount", "its_payment", "its_booking"]
    list_filter = ["kind"]
    search_fields = ["key", "payment__id", "booking__id"]
    date_hierarchy = "at"
    fields = ["at", "kind", "amount", "its_payment", "its_booking", "key"]
    readonly_fields = ["amount", "its_payment", "its_booking"]


@admin.register(AuditEntry)
class AuditEntryAdmin(MoneyAdmin):
    list_display = ["at", "user", "action", "amount", "its_booking", "its_payment", "reason"]
    list_filter = ["action", "user"]
    search_fields = ["booking__id", "payment__id", "reason"]
    date_hierarchy = "at"
    fields = ["at", "user", "action", "amount", "its_booking", "its_payment", "reason"]
    readonly_fields = ["amount", "its_booking", "its_payment"]


@admin.register(RefundPolicy)
class RefundPolicyAdmin(AdminOfPolicy):
    """What a buyer gets back who cancels; decided when he cancels, so a change never touches what was decided."""

    list_display = ["theatre", "full_until_hours", "share_until_hours", "share_percent"]
    autocomplete_fields = ["theatre"]
