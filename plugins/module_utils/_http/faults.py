# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Why an attempt brought no usable answer, and what follows from it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any, Callable

from .._core.wording import one_line
from .message import Fault
from .sockets import LARGEST_ANSWER, AnswerTooLarge

_LONGEST_WAIT = 86400.0
_LONGEST_TEXT = 300
_SECONDS = re.compile(r"\A\s*([0-9]+(?:\.[0-9]*)?)\s*\Z", re.ASCII)
_REACHABLE = "look at api_url and upload_url, and whether this machine reaches the server (HTTPS_PROXY, NO_PROXY)"
# What requests and urllib3 say before anything is sent.
_UNSENT = {
    "InvalidURL",
    "LocationValueError",
    "InvalidSchema",
    "MissingSchema",
    "InvalidProxyURL",
    "UnicodeError",
}
# The file of a certificate bundle, which is opened before anything is sent.
_NO_FILE = {"FileNotFoundError", "PermissionError", "IsADirectoryError", "NotADirectoryError"}
# A certificate bundle that is not there is an OSError of requests' own making.
_BUNDLE = "Could not find a suitable TLS CA certificate bundle"


def transient(status: int, headers: Mapping[str, str]) -> Fault:
    """The fault behind a status that may be gone the next time."""
    reason = "HTTP 429, the rate limit is reached" if status == 429 else f"HTTP {status}"
    return Fault(f"HTTP {status}", reason, sent=status != 429, told=_retry_after(headers))


def unreadable(status: int, flaw: str, final: bool = False) -> Fault:
    """The fault behind a good status with nothing, or no JSON that can be used, behind it."""
    return Fault("unreadable", f"the answer (HTTP {status}) {flaw}", final=final)


def too_large() -> Fault:
    """The fault behind an answer that nobody should hold in memory; another one would be no smaller."""
    return Fault("too large", f"the answer is larger than {LARGEST_ANSWER // 1024 // 1024} MiB", final=True)


def fault_of(problem: BaseException, redact: Callable[[str], str], begun: bool = False) -> Fault:
    """The fault behind an exception of requests, urllib3 or the operating system; ``begun``: an answer had begun.

    What is not known to have happened before anything was sent counts as sent.
    """
    names = _class_names(problem)
    text = _short(problem, redact)
    if AnswerTooLarge.__name__ in names:
        return too_large()
    unsent = None if begun else _unsent_fault(problem, names, text)
    if unsent is not None:
        return unsent
    if names & {"ReadTimeout", "ReadTimeoutError"}:
        return Fault("timeout", "no answer came in time", hint="raise api_timeout, or run the task again later")
    return Fault("connection", f"the connection broke, or the answer makes no sense ({text})", hint=_REACHABLE)


def _unsent_fault(problem: BaseException, names: set[str], text: str) -> Fault | None:
    """The fault of an attempt that ended before the server can have acted on it, and the proxy's."""
    outer = str(problem)
    found = _certificate_fault(names, outer, text) or _proxy_fault(names, outer, text)
    if found is not None:
        return found
    if _not_connected(names):
        return Fault("connect", f"no connection could be made ({text})", sent=False, hint=_REACHABLE)
    if names & _UNSENT or (problem.__class__ is OSError and _BUNDLE in outer):
        return Fault("request", f"the request could not be sent ({text})", sent=False, final=True)
    return None


def _not_connected(names: set[str]) -> bool:
    return bool(names & {"ConnectTimeout", "ConnectTimeoutError", "NewConnectionError", "NameResolutionError"})


def _proxy_fault(names: set[str], outer: str, text: str) -> Fault | None:
    if "ProxyError" not in names:
        return None
    tunnel = re.search(r"Tunnel connection failed: (\d)", outer)
    final = tunnel is not None and tunnel[1] == "4"
    unsent = _not_connected(names) or tunnel is not None
    hint = "look at HTTPS_PROXY and NO_PROXY"
    return Fault("proxy", f"the proxy could not be used ({text})", sent=not unsent, final=final, hint=hint)


def _certificate_fault(names: set[str], outer: str, text: str) -> Fault | None:
    # By the class first: anybody can put words into the text.
    if "SSLError" not in names and "CertificateError" not in names:
        return None
    if names & {"SSLCertVerificationError", "CertificateError"} or "CERTIFICATE_VERIFY_FAILED" in outer:
        said = f"the server's certificate is not trusted ({text})"
        return Fault("certificate", said, sent=False, final=True, hint="give ca_path for a private CA")
    if names & _NO_FILE:
        return Fault("certificate", f"the file in ca_path can't be read ({text})", sent=False, final=True)
    if re.search(r"PEM lib|NO_CERTIFICATE|no certificate or crl found", outer):
        return Fault("certificate", f"the file in ca_path holds no certificates ({text})", sent=False, final=True)
    return None


def _class_names(problem: BaseException) -> set[str]:
    """The class names of an exception and of all that it was raised from, for requests wraps what urllib3 wraps."""
    names: set[str] = set()
    pending: list[Any] = [problem]
    visited: list[int] = []
    while pending:
        current = pending.pop()
        if not isinstance(current, BaseException) or id(current) in visited:
            continue
        visited.append(id(current))
        names.update(kind.__name__ for kind in type(current).__mro__)
        pending.extend([current.__cause__, current.__context__, getattr(current, "reason", None), *current.args])
    return names


def _short(problem: BaseException, redact: Callable[[str], str]) -> str:
    """The innermost reason in words; the outer texts repeat URLs and object addresses."""
    inner: Any = problem
    while True:
        deeper = getattr(inner, "reason", None)
        if not isinstance(deeper, BaseException):
            deeper = next((arg for arg in getattr(inner, "args", ()) if isinstance(arg, BaseException)), None)
        if deeper is None:
            break
        inner = deeper
    text = redact(str(inner)).rsplit("object at 0x", 1)[-1]
    return one_line(text.split(">: ", 1)[-1], _LONGEST_TEXT) or type(inner).__name__


def http_date(value: str | None) -> datetime | None:
    """The moment in a header, in UTC where it names no zone; None for nonsense."""
    try:
        moment = parsedate_to_datetime(value or "")
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, of whatever size: the header may hold a number or a date; nonsense counts as no header."""
    value = headers.get("Retry-After")
    if value is None:
        return None
    number = _SECONDS.match(value)
    if number:
        return min(float(number[1]), _LONGEST_WAIT)
    moment = http_date(value)
    if moment is None:
        return None
    # Against the server's own clock, for the local one may be wrong.
    now = http_date(headers.get("Date")) or datetime.now(timezone.utc)
    return min(max(0.0, (moment - now).total_seconds()), _LONGEST_WAIT)
