# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""Updating, creating and deleting a publication: plan, refuse, tell, send, read again, and say what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Callable, NamedTuple

from .._api.client import identity
from .._core.errors import AmbiguousWrite, AppliveryError, InvalidInput, RequestFailed
from .._core.fields import COUNTRIES, as_read, is_empty, is_id
from .._core.task import Outcome
from .check import (
    believable,
    check_terms,
    concerns,
    judge,
    never_happened,
    not_to_see,
    told_of_incomparable,
    told_of_unproven,
    unmoved,
)
from .find import Publications
from .plan import Plan, plan_creation, plan_update
from .resource import (
    COUNTRY_LISTS,
    FIELD,
    FILTER_KEYS,
    PUBLICATION_FIELDS,
    PUBLICATIONS,
    application_of,
    shown_publication,
)
from .rules import Goal, check_groups_apply, warnings_about_effect

_MOST_PLANS = 4
_MOST_BODIES = 3
_NEEDED = ("visibility", "security", "filter")
_COUNTRY_NAMES = tuple(entry.name for entry in COUNTRY_LISTS)
_APPLICATION = "application"
_LAST_OF_ITS_KIND = "Applivery does not delete the last publication with filter.type: last"
_OTP_USERS = (
    "this publication has, or may have, OTP users. Which field switches OTP on is not documented: look in the "
    "dashboard whether OTP is still on after this update"
)
Body = Mapping[str, Any]


# Update ---------------------------------------------------------------------------------------------------------------


def update(found: Publications, goal: Goal, read: Mapping[str, Any], check_mode: bool) -> Outcome:
    """Make a publication that was read what it should be; an error holds what was there before."""
    try:
        for _attempt in range(_MOST_PLANS):
            plan = plan_update(goal.wishes, read, goal.set_password, goal.filter_mode)
            outcome, read = _updated(found, goal, plan, check_mode)
            if outcome is not None:
                return outcome
        raise AppliveryError(
            "somebody else keeps changing it while this task runs; nothing was written. Run the task again later"
        )
    except AppliveryError as problem:
        raise problem.with_result(previous=as_read(read)) from None


def _updated(found: Publications, goal: Goal, plan: Plan, check_mode: bool) -> tuple[Outcome | None, Mapping[str, Any]]:
    """The outcome, or None where somebody else changed it since it was read; and what is there now."""
    reads, others = found.seen(plan.read)
    texts = concerns(goal, plan, reads, others)
    # OTP goes with what its documentation calls "private", so an open publication is not asked about.
    if plan.changed and plan.before["security"] not in ("public", "password") and found.has_otp_users(plan.read):
        texts.append(_OTP_USERS)
    if not plan.changed or check_mode:
        found.tell(texts + told_of_incomparable(goal, plan, reads, others))
        return (_outcome(plan, _predicted(plan)) if plan.changed else _unchanged(plan)), plan.read
    latest = found.by_id(str(identity(plan.read)))
    if latest is None:
        raise AppliveryError("it was deleted by somebody else while this task ran; run the task again")
    if not unmoved(plan.read, latest):
        return None, latest
    found.tell(texts)
    after = _replaced(found, plan)
    found.tell(told_of_incomparable(goal, plan, [*reads, after], others))
    return _outcome(plan, after), after


def _replaced(found: Publications, plan: Plan) -> dict[str, Any]:
    """The publication as it is after the plan was carried out."""
    ident, application = str(identity(plan.read)), application_of(plan.read)
    steps: list[Body] = []
    try:
        body = {**plan.body, **found.api.body_context(application)}
        sent = _replace(found, ident, body, application, plan.before["visibility"], steps)
    except AmbiguousWrite as problem:
        return _replaced_after_all(found, plan, problem, began=bool(steps))
    try:
        after = found.by_id(ident)
        if after is None:
            raise AppliveryError("it was updated, but the server does not show it afterwards")
        _verify(found, sent.as_far_as_sent(plan, after), after)
    except AppliveryError as problem:
        raise problem.with_result(changed=True) from None
    return after


def _replaced_after_all(found: Publications, plan: Plan, problem: AmbiguousWrite, began: bool) -> dict[str, Any]:
    """The publication, where reading it again shows that the update was carried out; else the error."""
    after = _glimpse(found, str(identity(plan.read)))
    if after is not None and believable(plan, after, began):
        _verify(found, plan, after)
        return after
    changed = began or after is None or not never_happened(plan, after)
    if changed:
        problem.message += " Something was changed all the same, or may have been: look at it in the dashboard."
    raise problem.with_result(changed=changed)


