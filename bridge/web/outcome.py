"""Whatever is refused, as FHIR R4 OperationOutcome. It never repeats what was sent: that may be of a patient."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from bridge.codecs import json
from bridge.web.faults import faults_of

FHIR = "application/fhir+json"
_CODES = {  # HTTP status -> FHIR R4 IssueType
    401: "login",
    403: "forbidden",
    404: "not-found",
    405: "not-supported",
    408: "timeout",
    409: "conflict",
    413: "too-long",
    415: "not-supported",
    421: "forbidden",
    429: "throttled",
    503: "transient",
}


class Refused(HTTPException):
    """Raised wherever a request ends; `what` is shown to the caller."""

    def __init__(self, status: int, what: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, what, dict(headers or {}))


def outcome(
    status: int, faults: Iterable[tuple[str, str]], headers: Mapping[str, str] | None = None, severity: str = "error"
) -> Response:
    """`faults`: IssueType and text of each."""
    issues = [{"severity": severity, "code": code, "diagnostics": text} for code, text in faults]
    content = json.dumps({"resourceType": "OperationOutcome", "issue": issues})
    return Response(content, status_code=status, media_type=FHIR, headers=dict(headers or {}))


def refused(status: int, what: str, headers: Mapping[str, str] | None = None) -> Response:
    return outcome(status, [(_CODES.get(status, "processing"), what)], headers)


def answer_faults(app: FastAPI) -> None:
    """Every fault of the app is answered in this form."""

    @app.exception_handler(HTTPException)
    def of_http(_: Request, error: HTTPException) -> Response:
        return refused(error.status_code, str(error.detail), error.headers)

    @app.exception_handler(RequestValidationError)
    def of_validation(_: Request, error: RequestValidationError) -> Response:
        return outcome(422, [("invalid", fault) for fault in faults_of(error.errors())])
