"""The pages of the house."""

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from frontend import views

app_name = "frontend"
urlpatterns = [
    path("", views.now_showing, name="now-showing"),
    path("movies/<slug:slug>/", views.movie, name="movie"),
    path("movies/<slug:slug>/poster.svg", views.poster, name="poster"),
    path("shows/<int:show_id>/", views.show, name="show"),
    path("bookings/<uuid:public_id>/pay/", views.pay, name="pay"),
    path("accounts/login/", LoginView.as_view(), name="login"),
    path("accounts/logout/", LogoutView.as_view(next_page="/"), name="logout"),
]