def _glimpse(found: Publications, ident: str) -> dict[str, Any] | None:
    try:
        return found.by_id(ident)
    except AppliveryError:
        return None


# Create ---------------------------------------------------------------------------------------------------------------


def create(found: Publications, goal: Goal, check_mode: bool) -> Outcome:
    """Create the publication that the slug did not find."""
    wanted = {"slug": goal.slug, **goal.wishes}
    missing = [option for option in _NEEDED if is_empty(wanted.get(option))]
    if wanted.get("security") == "password" and not wanted.get("password"):
        missing.append("password")
    if missing:
        raise InvalidInput(f"it does not exist, and to create it the task must name {', '.join(missing)}")
    check_groups_apply(wanted, wanted["security"])
    plan = plan_creation(wanted, found.api.body_context())
    check_terms(plan.expected)
    found.tell(warnings_about_effect(wanted, plan.expected))
    return _outcome(plan, _predicted(plan) if check_mode else _created(found, goal, plan))


def _created(found: Publications, goal: Goal, plan: Plan) -> dict[str, Any]:
    slug = str(goal.slug)
    looked_up: list[dict[str, Any] | None] = []

    def post(body: Body) -> Any:
        return found.api.create(PUBLICATIONS, body, look_up)

    def look_up() -> dict[str, Any] | None:
        # What a look-up that fails would have found stays unknown.
        looked_up.append({})
        looked_up[-1] = found.by_slug(slug)
        return looked_up[-1]

    try:
        sent = _send(found, plan.body, None, post)
    except AmbiguousWrite as problem:
        raise problem.with_result(changed=looked_up[-1:] != [None]) from None
    ident = identity(sent.answer) if isinstance(sent.answer, Mapping) else None
    try:
        after = found.by_id(ident) if ident else found.by_slug(slug)
        if after is None:
            raise AppliveryError("the server accepted it, but does not show it afterwards; look at the dashboard")
        _refuse_unproven(plan, after, unknown=any(looked_up))
        _verify(found, sent.as_far_as_sent(plan, after), after)
    except AppliveryError as problem:
        raise problem.with_result(changed=True, publication_id=ident) from None
    reads, others = found.seen(after)
    found.tell(told_of_incomparable(goal, plan, reads, others))
    return after


def _refuse_unproven(plan: Plan, after: Mapping[str, Any], unknown: bool) -> None:
    """A publication that stands there after a creation of unknown outcome is somebody's: whose, only values tell."""
    unseen = not_to_see(plan, after) if unknown else []
    if unseen:
        raise AppliveryError(
            "could not create the publication as it should be: the answer got lost, and the publication that is "
            f"there now does not show what was asked for ({', '.join(unseen)}). Run the task again"
        )


# Delete ---------------------------------------------------------------------------------------------------------------


def remove(found: Publications, read: dict[str, Any], check_mode: bool) -> Outcome:
    """Delete a publication that is there."""
    ident = str(identity(read))
    if read.get("visibility") == "active":
        found.warn(f"publication {read.get('slug')} is active: its address stops working for good")
    if found.has_otp_users(read):
        found.warn(f"publication {read.get('slug')} has, or may have, OTP users: they lose access")
    absent = {"publication": None, "publication_id": ident, "distribution_url": None}
    if check_mode:
        if _follows_newest(read):
            found.warn(f"{_LAST_OF_ITS_KIND}. Whether this is the last one is not looked up in check mode")
    elif not _deleted(found, ident, read):
        return Outcome(result=absent, title=_title(read))
    shown = shown_publication(read)
    return Outcome(
        changed=True,
        result={**absent, "previous": as_read(read)},
        before={entry.option: shown[entry.option] for entry in PUBLICATION_FIELDS if shown.get(entry.option)},
        title=_title(read),
    )


def _deleted(found: Publications, ident: str, read: Mapping[str, Any]) -> bool:
    """Whether this run deleted it; somebody else may have been faster."""
    try:
        return found.api.delete(PUBLICATIONS, ident)
    except RequestFailed as problem:
        if _follows_newest(read) and _is_refusal(problem):
            problem.message += (
                f" {_LAST_OF_ITS_KIND}; set visibility: inactive instead, or create another such publication first."
            )
        raise problem.with_result(previous=as_read(read)) from None


