"""What a wrong address answers: the house's own page also in the demo, where Django would explain its URLs instead.

Programs asking under /api/ get the error form of the API. The JSON API's own calls are bookings.http's.
"""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, Final, ParamSpec

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect, JsonResponse
from django.shortcuts import render
from django.urls import Resolver404, resolve
from django.views.decorators.csrf import csrf_exempt

P = ParamSpec("P")
API: Final = "/api/"


def own_page(view: Callable[Concatenate[HttpRequest, P], HttpResponse]) -> Callable[..., HttpResponse]:
    """The same view, whose Http404 is answered with our page whatever DEBUG says."""

    @wraps(view)
    def answered(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except Http404:
            return _page(request)

    return answered


# Exempt, or a form sent to a wrong address would be told that it had been open for too long.
@csrf_exempt
def unknown_address(request: HttpRequest) -> HttpResponse:
    """The answer at every address that no page has; one that only lacks its last slash is led there."""
    if request.path_info.startswith(API):
        detail = "There is no such call. They are listed at /api/v1/docs."
        return JsonResponse({"code": "not_found", "detail": detail, "retryable": False}, status=404)
    if _lacks_only_a_slash(request):
        return HttpResponsePermanentRedirect(request.get_full_path(force_append_slash=True))
    return _page(request)


def _lacks_only_a_slash(request: HttpRequest) -> bool:
    # CommonMiddleware does this for addresses that match nothing; with a page for all of them it never would.
    if not settings.APPEND_SLASH or request.method not in ("GET", "HEAD") or request.path_info.endswith("/"):
        return False
    try:
        return resolve(f"{request.path_info}/").func is not unknown_address
    except Resolver404:
        return False


def _page(request: HttpRequest) -> HttpResponse:
    return render(request, "404.html", status=404)
