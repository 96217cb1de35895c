# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two worlds that a simulator can begin with."""

from __future__ import annotations

from .state import EXPIRED, EXPIRED_TOKEN, Item, State, Token


def empty(state: State) -> None:
    """Give the world one organization, one store, one application and their tokens."""
    organization = state.add_organization(name="Example Corporation", slug="example-corp")
    state.add_store(organization=organization["id"])
    state.add_application(name="Example App", slug="example-app", organization=organization["id"])
    state.tokens[EXPIRED_TOKEN] = Token(EXPIRED)


def _deployer(branch: str, commit: str, message: str, number: int, tag: str = "") -> Item:
    info = {
        "commitMessage": message,
        "commit": commit,
        "branch": branch,
        "triggerTimestamp": f"2026-06-{number:02d}T08:00:00Z",
        "buildUrl": f"https://ci.example.com/builds/{number}",
        "ciUrl": "https://ci.example.com",
        "repositoryUrl": "https://git.example.com/example/app",
        "buildNumber": str(number),
    }
    return {"name": "Example CI", "info": {**info, "tag": tag} if tag else info}


def demo(state: State) -> None:
    """Give the world a few weeks of work: builds of two branches for two systems, two publications and some testers."""
    empty(state)
    history = [
        ("main", "4.1.0", "9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d3c5a1f01", "Start of 4.1", "processed"),
        ("release/4.2", "4.2.0", "1f3870be274f6c49b3e31a0c6728957f7a1d2c02", "Release branch 4.2", "processed"),
        ("main", "4.3.0", "d3b07384d113edec49eaa6238ad5ff00c86fdc03", "Open 4.3", "processed"),
        (
            "release/4.2",
            "4.2.0",
            "c157a79031e1c40f85931829bc5fc55229f3e904",
            "Fix the crash on the settings screen",
            "processed",
        ),
        ("main", "4.3.0", "6dcd4ce23d88e2ee9568ba546c007c63d9131b05", "Broken signing profile", "error"),
    ]
    number = 0
    for branch, version, commit, message, status in history:
        for system in ("ios", "android"):
            number += 1
            failed = status == "error" and system == "ios"
            state.add_build(
                os=system,
                versionName=version,
                versionCode=str(400 + number),
                status="error" if failed else "processed",
                error="The provisioning profile does not match" if failed else None,
                errorCode=5006 if failed else None,
                tags=["nightly"] if branch == "main" else ["candidate"],
                changelog=message,
                deployer=_deployer(branch, commit, message, number),
                createdAt=f"2026-06-{number:02d}T08:05:00.000Z",
                updatedAt=f"2026-06-{number:02d}T08:09:00.000Z",
            )
    state.add_publication(
        slug="staff",
        visibility="unlisted",
        security="logged",
        groups=[["staff"]],
        filter={"type": "last"},
        showHistory=True,
        showDevInfo=True,
        createdAt="2026-05-04T09:00:00.000Z",
    )
    beta = state.add_publication(
        slug="field-test",
        visibility="active",
        security="logged",
        groups=[["testers", "external"], ["staff"]],
        filter={"type": "gitBranch", "value": "release/4.2"},
        allowedCountries=["DE", "AT"],
        tags=["beta"],
        terms={"active": True, "text": "Please do not share screenshots."},
        configuration={"application": {"name": "Example App (field test)"}, "branding": {"primaryColor": "#0076D6"}},
        createdAt="2026-05-11T09:00:00.000Z",
    )
    for email in ("maria.lopez@studio.example", "j.smith@agency.example"):
        state.add_otp_user(email=email, allowedDownloadsNum=-1, publishedApplicationId=beta["id"], temporal=False)


SEEDS = {"empty": empty, "demo": demo}
