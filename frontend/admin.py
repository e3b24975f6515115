"""Letters in the admin: what was sent, what waits, what failed and why; and sending again with one click.

Nothing of a letter is edited. Sending again needs `frontend.resend_letter`; being staff is not enough.
"""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from bookings.api import Status, booking_reference, find_addressee
from frontend.handlers import nudge
from frontend.letters.post import Wanted, send_again, write_down
from frontend.models import Letter
from frontend.tasks import send_letter

if TYPE_CHECKING:
    # Django's class takes a type for the checker only; at run time it cannot be subscripted.
    AdminOfLetters = admin.ModelAdmin[Letter]
else:
    from unfold.admin import ModelAdmin as AdminOfLetters

MAY_RESEND = "frontend.resend_letter"


@admin.register(Letter)
class LetterAdmin(AdminOfLetters):
    """Rows to be looked at by whoever may view them, and sent again by whoever may."""

    list_display = ["state", "kind", "to", "booking_link", "tries", "last_error", "created_at", "sent_at", "next_try"]
    list_display_links = ["kind"]
    list_filter = ["state", "kind"]
    search_fields = ["to", "booking__id", "message_id"]
    date_hierarchy = "created_at"
    show_full_result_count = False
    actions = ["send_selected_again"]
    change_form_template = "frontend/admin/letter.html"
    fieldsets = [
        (None, {"fields": ["kind", "reference", "booking_link", "to", "state", "last_error"]}),
        (
            "Sending",
            {"fields": ["tries", "unclear", "created_at", "next_try", "give_up_at", "sent_at", "message_id"]},
        ),
    ]

    @admin.display(description="booking")
    def booking_link(self, letter: Letter) -> str:
        """To the booking it is about."""
        page = reverse("admin:bookings_booking_change", args=[letter.booking_id])
        return format_html('<a href="{}">{}</a>', page, booking_reference(letter.booking_id))

    @admin.display(description="next try", ordering="next_at")
    def next_try(self, letter: Letter) -> Any:
        """When it is tried again; nothing when it is not."""
        return letter.next_at if letter.state in {Letter.State.DUE, Letter.State.SENDING} else None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_resend_permission(self, request: HttpRequest) -> bool:
        """For Django's action below."""
        return bool(request.user.has_perm(MAY_RESEND))

    @admin.action(description="Send again", permissions=["resend"])
    def send_selected_again(self, request: HttpRequest, letters: QuerySet[Letter]) -> None:
        """Those that were ticked."""
        for letter in letters:
            self._send_again(request, letter)
        self.message_user(request, f"{len(letters)} on their way again.", messages.SUCCESS)

    def get_urls(self) -> list[URLPattern]:
        """The admin's own, and before them the acts."""
        site, name = self.admin_site.admin_view, "frontend_letter"
        return [
            path("<int:letter>/again/", site(require_POST(self.again_view)), name=f"{name}_again"),
            path("of/<uuid:booking>/", site(require_POST(self.confirmation_view)), name=f"{name}_confirmation"),
            *super().get_urls(),
        ]

    def again_view(self, request: HttpRequest, letter: int) -> HttpResponse:
        """Send one letter again."""
        self._must_be_allowed(request)
        found = Letter.objects.filter(pk=letter).first()
        if found is None:
            raise Http404
        new = self._send_again(request, found)
        self.message_user(request, f"The letter to {found.to} is on its way again.", messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:frontend_letter_change", args=[new]))

    def confirmation_view(self, request: HttpRequest, booking: UUID) -> HttpResponse:
        """Send the confirmation of a booking, again or, should it never have been written down, at all."""
        self._must_be_allowed(request)
        back = HttpResponseRedirect(reverse("admin:bookings_booking_change", args=[booking]))
        addressee = find_addressee(booking)
        if addressee is None:
            raise Http404
        if addressee.status != Status.CONFIRMED:
            self.message_user(request, f"The booking is {addressee.status}: it has no ticket.", messages.ERROR)
            return back
        write_down([Wanted(addressee, Letter.Kind.CONFIRMATION)])
        letter = Letter.objects.filter(booking=booking, kind=Letter.Kind.CONFIRMATION).latest("id")
        self._send_again(request, letter)
        self.message_user(request, f"The confirmation is on its way to {letter.to}.", messages.SUCCESS)
        return back

    def _must_be_allowed(self, request: HttpRequest) -> None:
        if not self.has_resend_permission(request):
            raise PermissionDenied

    def _send_again(self, request: HttpRequest, letter: Letter) -> int:
        new = send_again(letter)
        # By its number, never by whom it goes to: this log keeps all for ever, and an address is not ours for ever.
        self.log_change(request, letter, "Sent again" if new == letter.pk else f"Sent again, as letter {new}")
        nudge(send_letter, letter=new)
        return new
