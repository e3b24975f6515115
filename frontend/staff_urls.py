"""Pages of ours within the admin, for staff who are signed in to it."""

from django.contrib import admin
from django.urls import path

from frontend.staff_seats import seats_view

app_name = "staff"
urlpatterns = [
    path("bookings/show/<int:show_id>/seats/", admin.site.admin_view(seats_view), name="show-seats"),
]
