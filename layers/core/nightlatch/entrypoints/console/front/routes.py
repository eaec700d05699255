"""The pages of one's own access, and the way in and out."""

from nightlatch.entrypoints.console.front import account, asking, authentication, deciding, my_access, one_request
from nightlatch.entrypoints.console.site import PEOPLE, Pages, Routes
from nightlatch.entrypoints.console.static_files import static_file

STRANGERS: Routes = {
    ("GET", "/auth/login"): authentication.login,
    ("GET", "/auth/callback"): authentication.callback,
    ("GET", "/auth/signed-out"): authentication.signed_out,
    ("GET", "/static/{name}"): lambda _visit, _desk, name: static_file(name),
}

PAGES: Pages = {
    PEOPLE: {
        ("GET", "/"): my_access.show,
        ("GET", "/request"): asking.show,
        ("GET", "/request/check"): asking.show,
        ("POST", "/request/check"): asking.check,
        ("POST", "/request"): asking.send,
        ("GET", "/requests/{request_id}"): one_request.show,
        ("POST", "/requests/{request_id}/credentials"): one_request.credentials,
        ("POST", "/requests/{request_id}/cancel"): one_request.cancel,
        ("POST", "/requests/{request_id}/return"): one_request.give_back,
        ("POST", "/requests/{request_id}/extend"): one_request.extend,
        ("GET", "/approvals"): deciding.show,
        ("GET", "/approvals/count"): deciding.count,
        ("GET", "/approvals/news"): deciding.news,
        ("POST", "/requests/{request_id}/approve"): deciding.approve,
        ("POST", "/requests/{request_id}/reject"): deciding.reject,
        ("GET", "/account/sessions"): account.sessions,
        ("POST", "/account/sessions/{session_id}/end"): account.end_session,
        ("POST", "/auth/logout"): authentication.logout,
    }
}