def _is_refusal(problem: RequestFailed) -> bool:
    """Whether the server understood and declined; the code for this very reason is not documented."""
    status = problem.status
    unclear = status is None or status >= 500 or status in (401, 403, 429) or isinstance(problem, AmbiguousWrite)
    return not unclear


def _follows_newest(read: Mapping[str, Any]) -> bool:
    chosen = read.get("filter")
    return isinstance(chosen, Mapping) and chosen.get("type") == "last"


# Sending a body to servers that may be stricter, or older, than the documents say -------------------------------------


class Sent(NamedTuple):
    """The body that the server took, and what it answered."""

    body: Body
    answer: Any = None

    def as_far_as_sent(self, plan: Plan, after: Mapping[str, Any]) -> Plan:
        """The plan as far as the server let it travel: groups that it refused are its own affair."""
        if is_empty(plan.body.get("groups")) or "groups" in self.body:
            return plan
        return plan._replace(expected={**plan.expected, "groups": after.get("groups")})


def _replace(
    found: Publications, ident: str, body: Body, application: str | None, visibility: Any, steps: list[Body]
) -> Sent:
    """PUT a body, in two steps where the server can't bear both country lists at once.

    ``visibility`` is what the publication has now; ``steps`` gets what was, or may have been, written before the body
    as a whole.
    """

    def put(body: Body, in_steps: Callable[[Body], Sent] | None = None) -> Sent:
        return _send(found, body, application, lambda sent: found.api.update(PUBLICATIONS, ident, sent), in_steps)

    return put(body, lambda refused: _in_two_steps(put, refused, visibility, steps))


def _in_two_steps(put: Callable[[Body], Sent], body: Body, visibility: Any, steps: list[Body]) -> Sent:
    """Clear one country list, then set the other (fact sheet, hazard 5); nobody is let in meanwhile."""
    emptied, filled = sorted(_COUNTRY_NAMES, key=lambda name: not is_empty(body[name]))
    first = {**{name: value for name, value in body.items() if name != filled}, "visibility": "inactive"}
    with suppress(AmbiguousWrite):
        # What became of this step does not matter, the other one replaces everything.
        put(first)
    steps.append(first)
    try:
        return put({name: value for name, value in body.items() if name != emptied})
    except AppliveryError as problem:
        problem.message = (
            "the country limits were cleared and the publication was made inactive to set new limits, which failed. "
            f"Once the reason is mended, run the task again with visibility: {visibility}. {problem.message}"
        )
        raise problem.with_result(changed=True) from None


def _send(
    found: Publications,
    body: Body,
    application: str | None,
    post: Callable[[Body], Any],
    in_steps: Callable[[Body], Sent] | None = None,
) -> Sent:
    """Send a body; after a refusal a milder one, where there is one. A refusal leaves nothing behind.

    ``application`` is the id of the publication's app, where it is known; ``in_steps`` is what to do with a body whose
    two country lists the server can't bear together.
    """
    given = found.api.connection.application or ""
    application = application or (given if is_id(given) else None)
    for _attempt in range(_MOST_BODIES):
        try:
            return Sent(body, post(body))
        except RequestFailed as problem:
            # Two country lists are no matter of leaving one out: a server that merges would keep it.
            if refuses_both_country_lists(problem, body):
                if in_steps is None:
                    raise
                return in_steps(body)
            next_body = milder(body, problem, application)
            if next_body == body:
                raise
            _tell_of_lost_groups(found, body, next_body)
            body = next_body
    return Sent(body, post(body))


def _tell_of_lost_groups(found: Publications, body: Body, next_body: Body) -> None:
    if not is_empty(body.get("groups")) and "groups" not in next_body:
        found.warn(
            f"groups: the server does not take them with security: {body.get('security')}, so {body['groups']} may be "
            "lost; previous holds what was there"
        )


def refuses_both_country_lists(problem: RequestFailed, body: Body) -> bool:
    """Whether the server can't bear the two lists together although one of them is empty."""
    if not problem.body_refused or any(name not in body for name in _COUNTRY_NAMES):
        return False
    if not any(is_empty(body[name]) for name in _COUNTRY_NAMES):
        return False
    # Such a refusal may name a list, or the body as a whole, or nothing at all.
    names = problem.field_names
    return not names or any(name.split(".")[-1] in (*_COUNTRY_NAMES, "", "body", "value") for name in names)


