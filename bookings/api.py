"""The only door into bookings: what config, realtime, payments and frontend may call."""

from bookings.claim_store.pool import AsyncConnection, ClaimsUnavailable
from bookings.claim_store.settling import BookingFacts, Buyer
from bookings.desk import Card, MayDo, Panel, at_theatre, offer_card, offer_log, offer_panel, panels_for
from bookings.domain.addresses import client_address, household
from bookings.domain.filling import Fill, fill_of
from bookings.domain.lifecycle import MoneyBack, RefundState, Status
from bookings.domain.pricing import format_inr
from bookings.domain.rate import RateLimit
from bookings.domain.reports import ReportState, Scope
from bookings.domain.seat_map import Applied, Change, Changes, HoldRecord, Picture, SeatMap
from bookings.domain.tickets import booking_reference, spaced, typed_code
from bookings.door_errors import TicketUsed
from bookings.errors import (
    BadRequest,
    BookingConfirmed,
    BookingError,
    CheckoutInProgress,
    CheckoutStarted,
    DuplicateSeats,
    HoldExpired,
    IdempotencyMismatch,
    IdentityRequired,
    InProgress,
    NotFound,
    NotReady,
    OutcomeUnknown,
    RateLimited,
    SalesClosed,
    SeatsUnavailable,
    TooManySeats,
    UnknownSeat,
)
from bookings.http.auth import HOLDER_AUTH, holder_of
from bookings.http.boundary import bounded
from bookings.http.documentation import BAD_FIELDS, documented
from bookings.http.errors import BodyTooLarge, CsrfFailed, MethodNotAllowed, NotJson, refusal
from bookings.http.holds import IdempotencyKey, run_to_its_end
from bookings.http.schemas import EXAMPLE_BOOKING, Currency, Paise, PublicId, Reply, Request, UnixMs
from bookings.http.staff import CHECK_IN, Usher, read_usher
from bookings.http.threads import in_thread
from bookings.identity import HOLDER_COOKIE, HOLDER_COOKIE_SECONDS, issue_holder, read_holder
from bookings.selectors.addressees import Addressee, find_addressee, list_coming
from bookings.selectors.blocks import Blocked, get_blocked
from bookings.selectors.bookings import BookingView, find_booking, get_booking, list_bookings
from bookings.selectors.cache import catalogue_stamp
from bookings.selectors.catalogue import (
    get_movie,
    get_movie_page,
    get_poster,
    get_show,
    list_cities,
    list_movies_now_showing,
    list_screens,
    list_shows,
    list_theatres,
)
from bookings.selectors.catalogue_values import (
    DayOfShows,
    MoviePage,
    MovieSummary,
    NowShowing,
    ShowDetail,
    ShowSummary,
    TheatreShows,
    TheatreSummary,
)
from bookings.selectors.doors import list_doors
from bookings.selectors.filling import get_fills
from bookings.selectors.live import MyHold, SeatPicture, get_seat_picture
from bookings.services.booking_work import BookingWork, BookingWorks, Grab
from bookings.services.box_office import BoxOffice, from_sync, with_box_office
from bookings.services.check_in import DoorCounts, Entry, count_door, recent_entries
from bookings.services.cleanup.rules import Rule as RetentionRule
from bookings.services.cleanup.rules import days as days_kept
from bookings.services.cleanup.rules import retention_rule
from bookings.services.cleanup.rules import spare as spare_in_cleanup
from bookings.services.door_news import door_group
from bookings.services.idempotency import KeyedRequest
from bookings.services.outbox import Event, TryLater, on_event
from bookings.services.outcomes import Held, Released
from bookings.services.reports.jobs import ReportView, ask_report, get_report, list_reports
from bookings.services.reports.sections import Section as ReportSection
from bookings.services.reports.sections import add_report_section
from bookings.services.reports.sections import arguments_of as report_arguments
from bookings.services.show_cancelling import (
    AlreadyCancelled,
    Foreseen,
    Progress,
    begin_cancelling,
    foresee_cancelling,
    get_progress,
)
from bookings.services.show_plan import ShowPlan
from bookings.services.staff_acts import StaffMember, write_down
from bookings.services.tickets import SeatTicket, issue_tickets, replace_tickets
from bookings.sql_files import sql_file
from bookings.waypoints import add_points, pass_by

