# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""The task of applivery_publication: find, plan, write, and look again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.applivery.distribution.plugins.module_utils._client import identity
from ansible_collections.applivery.distribution.plugins.module_utils._connection import check_id
from ansible_collections.applivery.distribution.plugins.module_utils._errors import (
    AppliveryError,
    InvalidInput,
    RequestFailed,
    attempting,
    failure,
)
from ansible_collections.applivery.distribution.plugins.module_utils._fields import (
    alike,
    as_read,
    canonical,
    is_empty,
    to_api,
    wishes,
)
from ansible_collections.applivery.distribution.plugins.module_utils._module import Outcome, Task
from ansible_collections.applivery.distribution.plugins.module_utils._publication import (
    FIELD,
    PUBLICATION_FIELDS,
    PUBLICATIONS,
    Publications,
    shown_publication,
)
from ansible_collections.applivery.distribution.plugins.module_utils._publication_plan import (
    Plan,
    plan_creation,
    plan_update,
    possibly_lost,
    surprises,
    unread_wishes,
)
from ansible_collections.applivery.distribution.plugins.module_utils._publication_rules import (
    check_groups_apply,
    check_slug,
    check_wishes,
)

_MOST_PLANS = 4
_NEEDED_TO_CREATE = ("visibility", "security", "filter")
_COUNTRY_NAMES = ("allowedCountries", "blockedCountries")


def run(task: Task) -> Outcome:
    """Bring one publication into the state that the task describes."""
    return _Work(task).run()


