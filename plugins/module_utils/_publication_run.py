# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: not for use from elsewhere, may change in any release.
"""The task of applivery_publication: find, plan, write, and look again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Callable

from ansible_collections.applivery.distribution.plugins.module_utils._client import identity, is_id
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
    check_update,
    differ_in_case,
    plan_creation,
    plan_update,
    possibly_lost,
    surprises,
    unproven,
    unshown,
)
from ansible_collections.applivery.distribution.plugins.module_utils._publication_rules import (
    check_groups_apply,
    check_slug,
    check_wishes,
    history_warning,
)

_MOST_PLANS = 4
_MOST_BODIES = 3
_NEEDED_TO_CREATE = ("visibility", "security", "filter")
_LAST_OF_ITS_KIND = "Applivery does not delete the last publication with filter.type: last"


def run(task: Task) -> Outcome:
    """Bring one publication into the state that the task describes."""
    return _Work(task).run()


class _Work:
    def __init__(self, task: Task) -> None:
        self.task = task
        self.params = task.params
        self._told: set[str] = set()
        self._otp_users: bool | None = None
        self.publications = Publications(task.api, self._warn)
        self.ident = task.params.get("publication_id") or None
        self.slug = task.params.get("slug") or None
        self.new_slug = task.params.get("new_slug") or None
        fields = [entry for entry in PUBLICATION_FIELDS if entry.option not in ("slug", "password")]
        self.wishes = wishes(fields, task.params)
        if "filter" in self.wishes:
            # It is replaced as a whole, so an empty key says no more than one that is left out.
            chosen = self.wishes["filter"].items()
            self.wishes["filter"] = {key: value for key, value in chosen if not is_empty(value)}
        if task.params.get("password"):
            self.wishes["password"] = task.params["password"]
        if self.new_slug:
            self.wishes["slug"] = self.new_slug

    def run(self) -> Outcome:
        self._check()
        absent = self.params["state"] == "absent"
        with attempting(f"publication {self.slug or self.ident}"):
            read = self._named() if absent else self._find()
            if read is not None:
                self._check_application(read)
            if absent:
                return self._remove(read)
            return self._create() if read is None else self._update(read)

    def _check(self) -> None:
        if not self.ident and not self.slug:
            raise InvalidInput("publication_id or slug: one of them must say which publication is meant")
        if self.ident and self.slug:
            raise InvalidInput("publication_id and slug are mutually exclusive; to rename, name new_slug")
        if self.ident:
            self.ident = check_id("publication_id", self.ident)
        for option in ("slug", "new_slug"):
            if self.params.get(option):
                check_slug(option, self.params[option])
        if self.params["state"] == "present":
            self._tell(check_wishes(self.wishes, self.task.check_mode))
        elif self.new_slug:
            raise InvalidInput("new_slug: it renames, which makes no sense with state: absent")
        self._warn_about_masking(self.ident, self.slug, self.new_slug)

    def _warn(self, text: str) -> None:
        # Planning may happen more than once, and a slug may be looked for more than once.
        if text not in self._told:
            self._told.add(text)
            self.task.warn(text)

    def _tell(self, texts: Iterable[str]) -> None:
        for text in texts:
            self._warn(text)

    def _warn_about_masking(self, *texts: Any) -> None:
        password = self.wishes.get("password")
        if password and any(password in str(text) for text in texts if text):
            self._warn(
                "password: it occurs inside the slug or the id, which Ansible may therefore mask in results; "
                "choose another password"
            )

    def _warn_about_fields_without_effect(self, plan: Plan) -> None:
        if "password" in self.wishes and plan.expected.get("security") in ("public", "logged"):
            self._warn(f"password: it has no effect with security: {plan.expected['security']}, and is not sent")
        history = history_warning(plan.expected)
        if history and ("filter" in self.wishes or "show_history" in self.wishes):
            self._warn(history)

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

    def _check_application(self, read: Mapping[str, Any]) -> None:
        """Slugs are those of the whole workspace: a wrong one must not reach another app's publication."""
        given = (self.task.api.connection.application or "").lower()
        info = read.get("applicationInfo")
        if not given or not self.task.api.names_application:
            return
        slug = info.get("slug") if isinstance(info, Mapping) else None
        shown = _application_of(read) if is_id(given) else slug
        if isinstance(shown, str) and shown and shown.lower() != given:
            raise AppliveryError(
                f"it belongs to the app {shown}, while the option application (or APPLIVERY_APPLICATION) says "
                f"{self.task.api.connection.application}; nothing was written"
            )

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

    # Absent ---------------------------------------------------------------------------------------------------

    def _remove(self, read: dict[str, Any] | None) -> Outcome:
        if read is None:
            return Outcome(result={"publication": None, "publication_id": self.ident, "distribution_url": None})
        ident = str(identity(read))
        if read.get("visibility") == "active":
            self._warn(f"publication {read.get('slug')} is active: its address stops working for good")
        if self._has_otp_users(ident):
            self._warn(f"publication {read.get('slug')} has, or may have, OTP users: they lose access")
        if self.task.check_mode:
            if _follows_newest(read):
                self._warn(f"{_LAST_OF_ITS_KIND}. Whether this is the last one is not looked up in check mode")
        else:
            self._delete(ident, read)
        shown = shown_publication(read)
        return Outcome(
            changed=True,
            result={
                "publication": None,
                "previous": as_read(read),
                "publication_id": ident,
                "distribution_url": None,
            },
            before={entry.option: shown[entry.option] for entry in PUBLICATION_FIELDS if shown.get(entry.option)},
            title=_title(read),
        )

    def _delete(self, ident: str, read: Mapping[str, Any]) -> None:
        try:
            self.task.api.delete(PUBLICATIONS, ident)
        except RequestFailed as problem:
            if _follows_newest(read) and problem.status not in (401, 403, None):
                problem.message += (
                    f" {_LAST_OF_ITS_KIND}; set visibility: inactive instead, or create another such publication first."
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
        self._warn_about_fields_without_effect(plan)
        read = _predicted(plan) if self.task.check_mode else self._created(plan, wanted)
        return self._changed(plan, read, wanted, None)

    def _created(self, plan: Plan, wanted: Mapping[str, Any]) -> dict[str, Any]:
        slug = str(self.slug)

        def post(body: Mapping[str, Any]) -> Any:
            return self.task.api.create(PUBLICATIONS, body, lambda: self.publications.by_slug(slug))

        sent, answer = self._sent(plan.body, None, post)
        ident = identity(answer) if isinstance(answer, Mapping) else None
        try:
            read = self.publications.by_id(ident) if ident else self.publications.by_slug(slug)
            if read is None:
                raise AppliveryError("the server accepted it, but does not show it afterwards; look at the dashboard")
            self._verify(wanted, {}, _as_sent(plan, sent, read), read)
        except AppliveryError as problem:
            raise problem.with_result(changed=True, publication_id=ident) from None
        self._warn_about_masking(identity(read))
        return read

    # Present: update ------------------------------------------------------------------------------------------

    def _update(self, read: dict[str, Any]) -> Outcome:
        self._warn_about_masking(identity(read), read.get("slug"))
        for _attempt in range(_MOST_PLANS):
            plan = self._plan(read)
            self._warn_about_fields_without_effect(plan)
            if not plan.changed:
                return Outcome(result=_result(read), title=_title(read))
            self._refuse(plan, read)
            concerns = self._concerns(plan, read)
            if self.task.check_mode:
                self._tell(concerns)
                return self._changed(plan, _predicted(plan), self.wishes, read)
            latest = self.publications.by_id(str(identity(read)))
            if latest is None:
                raise AppliveryError(
                    "it was deleted by somebody else while this task ran; run the task again"
                ).with_result(previous=as_read(read))
            if _unmoved(read, latest):
                self._tell(concerns)
                return self._changed(plan, self._written(plan, read), self.wishes, read)
            read = latest
        raise AppliveryError(
            "somebody else keeps changing it while this task runs; nothing was written. Run the task again later"
        ).with_result(previous=as_read(read))

    def _others(self, read: Mapping[str, Any]) -> set[str]:
        return self.publications.returned_for_others(str(identity(read)))

    def _plan(self, read: dict[str, Any]) -> Plan:
        check_groups_apply(self.wishes, self.wishes.get("security", read.get("security")))
        again = self.params["update_password"] == "always" and "password" in self.wishes  # noqa: S105 - a choice
        plan = plan_update(self.wishes, read, {}, again, self._others(read))
        if plan.changed:
            context = self.task.api.body_context(_application_of(read))
            plan = plan_update(self.wishes, read, context, again, self._others(read))
        return plan

    def _refuse(self, plan: Plan, read: Mapping[str, Any]) -> None:
        check_update(self.wishes, read, plan)
        if plan.sends_password and "password" not in self.wishes:
            raise InvalidInput(
                "password: every update of a password-protected publication must carry its password, because the "
                "server does not show it and replaces everything; name it in the task"
            )

    def _possibly_lost(self, read: Mapping[str, Any]) -> list[str]:
        mode = self.params["unreturned_fields"]
        lost = [] if mode == "ignore" else possibly_lost(self.wishes, read, self._others(read))
        if lost and mode == "fail":
            raise AppliveryError(
                f"unreturned_fields: {', '.join(lost)} may be set although the server does not show it, and be reset "
                "by replacing the publication. Name these options in the task, or set unreturned_fields: warn"
            ).with_result(previous=as_read(read))
        return lost

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
        if plan.forced and plan.sends_password and self.params["update_password"] == "always":  # noqa: S105 - a choice
            found.append("update_password: always sets the password in every run and reports changed each time")
        if self.new_slug and self.new_slug != read.get("slug"):
            old = str(read.get("distributionUrl") or read.get("slug"))
            new = _new_address(old, str(read.get("slug")), self.new_slug)
            found.append(f"renaming changes the address, links to the old one break: {old} -> {new}")
        if self.task.check_mode:
            found += _incomparable(unshown(self.wishes, read, self._others(read)), "")
        # OTP goes with what its documentation calls "private", so an open publication is not asked about.
        if read.get("security") not in ("public", "password") and self._has_otp_users(str(identity(read))):
            found.append(
                "this publication has, or may have, OTP users. Which field switches OTP on is not documented: look in "
                "the dashboard whether OTP is still on after this update"
            )
        return found

    def _written(self, plan: Plan, read: dict[str, Any]) -> dict[str, Any]:
        ident = str(identity(read))
        done: dict[str, Any] = {"previous": as_read(read)}
        try:
            sent = self._put(ident, plan.body, read)
            done["changed"] = True
            after = self.publications.by_id(ident)
            if after is None:
                raise AppliveryError("it was updated, but the server does not show it afterwards")
            self._verify(self.wishes, read, _as_sent(plan, sent, after), after)
        except AppliveryError as problem:
            raise problem.with_result(**done) from None
        return after

    def _put(self, ident: str, body: Mapping[str, Any], read: Mapping[str, Any]) -> Mapping[str, Any]:
        from ansible_collections.applivery.distribution.plugins.module_utils._publication_refusal import (
            refuses_both_country_lists,
        )

        try:
            sent, _answer = self._sent(
                body, _application_of(read), lambda body: self.task.api.update(PUBLICATIONS, ident, body)
            )
        except RequestFailed as problem:
            if not refuses_both_country_lists(problem, body):
                raise
            self._put_in_two_steps(ident, body, read)
            return body
        return sent

    def _sent(
        self, body: Mapping[str, Any], application: str | None, send: Callable[[Mapping[str, Any]], Any]
    ) -> tuple[Mapping[str, Any], Any]:
        """The body that the server took, and its answer; after a refusal a milder one is sent, where there is one."""
        from ansible_collections.applivery.distribution.plugins.module_utils._publication_refusal import (
            milder,
            refuses_both_country_lists,
        )

        for _attempt in range(_MOST_BODIES):
            try:
                return body, send(body)
            except RequestFailed as problem:
                next_body = milder(body, problem, application or self._given_application_id())
                # Two country lists are no matter of leaving one out: a server that merges would keep it.
                if next_body == body or refuses_both_country_lists(problem, body):
                    raise
                if not is_empty(body.get("groups")) and "groups" not in next_body:
                    self._warn(
                        f"groups: the server does not take them with security: {body.get('security')}, so "
                        f"{body['groups']} may be lost; previous holds what was there"
                    )
                body = next_body
        return body, send(body)

    def _given_application_id(self) -> str | None:
        given = self.task.api.connection.application or ""
        return given if is_id(given) else None

    def _put_in_two_steps(self, ident: str, body: Mapping[str, Any], read: Mapping[str, Any]) -> None:
        """Clear one country list, then set the other (fact sheet, hazard 5); nobody is let in meanwhile."""
        names = (FIELD["allowed_countries"].name, FIELD["blocked_countries"].name)
        emptied, filled = sorted(names, key=lambda name: not is_empty(body[name]))
        cleared = {name: value for name, value in body.items() if name != filled}
        final = {name: value for name, value in body.items() if name != emptied}
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
        others = self._others(after)
        found = surprises(wanted, before, plan, after, others)
        slug, made = str(plan.expected.get("slug")), str(after.get("slug"))
        if slug != made and slug.lower() == made.lower():
            found.pop("slug", None)
            self._warn(f"slug: the server made {made} of {slug}; name it like that in the task")
        for option, text in differ_in_case(plan, after).items():
            if option in found:
                del found[option]
                self._warn(f"{text}; name it like that in the task, or every run writes it and reports changed")
        if found:
            raise AppliveryError(
                "it was written, but the server's publication is not what it should be: "
                f"{'; '.join(found.values())}. Look at it in the dashboard; previous holds what was there"
            ).with_result(changed=True, publication=shown_publication(after))
        self._tell(_incomparable(unproven(wanted, after, others), "still "))

    def _has_otp_users(self, ident: str) -> bool:
        if self._otp_users is None:
            self._otp_users = self._asked_for_otp_users(ident)
        return self._otp_users

    def _asked_for_otp_users(self, ident: str) -> bool:
        from ansible_collections.applivery.distribution.plugins.module_utils._otp_user import OTP_USERS, has_otp_users

        return self.task.api.serves(OTP_USERS) and has_otp_users(self.task.api, ident)

    def _changed(
        self, plan: Plan, read: Mapping[str, Any], wanted: Mapping[str, Any], previous: Mapping[str, Any] | None
    ) -> Outcome:
        before, after = plan.diff()
        # What the server keeps to itself is returned as it was set, so that check mode and real run agree.
        named = [FIELD[option].name for option in wanted if option not in ("password", "slug")]
        result = _result({**read, **{name: plan.expected.get(name) for name in named}})
        if previous is not None:
            result["previous"] = as_read(previous)
        return Outcome(
            changed=True,
            result=result,
            before=before,
            after=after,
            title=_title(previous or {"slug": self.slug}),
            note="password set again" if plan.sends_password and previous is not None else "",
        )


def _title(read: Mapping[str, Any]) -> str:
    return f"publication {read.get('slug')}"


def _result(read: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "publication": shown_publication(read),
        "publication_id": identity(read),
        "distribution_url": read.get("distributionUrl"),
    }


def _predicted(plan: Plan) -> dict[str, Any]:
    """The publication as it will be; what only the server can make is not there."""
    read = {**plan.expected, "updatedAt": None}
    if "slug" in plan.changes:
        read["distributionUrl"] = None
    return read


def _new_address(address: str, slug: str, new_slug: str) -> str:
    return address[: -len(slug)] + new_slug if address.endswith(slug) else new_slug


def _as_sent(plan: Plan, sent: Mapping[str, Any], after: Mapping[str, Any]) -> Plan:
    """The plan as far as the server let it travel: groups that it refused are its own affair."""
    if is_empty(plan.body.get("groups")) or "groups" in sent:
        return plan
    return plan._replace(expected={**plan.expected, "groups": after.get("groups")})


def _follows_newest(read: Mapping[str, Any]) -> bool:
    chosen = read.get("filter")
    return isinstance(chosen, Mapping) and chosen.get("type") == "last"


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
