# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: applivery
short_description: Applications of an organization as hosts
description:
  - Lists the applications of an Applivery organization, or their publications, as hosts. A play over them is spread by
    Ansible itself, with forks, C(--limit), C(serial), and the slices and instance groups of AWX.
  - The file's name must end in C(applivery.yml) or C(applivery.yaml), with a dot or nothing before it.
  - Each host runs its tasks on the controller (C(ansible_connection=local)).
  - It is all or nothing. When a listing breaks there is no inventory, for a part of one would look like the whole.
version_added: 1.1.0
author:
  - The applivery.distribution contributors (@applivery)
extends_documentation_fragment:
  - applivery.distribution._connection
  - applivery.distribution._connection.environment
  - ansible.builtin.constructed
  - ansible.builtin.inventory_cache
options:
  plugin:
    description: Always V(applivery.distribution.applivery).
    type: str
    required: true
    choices: [applivery.distribution.applivery]
  application:
    description:
      - Not used here. E(APPLIVERY_APPLICATION) does not filter, since the same credential serves jobs that want it.
  hosts:
    description: What becomes a host.
    type: str
    choices: [applications, publications]
    default: applications
  publications:
    description:
      - Whether each application also gets the variable C(applivery_publications), a list of its publications as
        M(applivery.distribution.applivery_publication_info) returns them. It costs one listing for all applications.
    type: bool
    default: false
  filters:
    description:
      - Which applications to take. Names, slugs and platforms are compared exactly. An application must fit each of the
        keys given, in any one of its values.
    type: dict
    default: {}
    suboptions:
      name:
        description: Names of applications.
        type: list
        elements: str
      slug:
        description: Slugs of applications.
        type: list
        elements: str
      platform:
        description: Platforms such as V(ios) or V(android).
        type: list
        elements: str
  hostname_prefix:
    description:
      - Stands before the slug in a host's name, so that a host is never called like a group or another machine.
    type: str
    default: applivery-
notes:
  - The variables of a host are C(applivery_application) (the slug), C(applivery_application_id), C(applivery_name),
    C(applivery_platforms), C(applivery_organization), C(applivery_store), C(ansible_connection) and
    C(ansible_python_interpreter). With O(hosts=publications) there are C(applivery_publication) (the slug) and
    C(applivery_publication_id) as well. No token and no person is among them.
  - C(applivery_store) is null unless O(store) is given or publications are read.
  - What the server says is never taken for a template.
seealso:
  - module: applivery.distribution.applivery_application_info
"""

EXAMPLES = r"""
# apps.applivery.yml, with the token and the organization in the environment
plugin: applivery.distribution.applivery
filters:
  platform: [ios, android]
keyed_groups:
  - key: applivery_platforms
    prefix: platform
groups:
  games: applivery_application.startswith("game-")
---
# Every publication of one application is a host
plugin: applivery.distribution.applivery
hosts: publications
filters:
  slug: [example-app]