class _Work:
    def __init__(self, task: Task) -> None:
        self.task = task
        self.params = task.params
        self.publications = Publications(task.api, task.warn)
        self.ident = task.params.get("publication_id") or None
        self.slug = task.params.get("slug") or None
        self.new_slug = task.params.get("new_slug") or None
        fields = [entry for entry in PUBLICATION_FIELDS if entry.option != "slug"]
        self.wishes = {option: wish for option, wish in wishes(fields, task.params).items() if option != "password"}
        if task.params.get("password"):
            self.wishes["password"] = task.params["password"]
        if self.new_slug:
            self.wishes["slug"] = self.new_slug

    def run(self) -> Outcome:
        self._check()
        absent = self.params["state"] == "absent"
        with attempting(f"publication {self.slug or self.ident}"):
            read = self._find_to_remove() if absent else self._find()
            if absent:
                return self._remove(read)
            return self._create() if read is None else self._update(read)

    def _check(self) -> None:
        if not self.ident and not self.slug:
            raise InvalidInput("publication_id or slug: one of them must say which publication is meant")
        if self.ident:
            check_id("publication_id", self.ident)
        for option in ("slug", "new_slug"):
            if self.params.get(option):
                check_slug(option, self.params[option])
        if self.params["state"] == "present":
            for warning in check_wishes(self.wishes, self.task.check_mode):
                self.task.warn(warning)
        password = self.wishes.get("password")
        if password and any(password in text for text in (self.ident, self.slug, self.new_slug) if text):
            self.task.warn(
                "password: it occurs inside the slug or the id, which Ansible may therefore mask in results; "
                "choose another password"
            )

    # Which publication ----------------------------------------------------------------------------------------

    def _find(self) -> dict[str, Any] | None:
        read = self._named()
        if not self.new_slug:
            return read
        if read is not None and read.get("slug") == self.new_slug:
            return read
        taken = self.publications.by_slug(self.new_slug)
        if read is None:
            if taken is None:
                raise AppliveryError(f"neither {self.slug} nor new_slug {self.new_slug} exists; new_slug never creates")
            return taken
        if taken is not None:
            raise AppliveryError(
                f"can't be renamed to {self.new_slug}: another publication has that slug ({identity(taken)}); "
                "delete or rename it first",
                failure(code=5024, message="Slug already used"),
            )
        return read

    def _named(self) -> dict[str, Any] | None:
        if self.ident is None:
            return self.publications.by_slug(str(self.slug))
        read = self.publications.by_id(self.ident)
        if read is None and self.params["state"] == "present":
            raise AppliveryError(
                "there is no publication with this id; a publication is created by its slug, never by its id",
                failure(code=3001, message="Entity not found", status=404),
            )
        return read

    def _find_to_remove(self) -> dict[str, Any] | None:
        if self.new_slug:
            raise InvalidInput("new_slug: it renames, which makes no sense with state: absent")
        return self._named()

    # Absent ---------------------------------------------------------------------------------------------------

    def _remove(self, read: dict[str, Any] | None) -> Outcome:
        if read is None:
            return Outcome(result={"publication": None, "publication_id": self.ident, "distribution_url": None})
        ident = str(identity(read))
        previous = as_read(read)
        if read.get("visibility") == "active":
            self.task.warn(f"publication {read.get('slug')} is active: its address stops working for good")
        if self._has_otp_users(ident):
            self.task.warn(f"publication {read.get('slug')} has, or may have, OTP users: they lose access")
        if not self.task.check_mode:
            self._delete(ident, read)
        shown = shown_publication(read)
        return Outcome(
            changed=True,
            result={"publication": None, "previous": previous, "publication_id": ident, "distribution_url": None},
            before={entry.option: shown[entry.option] for entry in PUBLICATION_FIELDS if shown.get(entry.option)},
            title=self._title(read),
        )

    def _delete(self, ident: str, read: Mapping[str, Any]) -> None:
        try:
            self.task.api.delete(PUBLICATIONS, ident)
        except RequestFailed as problem:
            chosen = read.get("filter")
            if isinstance(chosen, Mapping) and chosen.get("type") == "last" and problem.status not in (401, 403, None):
                problem.message += (
                    " Applivery does not delete the last publication with filter.type: last; set visibility: inactive "
                    "instead, or create another such publication first."
                )
            raise problem.with_result(previous=as_read(read)) from None

    # Present: create ------------------------------------------------------------------------------------------

    def _create(self) -> Outcome:
        wanted = {"slug": self.slug, **self.wishes}
        missing = [option for option in _NEEDED_TO_CREATE if is_empty(wanted.get(option))]
        if wanted.get("security") == "password" and not wanted.get("password"):
            missing.append("password")
        if missing:
            raise InvalidInput(f"it does not exist, and to create it the task must name {', '.join(missing)}")
        check_groups_apply(wanted, wanted["security"])
        plan = plan_creation(wanted, self.task.api.body_context())
        _check_new_terms(wanted)
        read = self._predicted(plan) if self.task.check_mode else self._created(plan, wanted)
        return self._changed(plan, read, wanted, None)

    def _created(self, plan: Plan, wanted: Mapping[str, Any]) -> dict[str, Any]:
        slug = str(self.slug)
        answer = self.task.api.create(PUBLICATIONS, plan.body, lambda: self.publications.by_slug(slug))
        ident = identity(answer) if isinstance(answer, Mapping) else None
        read = self.publications.by_id(ident) if ident else self.publications.by_slug(slug)
        if read is None:
            raise AppliveryError("the server accepted it, but does not show it afterwards; look at the dashboard")
        if read.get("slug") != slug:
            self.task.warn(f"slug: the server made {read.get('slug')} of {slug}; name it like that in the task")
            wanted = {option: wish for option, wish in wanted.items() if option != "slug"}
        self._verify(wanted, {}, plan, read)
        return read

    # Present: update ------------------------------------------------------------------------------------------

    def _update(self, read: dict[str, Any]) -> Outcome:
        for _attempt in range(_MOST_PLANS):
            plan = self._plan(read)
            if not plan.changed:
                return Outcome(result=self._result(read), title=self._title(read))
            self._refuse_without_password(plan)
            concerns = self._concerns(plan, read)
            if self.task.check_mode:
                self._tell(concerns)
                return self._changed(plan, self._predicted(plan), self.wishes, read)
            latest = self.publications.by_id(str(identity(read)))
            if latest is None:
                raise AppliveryError("it was deleted by somebody else while this task ran; run the task again")
            if _unmoved(read, latest):
                self._tell(concerns)
                return self._changed(plan, self._written(plan, read), self.wishes, read)
            read = latest
        raise AppliveryError(
            "somebody else keeps changing it while this task runs; nothing was written. Run the task again later"
        )

    def _plan(self, read: dict[str, Any]) -> Plan:
        check_groups_apply(self.wishes, self.wishes.get("security", read.get("security")))
        known = _application_of(read)
        every_time = self.params["update_password"] == "always" and "password" in self.wishes  # noqa: S105 - a choice
        plan = plan_update(self.wishes, read, {}, every_time)
        if not plan.changed:
            return plan
        return plan_update(self.wishes, read, self.task.api.body_context(known), every_time)

    def _refuse_without_password(self, plan: Plan) -> None:
        if plan.sends_password and "password" not in self.wishes:
            raise InvalidInput(
                "password: every update of a password-protected publication must carry its password, because the "
                "server does not show it and replaces everything; name it in the task"
            )

    def _possibly_lost(self, read: Mapping[str, Any]) -> list[str]:
        mode = self.params["unreturned_fields"]
        lost = [] if mode == "ignore" else possibly_lost(self.wishes, read, self.publications.returned)
        if lost and mode == "fail":
            raise AppliveryError(
                f"unreturned_fields: {', '.join(lost)} may be set although the server does not show it, and be reset "
                "by replacing the publication. Name these options in the task, or set unreturned_fields: warn"
            ).with_result(previous=as_read(read))
        return lost

    def _tell(self, concerns: list[str]) -> None:
        # Planning may happen more than once, but only one plan is carried out.
        for concern in concerns:
            self.task.warn(concern)

    def _concerns(self, plan: Plan, read: Mapping[str, Any]) -> list[str]:
        """Everything that a person should know about this write."""
        found = []
        lost = self._possibly_lost(read)
        if plan.opens:
            found.append(f"this change lets more people in: {'; '.join(plan.opens)}")
        if lost:
            found.append(
                f"the server does not show {', '.join(lost)}: unset, or set and reset by this update. Name them in the "
                "task to be sure (option unreturned_fields)"
            )
        if plan.forced:
            found.append("update_password: always sets the password in every run and reports changed each time")
        if self.wishes.get("slug") and self.wishes["slug"] != read.get("slug"):
            old = str(read.get("distributionUrl") or read.get("slug"))
            new = self._new_address(old, read)
            found.append(f"renaming changes the address, links to the old one break: {old} -> {new}")
        if self.task.check_mode:
            found += _incomparable(unread_wishes(self.wishes, read), "")
        # OTP goes with what its documentation calls "private", so an open publication is not asked about.
        if read.get("security") not in ("public", "password") and self._has_otp_users(str(identity(read))):
            found.append(
                "this publication has, or may have, OTP users. Which field switches OTP on is not documented: look in "
                "the dashboard whether OTP is still on after this update"
            )
        return found

    def _new_address(self, old: str, read: Mapping[str, Any]) -> str:
        slug = str(read.get("slug"))
        return old[: -len(slug)] + self.wishes["slug"] if old.endswith(slug) else str(self.wishes["slug"])

    def _written(self, plan: Plan, read: dict[str, Any]) -> dict[str, Any]:
        ident = str(identity(read))
        try:
            self._put(ident, plan, read)
            after = self.publications.by_id(ident)
            if after is None:
                raise AppliveryError("it was updated, but the server does not show it afterwards")
            self._verify(self.wishes, read, plan, after)
        except AppliveryError as problem:
            raise problem.with_result(previous=as_read(read)) from None
        return after

    def _put(self, ident: str, plan: Plan, read: Mapping[str, Any]) -> None:
        try:
            self.task.api.update(PUBLICATIONS, ident, plan.body)
        except RequestFailed as problem:
            if not _refuses_both_country_lists(problem, plan.body):
                raise
        else:
            return
        # Between the two steps neither list limits anybody, so nobody is let in meanwhile (fact sheet, hazard 5).
        emptied = next(name for name in _COUNTRY_NAMES if is_empty(plan.body[name]))
        final = {name: value for name, value in plan.body.items() if name != emptied}
        filled = next(name for name in _COUNTRY_NAMES if name != emptied)
        cleared = {name: value for name, value in plan.body.items() if name != filled}
        self.task.api.update(PUBLICATIONS, ident, {**cleared, "visibility": "inactive"})
        with attempting(
            "the country limits were cleared and the publication made inactive to set new limits, and then"
            f" (visibility was {read.get('visibility')})"
        ):
            self.task.api.update(PUBLICATIONS, ident, final)

    # Afterwards -----------------------------------------------------------------------------------------------

    def _verify(
        self, wanted: Mapping[str, Any], before: Mapping[str, Any], plan: Plan, after: Mapping[str, Any]
    ) -> None:
        found = surprises(wanted, before, plan, after)
        if found:
            raise AppliveryError(
                "it was written, but the server's publication is not what it should be: "
                f"{'; '.join(found)}. Look at it in the dashboard; previous holds what was there"
            ).with_result(changed=True, publication=shown_publication(after))
        self._tell(_incomparable(unread_wishes(wanted, after), "still "))

    def _has_otp_users(self, ident: str) -> bool:
        from ansible_collections.applivery.distribution.plugins.module_utils._otp_user import OTP_USERS, has_otp_users

        return self.task.api.serves(OTP_USERS) and has_otp_users(self.task.api, ident)

    def _predicted(self, plan: Plan) -> dict[str, Any]:
        """The publication as it will be; what only the server can make is not there."""
        read = {**plan.expected, "updatedAt": None}
        if "slug" in plan.changes:
            read["distributionUrl"] = None
        return read

    def _result(self, read: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "publication": shown_publication(read),
            "publication_id": identity(read),
            "distribution_url": read.get("distributionUrl"),
        }

    def _changed(
        self, plan: Plan, read: Mapping[str, Any], wanted: Mapping[str, Any], previous: Mapping[str, Any] | None
    ) -> Outcome:
        before, after = plan.diff()
        # What the server keeps to itself is returned as it was set, so that check mode and real run agree.
        silent = [option for option in wanted if option != "password" and is_empty(read.get(FIELD[option].name))]
        visible = {**read, **{FIELD[option].name: plan.expected.get(FIELD[option].name) for option in silent}}
        result = self._result(visible)
        if previous is not None:
            result["previous"] = as_read(previous)
        return Outcome(
            changed=True,
            result=result,
            before=before,
            after=after,
            title=self._title(previous or {"slug": self.slug}),
            note="password set again" if plan.sends_password and previous is not None else "",
        )

    def _title(self, read: Mapping[str, Any]) -> str:
        return f"publication {read.get('slug')}"


