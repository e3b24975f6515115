"""What all admin pages of money share: nobody adds, changes or deletes. How money and links are written: words.py."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest

if TYPE_CHECKING:
    # Django's class takes a type for the checker only; at run time it cannot be subscripted.
    AdminOfAny = admin.ModelAdmin[Any]
else:
    from unfold.admin import ModelAdmin as AdminOfAny

MAY_ACT = "payments.refund_payment"


class ReadOnlyAdmin(AdminOfAny):
    """Rows to be looked at by whoever may view them."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
