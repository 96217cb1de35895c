# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures for the tests of everything below module_utils."""

from __future__ import annotations

from ansible_collections.applivery.distribution.tests.support.connected import _no_proxies, connected, warnings
from ansible_collections.applivery.distribution.tests.support.info import info

__all__ = ["_no_proxies", "connected", "info", "warnings"]