def _incomparable(options: list[str], when: str) -> list[str]:
    names = ", ".join(options)
    text = (
        f"the server does {when}not show {names}, so it can't be compared: as long as that is so, every run writes it"
    )
    return [f"{text} and reports changed"] if options else []


def _application_of(read: Mapping[str, Any]) -> str | None:
    """The id of the app that a publication belongs to, whether the server shows the id or the object behind it."""
    for key in ("application", "applicationInfo"):
        value = read.get(key)
        ident = identity(value) if isinstance(value, Mapping) else value
        if ident:
            return str(ident)
    return None


def _unmoved(read: Mapping[str, Any], latest: Mapping[str, Any]) -> bool:
    """Whether nobody wrote between two reads: same time stamp, and the same in every field that could be lost."""
    if read.get("updatedAt") != latest.get("updatedAt"):
        return False
    return all(
        alike(canonical(entry, read.get(entry.name)), canonical(entry, latest.get(entry.name)))
        for entry in PUBLICATION_FIELDS
    )


def _refuses_both_country_lists(problem: RequestFailed, body: Mapping[str, Any]) -> bool:
    both = all(name in body for name in _COUNTRY_NAMES)
    named = not problem.field_names or any(name in _COUNTRY_NAMES for name in problem.field_names)
    return both and named and problem.body_refused


def _check_new_terms(wanted: Mapping[str, Any]) -> None:
    terms = to_api(FIELD["terms"], wanted.get("terms")) or {}
    if terms.get("active") and is_empty(terms.get("text")):
        raise InvalidInput("terms.text: terms.active is true, so there must be a text")
