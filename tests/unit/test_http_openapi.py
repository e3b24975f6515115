"""The OpenAPI document is OpenAPI, its examples are true, and it names what the contract names."""

import copy

import pytest

from tests.support.openapi import (
    assert_matches_openapi,
    example_faults,
    openapi_document,
    operations,
    structural_faults,
)

CALLS = {
    ("post", "/api/v1/guests"),
    ("get", "/api/v1/movies"),
    ("get", "/api/v1/shows"),
    ("get", "/api/v1/shows/{show_id}"),
    ("get", "/api/v1/shows/{show_id}/seats"),
    ("post", "/api/v1/shows/{show_id}/holds"),
    ("post", "/api/v1/shows/{show_id}/holds/best"),
    ("delete", "/api/v1/shows/{show_id}/holds"),
    ("get", "/api/v1/bookings/{public_id}"),
}
# Those that calls of this API can answer; checkout_in_progress belongs to payment.
CODES = {
    "bad_request",
    "identity_required",
    "not_found",
    "seats_unavailable",
    "hold_expired",
    "checkout_started",
    "sales_closed",
    "booking_confirmed",
    "in_progress",
    "unknown_seat",
    "duplicate_seats",
    "too_many_seats",
    "idempotency_mismatch",
    "rate_limited",
    "not_ready",
    "outcome_unknown",
}


class TestTheDocument:
    def test_is_openapi_3_1(self) -> None:
        assert structural_faults(openapi_document()) == []

    def test_is_refused_when_it_is_not(self) -> None:
        broken = copy.deepcopy(openapi_document())
        seats = broken["paths"]["/api/v1/shows/{show_id}/seats"]["get"]
        seats["parameters"] = []
        seats["operationId"] = "list_shows"
        seats["responses"]["200"]["content"]["application/json"]["schema"]["$ref"] = "#/components/schemas/Nothing"

        faults = structural_faults(broken)

        assert len(faults) == 4
        assert structural_faults({"openapi": "3.0.0", "paths": {}}) != []

    def test_has_the_calls_of_the_contract(self) -> None:
        assert {(method, path) for method, path, _ in operations(openapi_document())} >= CALLS

    def test_gives_true_examples(self) -> None:
        assert example_faults(openapi_document()) == []

    def test_is_told_when_an_example_is_wrong(self) -> None:
        wrong = copy.deepcopy(openapi_document())
        reply = wrong["paths"]["/api/v1/guests"]["post"]["responses"]["201"]["content"]["application/json"]
        reply["examples"]["reply"]["value"] = {"token": "a b"}

        assert len(example_faults(wrong)) == 1

    def test_shows_an_example_of_every_reply(self) -> None:
        for method, path, operation in operations(openapi_document()):
            for status, response in operation["responses"].items():
                assert response["content"]["application/json"]["examples"], (method, path, status)

    def test_shows_an_example_of_every_body(self) -> None:
        document = openapi_document()
        for method, path, operation in operations(document):
            if "requestBody" in operation:
                named = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[-1]
                assert document["components"]["schemas"][named]["examples"], (method, path)

    def test_names_the_codes_of_the_contract(self) -> None:
        codes = openapi_document()["components"]["schemas"]["ErrorReply"]["properties"]["code"]["enum"]

        assert set(codes) >= CODES
        assert not {code for code in codes if code.startswith("layout")}, "no client sees the catalogue's refusals"

    def test_asks_for_identity_where_seats_are_held_and_people_let_in(self) -> None:
        guarded = {
            (method, path) for method, path, operation in operations(openapi_document()) if "security" in operation
        }

        called = {(method, path) for method, path, _ in operations(openapi_document())}
        personal = ("holds", "bookings", "verify_payment", "cancel_booking", "checkin")
        assert guarded == {call for call in called if any(word in call[1] for word in personal)}


class TestAReply:
    def test_is_refused_when_the_document_does_not_know_it(self) -> None:
        with pytest.raises(AssertionError, match="never said"):
            assert_matches_openapi("POST", "/api/v1/guests", 418, {})
        with pytest.raises(AssertionError, match="is a required property"):
            assert_matches_openapi("POST", "/api/v1/guests", 201, {})
        with pytest.raises(AssertionError, match="more than it says"):
            assert_matches_openapi("POST", "/api/v1/guests", 201, {"token": "a", "holder": "b"})
        with pytest.raises(AssertionError, match="not documented"):
            assert_matches_openapi("PUT", "/api/v1/guests", 201, {})
