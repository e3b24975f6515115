"""The screens of the house's cinemas: which hang where, how they look, and when they were last seen.

A screen is known by a secret that only it has; here is its hash. Written by realtime/boards/devices.py alone.
"""

from django.conf import settings as house
from django.db import models
from django.db.models import Q


class Device(models.Model):
    """A paired screen. A place is the slug of a theatre and, for a door, the name of a screen there.

    `settings` are {theme, language, night_from, night_to}; `reloads` counts how often its page was told to load anew;
    `version` is what its page says of itself.
    """

    class Kind(models.TextChoices):
        BOARD = "board", "Lobby board"
        DOOR = "door", "Door display"

    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.BOARD)
    theatre_slug = models.SlugField()
    screen_name = models.CharField(max_length=80, blank=True)
    token_hash = models.CharField(max_length=64, unique=True)
    settings = models.JSONField(default=dict)
    reloads = models.PositiveIntegerField(default=0)
    paired_at = models.DateTimeField()
    paired_by = models.ForeignKey(house.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    last_seen_at = models.DateTimeField(null=True, blank=True)
    version = models.CharField(max_length=32, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["theatre_slug", "name"]
        default_permissions = ("view", "change")
        permissions = [("pair_screens", "Can pair, change, reload and revoke screens")]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="board") | ~Q(screen_name=""), name="door_display_hangs_at_a_screen"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.theatre_slug})"


class Pairing(models.Model):
    """A screen that shows a code and waits for staff to enter it. Gone once it is paired, too old, or one too many.

    `household` is the key of the address that it asked from.
    """

    code = models.CharField(max_length=8, unique=True)
    secret_hash = models.CharField(max_length=64, unique=True)
    household = models.CharField(max_length=64, db_default="")
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.code
