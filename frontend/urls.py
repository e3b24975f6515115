"""The pages of the house. The last line answers every other address, so these are included last."""

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path, re_path

from frontend import booking_views, door_views, kiosk_views, ticket_views, views
from frontend.not_found import own_page, unknown_address
from frontend.reports import views as report_views
from frontend.staff_screens import pair_screen

app_name = "frontend"
urlpatterns = [
    path("", views.now_showing, name="now-showing"),
    path("movies/<slug:slug>/", own_page(views.movie), name="movie"),
    path("movies/<slug:slug>/poster.svg", own_page(views.poster), name="poster"),
    path("shows/<int:show_id>/", own_page(views.show), name="show"),
    path("bookings/<uuid:public_id>/pay/", own_page(booking_views.pay), name="pay"),
    path("bookings/<uuid:public_id>/", own_page(booking_views.booking), name="booking"),
    path("bookings/<uuid:public_id>/ticket.pdf", own_page(ticket_views.own_pdf), name="ticket-pdf"),
    path("bookings/<uuid:public_id>/ticket.ics", own_page(ticket_views.own_ics), name="ticket-ics"),
    path("t/<str:token>/", own_page(ticket_views.shared), name="shared-ticket"),
    path("t/<str:token>/ticket.pdf", own_page(ticket_views.shared_pdf), name="shared-ticket-pdf"),
    path("t/<str:token>/ticket.ics", own_page(ticket_views.shared_ics), name="shared-ticket-ics"),
    path("ticket-worker.js", ticket_views.worker, name="ticket-worker"),
    path("checkin/", own_page(door_views.choose_door), name="doors"),
    path("checkin/<int:show_id>/", own_page(door_views.door), name="door"),
    path("my/bookings/", booking_views.my_bookings, name="my-bookings"),
    path("kiosk/", kiosk_views.kiosk, name="kiosk"),
    # Two parts each: one part is a theatre's name.
    path("kiosk/screen/pairing/", kiosk_views.begin_pairing, name="begin-pairing"),
    path("kiosk/screen/state/", kiosk_views.screen_state, name="screen-state"),
    path("kiosk/screen/fonts/<slug:name>.ttf", own_page(kiosk_views.font), name="board-font"),
    path("kiosk/shows/<int:show_id>/", own_page(kiosk_views.door_display), name="door-display"),
    path("kiosk/<slug:slug>/", own_page(kiosk_views.lobby_board), name="lobby-board"),
    path("staff/screens/pair/", pair_screen, name="pair-screen"),
    path("staff/reports/", report_views.reports, name="reports"),
    path("staff/reports/<uuid:report_id>/", own_page(report_views.report), name="report"),
    path("staff/reports/<uuid:report_id>/progress/", own_page(report_views.progress), name="report-progress"),
    path("staff/reports/<uuid:report_id>/<slug:table>.csv", own_page(report_views.csv), name="report-csv"),
    path("staff/reports/<uuid:report_id>/report.pdf", own_page(report_views.pdf), name="report-pdf"),
    path("accounts/login/", LoginView.as_view(), name="login"),
    path("accounts/logout/", LogoutView.as_view(next_page="/"), name="logout"),
    re_path("", unknown_address, name="unknown-address"),
]
