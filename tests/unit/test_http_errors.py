"""Every exception of a call becomes one reply of one form."""

import json

import pytest
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import Http404
from ninja.errors import AuthenticationError, HttpError, ValidationError

from bookings.errors import NotReady, RateLimited, SeatsUnavailable
from bookings.http.errors import MethodNotAllowed, refusal, refusal_of


class TestRefusalOf:
    @pytest.mark.parametrize(
        ("error", "status", "code"),
        [
            (SeatsUnavailable(["A1"]), 409, "seats_unavailable"),
            (AuthenticationError(), 401, "identity_required"),
            (Http404(), 404, "not_found"),
            (HttpError(400, "Cannot parse request body"), 400, "bad_request"),
            (SuspiciousOperation(), 400, "bad_request"),
            (RequestDataTooBig(), 413, "bad_request"),
        ],
    )
    def test_is_what_the_exception_stands_for(self, error: Exception, status: int, code: str) -> None:
        known = refusal_of(error)

        assert known is not None
        assert (known.http_status, known.code) == (status, code)

    @pytest.mark.parametrize("error", [KeyError("seats"), HttpError(500, "no"), AssertionError()])
    def test_is_nothing_for_a_failure_of_ours(self, error: Exception) -> None:
        assert refusal_of(error) is None

    def test_names_fields_as_the_client_wrote_them(self) -> None:
        known = refusal_of(
            ValidationError(
                [
                    {"loc": ("body", "wanted", "seats", 3), "type": "string_type", "msg": "…"},
                    {"loc": ("body", "wanted", "place", "row"), "type": "extra_forbidden", "msg": "…"},
                    {"loc": ("query", "date"), "type": "value_error", "msg": "Value error, must be a date"},
                    {"loc": ("body", "wanted"), "type": "missing", "msg": "Field required"},
                    {"loc": ("body", "wanted", "count"), "type": "unheard_of", "msg": "Should be prime."},
                ]
            )
        )

        assert known is not None
        assert [f"{p['field']} {p['detail']}" for p in known.fields["problems"]] == [
            "seats[3] must be text",
            "place.row is not a field of this request",
            "date must be a date",
            "body is missing",
            "count should be prime",
        ]


class TestRefusal:
    def test_has_the_fields_beside_the_code(self) -> None:
        reply = refusal(SeatsUnavailable(["A1"]))

        assert json.loads(reply.content) == {
            "code": "seats_unavailable",
            "detail": "A1 is no longer free. Nothing was held for you by this request.",
            "retryable": False,
            "seats": ["A1"],
        }

    @pytest.mark.parametrize(("wait_ms", "seconds"), [(1, "1"), (1000, "1"), (1001, "2"), (60_000, "60")])
    def test_says_when_to_come_back(self, wait_ms: int, seconds: str) -> None:
        assert refusal(RateLimited("Too fast.", retry_after_ms=wait_ms))["Retry-After"] == seconds
        assert refusal(NotReady())["Retry-After"] == "1"
        assert "Retry-After" not in refusal(SeatsUnavailable(["A1"]))

    def test_names_the_methods_that_are_allowed(self) -> None:
        assert refusal(MethodNotAllowed(["GET", "HEAD"]))["Allow"] == "GET, HEAD"
