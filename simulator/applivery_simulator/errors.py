# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The failures that Applivery is documented to answer, as exceptions.

Codes come from the API reference and the guide; where no code or HTTP status is documented, the docstring says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass
class ApiError(Exception):
    """One refusal: HTTP status, the API's own code, a message and optional data."""

    status: int
    code: int
    message: str
    data: Any = None

    def as_error(self) -> dict[str, Any]:
        """Return the ``error`` object of the envelope."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.data is not None:
            error["data"] = self.data
        return error


def not_found(code: int = 3001) -> ApiError:
    """Return the answer for an unknown id."""
    return ApiError(404, code, "Entity not found")


def no_token() -> ApiError:
    """Return the answer for a request without a bearer token."""
    return ApiError(401, 4002, "No auth token")


def invalid_token() -> ApiError:
    """Return the answer for an unknown token and for a token of the other API."""
    return ApiError(401, 4004, "Invalid token")


def expired_token() -> ApiError:
    """Return the answer for a token that is known to have expired."""
    return ApiError(401, 3002, "Token Expired")


def unauthorized(status: int = 401, code: int = 4001) -> ApiError:
    """Return the answer for a valid token that lacks the permission."""
    return ApiError(status, code, "Unauthorized" if code == 4001 else "Forbidden")


def limit_exceeded(code: int, limit: int) -> ApiError:
    """Return the refusal of what the plan does not hold (fact sheet, N14); 5003 is the older code."""
    return ApiError(400, code, "Limit Exceeded", {"limit": limit})


def invalid(errors: list[dict[str, Any]], status: int = 400) -> ApiError:
    """Return the Joi-style refusal of a body, a query or a path parameter."""
    return ApiError(status, 6002, "Body validation error", {"errors": errors})


def slug_used(status: int = 400) -> ApiError:
    """Return the answer for a slug that another publication of the workspace has; the HTTP status is not documented."""
    return ApiError(status, 5024, "Slug already used")


def not_processed() -> ApiError:
    """Return the answer for touching a build that is still being processed."""
    return ApiError(400, 5014, "Build not processed")


def invalid_file(message: str) -> ApiError:
    """Return the answer for an upload that is no application package; the HTTP status is not documented."""
    return ApiError(400, 5006, message)


def last_publication() -> ApiError:
    """Return the refusal to delete the last publication that follows the newest build; its code is not documented."""
    return ApiError(400, 6001, "The last publication with the filter 'last' cannot be deleted")


def otp_duplicate(status: int, code: int, scope: str) -> ApiError:
    """Return the refusal of an e-mail that is on the list already; neither code nor HTTP status is documented."""
    return ApiError(status, code, f"Email already exists in the OTP allowlist for this {scope}")
