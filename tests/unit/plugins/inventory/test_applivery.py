# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applications as hosts, through the real ``ansible-inventory`` and ``ansible-playbook`` against the simulator."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable

import pytest
import yaml

from ansible_collections.applivery.distribution.plugins.inventory.applivery import InventoryModule
from applivery_simulator import Simulator

TREE = Path(__file__).resolve().parents[7]
PLUGIN = "applivery.distribution.applivery"
CANARY = "simulator-service-account-token"


def unmarked(item: dict[str, Any]) -> Any:
    """From 2.19 on text that is no template is shown inside an object."""
    return item["__ansible_unsafe"] if set(item) == {"__ansible_unsafe"} else item


class Inventory:
    """One inventory file and a simulator behind it."""

    def __init__(self, folder: Path, sim: Simulator) -> None:
        self.folder = folder
        self.sim = sim
        self.stderr = ""
        self.variables = {
            "APPLIVERY_API_URL": sim.url,
            "APPLIVERY_SERVICE_ACCOUNT_TOKEN": sim.service_account_token,
            "APPLIVERY_ORGANIZATION": sim.organization["slug"],
        }

    def run(self, program: str, *words: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a program of Ansible on a file with these options."""
        path = self.folder / "apps.applivery.yml"
        path.write_text(yaml.safe_dump({"plugin": PLUGIN, **options}))
        return self.start(program, "-i", path, *words)

    def start(self, program: str, *words: str | Path) -> subprocess.CompletedProcess[str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "APPLIVERY_"))}
        self.sim.forget_requests()
        done = subprocess.run(
            [Path(sys.executable).with_name(program), *words],
            env={
                **kept,
                "ANSIBLE_COLLECTIONS_PATH": str(TREE),
                "ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED": "true",
                "ANSIBLE_INVENTORY_ENABLED": PLUGIN,
                "ANSIBLE_LOCALHOST_WARNING": "false",
                "HOME": str(self.folder),
                **self.variables,
            },
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        self.stderr = done.stderr
        assert CANARY not in done.stdout + done.stderr
        return done

    def __call__(self, *words: str, **options: Any) -> dict[str, Any]:
        """What ``ansible-inventory --list`` says; options are those of the file."""
        done = self.run("ansible-inventory", "--list", *words, **options)
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout, object_hook=unmarked)
        return found

    def hosts(self, **options: Any) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = self(**options)["_meta"]["hostvars"]
        return found


@pytest.fixture
def inventory(tmp_path: Path, simulator: Callable[..., Simulator]) -> Callable[..., Inventory]:
    def start(**options: Any) -> Inventory:
        sim = simulator(**options)
        sim.add_application(name="Game One", slug="game-one", oss=["ios"], buildPlatforms=["ios"])
        sim.add_application(name="Game Two", slug="game-two", oss=["android"], buildPlatforms=["android"])
        return Inventory(tmp_path, sim)

    return start


def test_which_files_are_meant(tmp_path: Path) -> None:
    def fits(name: str) -> bool:
        (tmp_path / name).write_text("")
        return InventoryModule().verify_file(str(tmp_path / name))

    assert all(map(fits, ("applivery.yml", "apps.applivery.yml", "a.b.applivery.yaml")))
    assert not any(map(fits, ("apps.yml", "applivery.ini", "notapplivery.yml")))


@pytest.mark.parametrize("profile", ["default", "hostile"])
def test_the_variables_of_a_host(inventory: Callable[..., Inventory], profile: str) -> None:
    apps = inventory(profile=profile)
    hosts = apps.hosts()
    assert set(hosts) == {"applivery-example-app", "applivery-game-one", "applivery-game-two"}
    game = next(item for item in apps.sim.applications.values() if item["slug"] == "game-one")
    assert hosts["applivery-game-one"] == {
        "ansible_connection": "local",
        "ansible_python_interpreter": "{{ ansible_playbook_python }}",
        "applivery_application": "game-one",
        "applivery_application_id": game["id"],
        "applivery_name": "Game One",
        "applivery_organization": apps.sim.organization["slug"],
        "applivery_platforms": ["ios"],
        "applivery_store": None,
    }


def test_one_pass_whatever_there_is(inventory: Callable[..., Inventory]) -> None:
    apps = inventory()
    for _number in range(20):
        apps.sim.add_application()
    apps.hosts()
    assert len(apps.sim.requests) == 1
    apps.hosts(publications=True)
    # The applications, the only store, and its publications.
    assert len(apps.sim.requests) == 3
    assert apps.sim.writes == []


def test_publications_of_each_application(inventory: Callable[..., Inventory]) -> None:
    apps = inventory()
    game = next(item for item in apps.sim.applications.values() if item["slug"] == "game-one")
    apps.sim.add_publication(slug="beta", application=game["id"], security="password", password="canary-word")
    apps.sim.add_publication(slug="alpha", application=game["id"])
    hosts = apps.hosts(publications=True)
    shown = hosts["applivery-game-one"]["applivery_publications"]
    assert [item["slug"] for item in shown] == ["alpha", "beta"]
    assert "canary-word" not in json.dumps(hosts)
    assert hosts["applivery-game-two"]["applivery_publications"] == []
    assert hosts["applivery-game-one"]["applivery_store"] == apps.sim.store["id"]


def test_publications_as_hosts(inventory: Callable[..., Inventory]) -> None:
    apps = inventory()
    game = next(item for item in apps.sim.applications.values() if item["slug"] == "game-one")
    mine = apps.sim.add_publication(slug="beta", application=game["id"])
    apps.sim.add_publication(slug="other")
    hosts = apps.hosts(hosts="publications", filters={"slug": ["game-one"]})
    assert set(hosts) == {"applivery-beta"}
    assert hosts["applivery-beta"]["applivery_publication"] == "beta"
    assert hosts["applivery-beta"]["applivery_publication_id"] == mine["id"]
    assert hosts["applivery-beta"]["applivery_application"] == "game-one"


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"name": ["Game One", "Game Two"]}, {"game-one", "game-two"}),
        ({"name": ["Game"]}, set()),
        ({"slug": "game-one"}, {"game-one"}),
        ({"platform": ["android"], "name": ["Game Two", "Game One"]}, {"game-two"}),
    ],
)
def test_filters(inventory: Callable[..., Inventory], filters: dict[str, Any], expected: set[str]) -> None:
    assert set(inventory().hosts(filters=filters)) == {f"applivery-{slug}" for slug in expected}


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"filters": {"oss": ["ios"]}}, "filters: 'oss' is none of name, slug, platform"),
        ({"filters": {"name": [4.1]}}, "filters.name: give texts"),
        ({"api": "integrations", "app_token": "x"}, "applications as hosts"),
        ({"api_url": "http://example.com"}, "plain http is accepted for loopback addresses only"),
        ({"hosts": "builds"}, "hosts"),
        ({"api_timeout": "soon"}, "api_timeout"),
    ],
)
def test_bad_options_fail_before_any_request(
    inventory: Callable[..., Inventory], options: dict[str, Any], told: str
) -> None:
    apps = inventory()
    if "api_url" in options:
        apps.variables.pop("APPLIVERY_API_URL")
    done = apps.run("ansible-inventory", "--list", **options)
    assert done.returncode != 0
    assert told in " ".join(done.stderr.split())
    assert apps.sim.requests == []


def test_empty_variables_count_as_not_set_and_the_application_does_not_filter(
    inventory: Callable[..., Inventory],
) -> None:
    apps = inventory()
    names = ("APP_TOKEN", "STORE", "API", "UPLOAD_URL", "VALIDATE_CERTS", "CA_PATH", "API_TIMEOUT", "RETRY_TIMEOUT")
    apps.variables.update({f"APPLIVERY_{name}": "" for name in names}, APPLIVERY_APPLICATION="game-one")
    assert len(apps.hosts()) == 3


def test_a_listing_that_breaks_is_no_inventory(inventory: Callable[..., Inventory]) -> None:
    apps = inventory(switches={"max_limit": 2})
    apps.variables["APPLIVERY_RETRY_TIMEOUT"] = "0"
    apps.sim.fault("server_error", path="page=2", times=None)
    done = apps.run("ansible-inventory", "--list")
    assert done.returncode != 0
    assert "applivery-" not in done.stdout
    assert "could not list the applications" in done.stderr
    apps.sim.clear_faults()
    apps.variables["APPLIVERY_SERVICE_ACCOUNT_TOKEN"] = "wrong"
    done = apps.run("ansible-inventory", "--list")
    assert "Invalid token" in done.stderr
    assert "the plan of this workspace" not in done.stderr


def test_an_empty_organization_is_an_empty_inventory(inventory: Callable[..., Inventory]) -> None:
    apps = inventory()
    apps.sim.applications.clear()
    assert apps.hosts() == {}


def test_names_that_are_none_are_handled_and_said(inventory: Callable[..., Inventory]) -> None:
    apps = inventory()
    strange = apps.sim.add_application(name="Strange", slug="two words {{ 7 * 7 }}")
    hosts = apps.hosts()
    assert hosts[f"applivery-{strange['id']}"]["applivery_application"] == strange["id"]
    assert "can't be a host name" in " ".join(apps.stderr.split())
    # The first host makes the group that the second one would be called like.
    apps.sim.add_application(name="Zoo", slug="zoo")
    hosts = apps.hosts(hostname_prefix="", groups={"zoo": True}, filters={"slug": ["example-app", "zoo"]})
    assert set(hosts) == {"example-app", "applivery-zoo"}
    assert "there is a group zoo" in " ".join(apps.stderr.split())


def test_what_the_server_says_is_no_template(inventory: Callable[..., Inventory], tmp_path: Path) -> None:
    apps = inventory()
    apps.sim.add_application(name="{{ lookup('pipe', 'touch canary') }}{% raw %}", slug="evil")
    play = [
        {
            "hosts": "applivery-evil",
            "gather_facts": False,
            "tasks": [
                {"ansible.builtin.debug": {"msg": "name={{ applivery_name }} slug={{ applivery_application }}"}},
                {"ansible.builtin.ping": {}},
            ],
        }
    ]
    (tmp_path / "play.yml").write_text(yaml.safe_dump(play))
    done = apps.run("ansible-playbook", tmp_path / "play.yml", compose={"again": "applivery_name"})
    assert done.returncode == 0, done.stdout + done.stderr
    assert "slug=evil" in done.stdout
    assert "name={{ lookup(" in done.stdout
    assert not (tmp_path / "canary").exists()


def test_compose_groups_and_keyed_groups(inventory: Callable[..., Inventory]) -> None:
    found = inventory()(
        compose={"short": "applivery_application[:4]"},
        groups={"games": "applivery_application.startswith('game-')"},
        keyed_groups=[{"key": "applivery_platforms", "prefix": "platform"}],
    )
    assert found["games"]["hosts"] == ["applivery-game-one", "applivery-game-two"]
    assert "applivery-game-one" in found["platform_ios"]["hosts"]
    assert found["_meta"]["hostvars"]["applivery-game-one"]["short"] == "game"
    wrong = inventory().run("ansible-inventory", "--list", strict=True, compose={"x": "nothing.at.all"})
    assert wrong.returncode != 0


def test_the_cache_spares_requests_and_knows_the_organization(
    inventory: Callable[..., Inventory], tmp_path: Path
) -> None:
    apps = inventory()
    cache = {"cache": True, "cache_plugin": "ansible.builtin.jsonfile", "cache_connection": str(tmp_path / "cache")}
    first = apps.hosts(**cache)
    assert len(apps.sim.requests) == 1
    assert apps.hosts(**cache) == first
    assert apps.sim.requests == []
    assert apps.hosts(**cache, publications=True) != first
    text = "".join(path.read_text() for path in (tmp_path / "cache").iterdir())
    assert CANARY not in text
    if "--flush-cache" in apps.run("ansible-inventory", "--help").stdout:  # since ansible-core 2.19
        done = apps.run("ansible-inventory", "--list", "--flush-cache", **cache)
        assert done.returncode == 0
        assert len(apps.sim.requests) == 1


def test_a_play_over_all_applications(inventory: Callable[..., Inventory], tmp_path: Path) -> None:
    apps = inventory()
    for item in apps.sim.applications.values():
        apps.sim.add_build(application=item["id"], versionName=f"of {item['slug']}")
    task = {
        "applivery.distribution.applivery_build": {
            "application": "{{ applivery_application }}",
            "match": {"os": "ios"},
            "tags": ["nightly"],
        }
    }
    play = [{"hosts": "all", "gather_facts": False, "tasks": [task]}]
    (tmp_path / "play.yml").write_text(yaml.safe_dump(play))
    done = apps.run("ansible-playbook", tmp_path / "play.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert all(build["tags"] == ["nightly"] for build in apps.sim.builds.values())
    done = apps.run("ansible-playbook", tmp_path / "play.yml", "--limit", "applivery-game-one")
    assert "changed=0" in done.stdout
    assert done.stdout.count("ok=1") == 1
    assert apps.sim.writes == []


def test_the_graph_and_the_documentation(inventory: Callable[..., Inventory]) -> None:
    apps = inventory()
    graph = apps.run(
        "ansible-inventory", "--graph", keyed_groups=[{"key": "applivery_platforms", "prefix": "platform"}]
    )
    assert graph.returncode == 0, graph.stderr
    assert "|--@platform_ios:\n  |  |--applivery-" in graph.stdout
    shown = apps.start("ansible-doc", "-t", "inventory", "-j", PLUGIN)
    assert shown.returncode == 0, shown.stderr
    documented = json.loads(shown.stdout)[PLUGIN]
    assert documented["examples"].strip()
    assert {"plugin", "organization", "service_account_token", "filters", "hosts", "keyed_groups", "cache"} <= set(
        documented["doc"]["options"]
    )
