"""The pages of the console: a new page is a module in ``pages`` and a line here (docs/how-to/add-a-page.md)."""

from services.console.frame.page import Page
from services.console.pages.audit import Audit
from services.console.pages.case import CasePage
from services.console.pages.confirming import Confirming
from services.console.pages.duty import Duty
from services.console.pages.enter import Enter
from services.console.pages.feedback import Feedback
from services.console.pages.live import Live
from services.console.pages.my_work import MyWork
from services.console.pages.ops.deliveries import Deliveries
from services.console.pages.ops.find import Find
from services.console.pages.ops.health import Health
from services.console.pages.ops.parked import ParkedMessages
from services.console.pages.queue import Queue
from services.console.pages.queue_map import QueueMap
from services.console.pages.rider_pages.place_map import RiderMap
from services.console.pages.rider_pages.reporting import RiderReporting
from services.console.pages.rider_pages.reports import RiderReports
from services.console.pages.rider_pages.session import RiderSessionPages
from services.console.pages.sign_in.development import DevelopmentSignIn
from services.console.pages.sign_in.invitation import InvitationPages
from services.console.pages.sign_in.login_link import LoginLinkPages
from services.console.pages.sign_in.my_sessions import MySessions
from services.console.pages.sign_in.organisation import OrganisationPages
from services.console.pages.sign_in.pin import PinPages
from services.console.pages.sign_in.signing_in import SigningIn
from services.console.pages.wall import Walls

PAGES: tuple[type[Page], ...] = (
    SigningIn,
    InvitationPages,
    LoginLinkPages,
    OrganisationPages,
    PinPages,
    MySessions,
    DevelopmentSignIn,
    Queue,
    QueueMap,
    Live,
    MyWork,
    CasePage,
    Enter,
    Duty,
    Feedback,
    RiderReporting,
    RiderMap,
    RiderReports,
    RiderSessionPages,
    Confirming,
    Health,
    Find,
    ParkedMessages,
    Deliveries,
    Audit,
    Walls,
)