"""

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ansible.errors import AnsibleParserError
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible.utils.display import Display
from ansible.utils.unsafe_proxy import wrap_var

try:
    # From 2.19 on a text is a template only where somebody vouches for it.
    from ansible.template import trust_as_template
except ImportError:
    trust_as_template = None

from ..module_utils._api.client import Api, connect
from ..module_utils._api.connection import Environment, connection_spec, resolve
from ..module_utils._core.errors import AppliveryError, InvalidInput
from ..plugin_utils._hosts import PLAIN, Found, Host, application_hosts, publication_hosts, read

_FILTERS = ("name", "slug", "platform")
_HERE = {"ansible_connection": "local", "ansible_python_interpreter": "{{ ansible_playbook_python }}"}
display = Display()


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):  # type: ignore[misc]  # core ships no types
    """Applications, or their publications, as hosts."""

    NAME = "applivery.distribution.applivery"

    def verify_file(self, path: str) -> bool:
        """Whether the file is meant for this plugin, by its name."""
        name = os.path.basename(path)
        mine = any(name == end or name.endswith(f".{end}") for end in ("applivery.yml", "applivery.yaml"))
        return bool(super().verify_file(path)) and mine

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        """Fill the inventory from the file at ``path``."""
        super().parse(inventory, loader, path, cache)
        with _without_empty_variables():
            config = self._read_config_data(path)
            try:
                filters = self._filters()
                hosts = self._hosts(self._found(config, path, cache), filters)
            except AppliveryError as problem:
                # Short, for core puts the complaints of all other plugins about the same file around it.
                raise AnsibleParserError(f"applivery: {problem.message.split('. ')[0]}") from None
            for host in hosts:
                self._enter(host)

    # What there is ------------------------------------------------------------------------------------------------

    def _found(self, config: Mapping[str, Any], path: str, cache: bool) -> Found:
        """What the service holds, or the cache."""
        api = self._api(config)
        wanted = self.get_option("publications") or self.get_option("hosts") == "publications"
        key = f"{self.get_cache_key(path)}_{_digest(api, wanted)}"
        caching = self.get_option("cache")
        if caching and cache and key in self._cache:
            return Found(*self._cache[key])
        found = read(api, wanted)
        if caching:
            self._cache[key] = list(found)
        return found

    def _api(self, config: Mapping[str, Any]) -> Api:
        environment = Environment()
        spec = connection_spec(environment)
        given = {option: self.templar.template(config[option]) for option in spec if option in config}
        checked = ArgumentSpecValidator(spec).validate(given)
        if checked.error_messages:
            raise InvalidInput("; ".join(checked.error_messages))
        connection = resolve(checked.validated_parameters, environment, workspace_only="applications as hosts")
        return connect(connection, display.warning)

    def _hosts(self, found: Found, filters: Mapping[str, list[str]]) -> list[Host]:
        if self.get_option("hosts") == "publications":
            return publication_hosts(found, filters)
        return application_hosts(found, filters, self.get_option("publications"))

    def _filters(self) -> dict[str, list[str]]:
        filters: dict[str, list[str]] = {}
        for name, wanted in (self.get_option("filters") or {}).items():
            if name not in _FILTERS:
                raise InvalidInput(f"filters: {name!r} is none of {', '.join(_FILTERS)}")
            values = [wanted] if isinstance(wanted, str) else wanted
            if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
                raise InvalidInput(f"filters.{name}: give texts; quote what YAML takes for something else")
            filters[name] = values
        return filters

    # What becomes of it -------------------------------------------------------------------------------------------

    def _enter(self, host: Host) -> None:
        name = self._free_name(host)
        if host.note:
            display.warning(f"applivery: {host.note}")
        self.inventory.add_host(name)
        for variable, value in host.variables.items():
            self.inventory.set_variable(name, variable, _untrusted(value))
        for variable, value in _HERE.items():
            self.inventory.set_variable(name, variable, trust_as_template(value) if trust_as_template else value)
        strict = self.get_option("strict")
        known = self.inventory.get_host(name).get_vars()
        self._set_composite_vars(self.get_option("compose"), known, name, strict=strict)
        known = self.inventory.get_host(name).get_vars()
        self._add_host_to_composed_groups(self.get_option("groups"), known, name, strict=strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), known, name, strict=strict)

    def _free_name(self, host: Host) -> str:
        """A name that no group has; two applications never share one."""
        name = f"{self.get_option('hostname_prefix')}{host.name}"
        if name not in self.inventory.groups:
            return name
        other = f"applivery-{host.name}"
        display.warning(f"applivery: there is a group {name}, so the host is called {other}")
        return other


def _untrusted(value: Any) -> Any:
    """What a server said, so that nobody takes it for a template.

    Names that can't be one stay as they are: marked text is exported as an object by some releases, and AWX keeps it.
    """
    if isinstance(value, dict):
        return {str(key): _untrusted(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_untrusted(item) for item in value]
    if not isinstance(value, str):
        return value
    if PLAIN.match(value):
        return trust_as_template(value) if trust_as_template else value
    return value if trust_as_template else wrap_var(value)


def _digest(api: Api, with_publications: bool) -> str:
    """What else a cache is about: another organization or store must not be served from it."""
    connection = api.connection
    parts = [connection.api_url, connection.organization, connection.store, str(with_publications)]
    return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()[:12]


@contextmanager
def _without_empty_variables() -> Iterator[None]:
    """An empty variable counts as not set: AWX injects every field of a credential, and core takes it for a value."""
    empty = [name for name, value in os.environ.items() if name.startswith("APPLIVERY_") and not value]
    for name in empty:
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(dict.fromkeys(empty, ""))
