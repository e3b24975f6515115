"""Pages on which staff act on money: a form, then a page that says what will happen, then the act.

Only for whoever has the act's permission; being staff is not enough. `payments.refund_payment` is for whoever decides
about money. `bookings.cancel_booking` does for a buyer what he could do himself: the theatre's policy says what goes
back, and no field of the form says otherwise. services/staff.py checks and does.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminTextInputWidget

from bookings.api import BookingWorks, BoxOffice, ClaimsUnavailable, NotReady, from_sync
from payments.admin.reading import MAY_ACT
from payments.services import staff, staff_inbox
from payments.services.staff import By, NotPossible

PAISE: Final = 100
Wishes: TypeAlias = dict[str, Any]


class WhyForm(forms.Form):
    """Every act has a reason; it is kept with the name of whoever acts."""

    reason = forms.CharField(
        max_length=300,
        widget=UnfoldAdminTextInputWidget,
        help_text="Kept with your name. The buyer does not see it.",
    )

    def wishes(self) -> Wishes:
        """What is asked for beside the reason."""
        return {}


class RefundForm(WhyForm):
    """How much goes back."""

    amount = forms.DecimalField(
        label="Amount in rupees",
        required=False,
        min_value=1,
        max_digits=10,
        decimal_places=2,
        widget=UnfoldAdminDecimalFieldWidget,
        help_text="Empty: all of it. The booking is cancelled either way, and its seats go back on sale.",
    )
    field_order = ("amount", "reason")

    def wishes(self) -> Wishes:
        amount = self.cleaned_data["amount"]
        return {"amount_paise": None if amount is None else int(amount * PAISE)}


class MatchForm(WhyForm):
    """Whose the money is."""

    booking = forms.UUIDField(
        label="Booking",
        widget=UnfoldAdminTextInputWidget,
        help_text="The id of the booking that was meant to be paid.",
    )
    field_order = ("booking", "reason")

    def wishes(self) -> Wishes:
        return {"booking": str(self.cleaned_data["booking"])}


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that can be done to a booking, a payment or an event; `subject` is the name of that argument."""

    title: str
    button: str
    subject: str
    form: type[WhyForm]
    foresee: Callable[..., Awaitable[str]]
    do: Callable[..., Awaitable[object]]
    done: str
    permission: str = MAY_ACT


REFUND: Final = Act(
    title="Refund a booking",
    button="Cancel and refund",
    subject="booking",
    form=RefundForm,
    foresee=staff.foresee_refund,
    do=staff.refund_booking,
    done="The booking is cancelled and its money is on its way back.",
)
CANCEL: Final = Act(
    title="Cancel a booking",
    button="Cancel the booking",
    subject="booking",
    form=WhyForm,
    foresee=staff.foresee_cancel,
    do=staff.cancel_by_policy,
    done="The booking is cancelled.",
    permission="bookings.cancel_booking",
)
PAYMENT_ACTS: Final = {
    "retry": Act(
        title="Try a refund again",
        button="Try again",
        subject="payment",
        form=WhyForm,
        foresee=staff.foresee_retry,
        do=staff.retry_refund,
        done="Razorpay is asked again within seconds.",
    ),
    "by-hand": Act(
        title="Note money given back another way",
        button="Note it",
        subject="payment",
        form=WhyForm,
        foresee=staff.foresee_by_hand,
        do=staff.note_given_by_hand,
        done="It is noted that the buyer has his money.",
    ),
    "match": Act(
        title="Match a payment to a booking",
        button="Match",
        subject="payment",
        form=MatchForm,
        foresee=staff.foresee_match,
        do=staff.match_payment,
        done="The payment has its booking, and is settled.",
    ),
    "give-back": Act(
        title="Give a payment back",
        button="Give back",
        subject="payment",
        form=WhyForm,
        foresee=staff.foresee_give_back,
        do=staff.give_back_parked,
        done="The money is on its way back.",
    ),
}
EVENT_ACTS: Final = {
    "try-again": Act(
        title="Try an event again",
        button="Try again",
        subject="event",
        form=WhyForm,
        foresee=staff_inbox.foresee_try_again,
        do=staff_inbox.try_again,
        done="The event was tried again. If it failed once more, it is still listed here, with what is wrong.",
    ),
    "close": Act(
        title="Close an event",
        button="Close it",
        subject="event",
        form=WhyForm,
        foresee=staff_inbox.foresee_close,
        do=staff_inbox.close,
        done="The event is closed.",
    ),
}
# Which of them fit, by what was decided about a payment, or by how something is open.
ACTS_OF: Final = {
    "manual": ("retry", "by-hand"),
    "parked": ("match", "give-back"),
    "webhook_failed": ("try-again", "close"),
}


def act_page(request: HttpRequest, act: Act, *, subject: str | int, back: str) -> HttpResponse:
    """Ask, say what will happen, or do it. Raises PermissionDenied."""
    if not request.user.has_perm(act.permission):
        raise PermissionDenied
    form = act.form(request.POST or None)
    foreseen = ""
    if request.method == "POST" and form.is_valid():
        arguments = {act.subject: subject, **form.wishes()}
        try:
            if "confirmed" in request.POST:
                assert request.user.pk is not None, "who has a permission has an account"
                by = By(request.user.pk, form.cleaned_data["reason"])
                _run(lambda works: act.do(works, by=by, **arguments))
                messages.success(request, act.done)
                return HttpResponseRedirect(back)
            foreseen = str(_run(lambda works: act.foresee(works, **arguments)))
        except NotPossible as refusal:
            form.add_error(None, str(refusal))
        except (ClaimsUnavailable, NotReady):
            form.add_error(None, "The house is busy. Nothing was done; try again in a moment.")
    context = {
        **admin.site.each_context(request),
        "title": act.title,
        "act": act,
        "subject": subject,
        "form": form,
        "foreseen": foreseen,
        "back": back,
    }
    return TemplateResponse(request, "payments/admin/act.html", context)


def _run(work: Callable[[BookingWorks], Awaitable[object]]) -> object:
    async def run(office: BoxOffice) -> object:
        return await work(office.works)

    return from_sync(run)
