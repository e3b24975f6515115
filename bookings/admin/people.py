"""Staff's logins and roles. Nobody gives away more than he has himself.

A login that was ever used is switched off, not deleted: the audit log names it. Roles are set by the code
(services/roles.py), so they are only looked at here; whoever needs another role makes a group of his own.
"""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, Permission, User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from bookings.services.roles import MANAGER, ROLES

if TYPE_CHECKING:
    # Django's class takes a type for the checker only, and the theme has no types.
    AdminOfUsers = UserAdmin[User]
    AdminOfGroups = GroupAdmin
else:
    from unfold.admin import ModelAdmin

    class AdminOfUsers(UserAdmin, ModelAdmin):
        pass

    class AdminOfGroups(GroupAdmin, ModelAdmin):
        pass


admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class StaffAdmin(AdminOfUsers):
    """People who sign in. Whoever is no superuser sees nobody mightier, and gives no role that is beyond his own."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["username", "first_name", "last_name", "roles", "is_staff", "is_active", "last_login"]
    list_filter = ["is_active", "is_staff", "groups"]
    filter_horizontal = []
    fieldsets = [
        (None, {"fields": ["username", "password", "is_active", "is_staff", "groups"]}),
        ("Who it is", {"fields": ["first_name", "last_name", "email"]}),
        ("Times", {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [
        (None, {"fields": ["username", "usable_password", "password1", "password2", "is_staff", "groups"]}),
    ]
    readonly_fields = ["last_login", "date_joined"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        people: QuerySet[User] = super().get_queryset(request).prefetch_related("groups")
        if request.user.is_superuser:
            return people
        # Whoever could set the password of somebody mightier would be that mighty.
        return people.filter(is_superuser=False).exclude(pk__in=_mightier(request.user))

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if obj is not None and request.user.is_superuser:
            return [*fieldsets, ("More than a role", {"fields": ["is_superuser", "user_permissions"]})]
        return fieldsets

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {**super().get_changeform_initial_data(request), "is_staff": True}

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        if db_field.name == "groups":
            options |= {
                "widget": UnfoldAdminCheckboxSelectMultipleWidget,
                "help_text": "docs/admin.md says what each may do.",
            }
            if not request.user.is_superuser:
                options["queryset"] = Group.objects.exclude(pk__in=_groups_beyond(request.user))
        return super().formfield_for_manytomany(db_field, request, **options)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    @admin.display
    def roles(self, person: User) -> str:
        return ", ".join(sorted(group.name for group in person.groups.all())) or "–"


@admin.register(Group)
class RoleAdmin(AdminOfGroups):
    """Roles: the code's to be looked at, others a superuser's to be made."""

    list_display = ["name", "people"]
    filter_horizontal = []

    def get_fields(self, request: HttpRequest, obj: Group | None = None) -> Any:
        return ["name", "may"] if _is_ours(obj) else ["name", "permissions"]

    def get_readonly_fields(self, request: HttpRequest, obj: Group | None = None) -> Any:
        return ["may"]

    @admin.display(description="may")
    def may(self, group: Group) -> str:
        permissions = group.permissions.select_related("content_type").order_by("content_type__app_label", "name")
        lines = ((permission.name,) for permission in permissions)
        return format_html('<ul class="desk-list">{}</ul>', format_html_join("", "<li>{}</li>", lines))

    @admin.display
    def people(self, group: Group) -> int:
        return group.user_set.filter(is_active=True).count()

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return not _is_ours(obj) and bool(request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        return not _is_ours(obj) and bool(request.user.is_superuser)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_superuser)


def _is_ours(group: Group | None) -> bool:
    return group is not None and group.name in (MANAGER, *ROLES)


def _beyond(user: Any) -> QuerySet[Permission]:
    """The permissions that somebody has not."""
    own = Permission.objects.filter(group__user=user) | Permission.objects.filter(user=user)
    return Permission.objects.exclude(pk__in=own.values("pk"))


def _groups_beyond(user: Any) -> QuerySet[Group, Any]:
    return Group.objects.filter(permissions__in=_beyond(user)).values("pk")


def _mightier(user: Any) -> QuerySet[User, Any]:
    beyond = _beyond(user)
    return (
        User.objects.filter(groups__permissions__in=beyond) | User.objects.filter(user_permissions__in=beyond)
    ).values("pk")