__all__ = [
    "BAD_FIELDS",
    "CHECK_IN",
    "EXAMPLE_BOOKING",
    "HOLDER_AUTH",
    "HOLDER_COOKIE",
    "HOLDER_COOKIE_SECONDS",
    "Addressee",
    "AlreadyCancelled",
    "Applied",
    "AsyncConnection",
    "BadRequest",
    "Blocked",
    "BodyTooLarge",
    "BookingConfirmed",
    "BookingError",
    "BookingFacts",
    "BookingView",
    "BookingWork",
    "BookingWorks",
    "BoxOffice",
    "Buyer",
    "Card",
    "Change",
    "Changes",
    "CheckoutInProgress",
    "CheckoutStarted",
    "ClaimsUnavailable",
    "CsrfFailed",
    "Currency",
    "DayOfShows",
    "DoorCounts",
    "DuplicateSeats",
    "Entry",
    "Event",
    "Fill",
    "Foreseen",
    "Grab",
    "Held",
    "HoldExpired",
    "HoldRecord",
    "IdempotencyKey",
    "IdempotencyMismatch",
    "IdentityRequired",
    "InProgress",
    "KeyedRequest",
    "MayDo",
    "MethodNotAllowed",
    "MoneyBack",
    "MoviePage",
    "MovieSummary",
    "MyHold",
    "NotFound",
    "NotJson",
    "NotReady",
    "NowShowing",
    "OutcomeUnknown",
    "Paise",
    "Panel",
    "Picture",
    "Progress",
    "PublicId",
    "RateLimit",
    "RateLimited",
    "RefundState",
    "Released",
    "Reply",
    "ReportSection",
    "ReportState",
    "ReportView",
    "Request",
    "RetentionRule",
    "SalesClosed",
    "Scope",
    "SeatMap",
    "SeatPicture",
    "SeatTicket",
    "SeatsUnavailable",
    "ShowDetail",
    "ShowPlan",
    "ShowSummary",
    "StaffMember",
    "Status",
    "TheatreShows",
    "TheatreSummary",
    "TicketUsed",
    "TooManySeats",
    "TryLater",
    "UnixMs",
    "UnknownSeat",
    "Usher",
    "add_points",
    "add_report_section",
    "ask_report",
    "at_theatre",
    "begin_cancelling",
    "booking_reference",
    "bounded",
    "catalogue_stamp",
    "client_address",
    "count_door",
    "days_kept",
    "documented",
    "door_group",
    "fill_of",
    "find_addressee",
    "find_booking",
    "foresee_cancelling",
    "format_inr",
    "from_sync",
    "get_blocked",
    "get_booking",
    "get_fills",
    "get_movie",
    "get_movie_page",
    "get_poster",
    "get_progress",
    "get_report",
    "get_seat_picture",
    "get_show",
    "holder_of",
    "household",
    "in_thread",
    "issue_holder",
    "issue_tickets",
    "list_bookings",
    "list_cities",
    "list_coming",
    "list_doors",
    "list_movies_now_showing",
    "list_reports",
    "list_screens",
    "list_shows",
    "list_theatres",
    "offer_card",
    "offer_log",
    "offer_panel",
    "on_event",
    "panels_for",
    "pass_by",
    "read_holder",
    "read_usher",
    "recent_entries",
    "refusal",
    "replace_tickets",
    "report_arguments",
    "retention_rule",
    "run_to_its_end",
    "spaced",
    "spare_in_cleanup",
    "sql_file",
    "typed_code",
    "with_box_office",
    "write_down",
]