def milder(body: Body, problem: RequestFailed, application: str | None) -> dict[str, Any]:
    """The body as it may be taken after this refusal; the same where the refusal shows no way.

    What is taken out is only what no wish depends on being sent: empty values that are refused (a server that clears
    by omission only), groups where only ``logged`` may have them, and what is refused inside a filter of an unknown
    type. Country codes that were read in lower case are tried in upper case. The ``application`` is added where it is
    missed (issue 99) and left out where it is not known.
    """
    if not problem.body_refused:
        return dict(body)
    # A refusal may name an entry of a list, such as allowedCountries.0.
    refused = {name.rstrip("0123456789.").split(".")[-1] for name in problem.field_names}
    made = {name: value for name, value in _without_empty_texts(body).items() if not _to_leave_out(name, body, refused)}
    for name in refused & set(_COUNTRY_NAMES) & set(made):
        made[name] = COUNTRIES.to_api(made[name])
    chosen = made.get("filter")
    if isinstance(chosen, Mapping) and chosen.get("type") not in FILTER_KEYS:
        inside = {name.split(".")[-1] for name in problem.field_names if "filter." in name}
        made["filter"] = {name: value for name, value in chosen.items() if name == "type" or name not in inside}
    return _with_application(made, problem, application)


def _to_leave_out(name: str, body: Body, refused: set[str]) -> bool:
    if name not in refused:
        return False
    return is_empty(body[name]) or (name == "groups" and body.get("security") in ("public", "password"))


def _with_application(made: dict[str, Any], problem: RequestFailed, application: str | None) -> dict[str, Any]:
    told = [entry for entry in problem.failure["fields"] if entry["field"].split(".")[-1] == _APPLICATION]
    if not told:
        return made
    missed = any("required" in message for entry in told for message in entry["messages"])
    if _APPLICATION not in made:
        return {**made, _APPLICATION: application} if application else made
    return made if missed else {name: value for name, value in made.items() if name != _APPLICATION}


def _without_empty_texts(value: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _without_empty_texts(item) if isinstance(item, Mapping) else item
        for name, item in value.items()
        if item != ""
    }


# What became of it ----------------------------------------------------------------------------------------------------


def _verify(found: Publications, plan: Plan, after: Mapping[str, Any]) -> None:
    """Fail when the publication, read again, is not what it should be; tell of what can't be seen or is spelt anew."""
    verdict = judge(plan, after)
    found.tell(verdict.normalised.values())
    if verdict.wrong:
        raise AppliveryError(
            "it was written, but the server's publication is not what it should be: "
            f"{'; '.join(verdict.wrong.values())}. Look at it in the dashboard"
            + ("; previous holds what was there" if plan.read else "")
        ).with_result(changed=True, publication=shown_publication(after))
    found.tell(told_of_unproven(plan.wishes, after))


def _predicted(plan: Plan) -> dict[str, Any]:
    """The publication as it will be; what only the server can make is not there."""
    read = {**plan.expected, "updatedAt": None}
    if "slug" in plan.changes:
        read["distributionUrl"] = None
    return read


def _outcome(plan: Plan, after: Mapping[str, Any]) -> Outcome:
    """The outcome of a plan that was carried out, or predicted."""
    old, new = plan.diff()
    # What the server keeps to itself is returned as it was set, so that check mode and real run agree.
    named = [FIELD[option].name for option in plan.wishes if option not in ("password", "slug")]
    result = _result({**after, **{name: plan.expected.get(name) for name in named}})
    if plan.read:
        result["previous"] = as_read(plan.read)
    return Outcome(
        changed=True,
        result=result,
        before=old,
        after=new,
        title=_title(plan.read or plan.body),
        note="password set again" if plan.sends_password and plan.read else "",
    )


def _unchanged(plan: Plan) -> Outcome:
    """Nothing was to do."""
    return Outcome(result=_result(plan.read), title=_title(plan.read))


def _title(read: Mapping[str, Any]) -> str:
    """What the diff says it is about."""
    return f"publication {read.get('slug')}"


def _result(read: Mapping[str, Any]) -> dict[str, Any]:
    """What the module returns about a publication that is there."""
    return {
        "publication": shown_publication(read),
        "publication_id": identity(read),
        "distribution_url": read.get("distributionUrl"),
    }
