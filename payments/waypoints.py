"""The named points of payments where a test may stand; see bookings.waypoints."""

from bookings.api import add_points

add_points(
    {
        "settle.recorded",  # a fact is written in the open transaction, nothing is decided
        "settle.decided",  # the decision is carried out in the open transaction
        "settle.grabbed",  # late money has its seats in Redis, the second look is to come
        "order.leased",  # the creating row is committed, the gateway has not been asked
        "order.made",  # the gateway has answered, the row is not filled
        "inbox.kept",  # the webhook is durable, nothing is done about it
        "refund.asked",  # the gateway has answered about a refund, nothing is written
        "capture.asked",  # the gateway has answered about a capture, nothing is written
    }
)
