# Copyright (c) 2026, the applivery.distribution contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of the website; `make docs` gives the version."""

project = "applivery.distribution"
html_title = project
extensions = ["sphinx.ext.intersphinx", "sphinx_antsibull_ext", "sphinx_copybutton"]
highlight_language = "YAML+Jinja"
pygments_style = "ansible"
pygments_dark_style = "github-dark"
default_role = "any"
nitpicky = True
# Ansible's own variables are explained in its documentation, without a target to point at.
nitpick_ignore_regex = [("envvar", "ANSIBLE_.*"), ("std:envvar", "ANSIBLE_.*")]
intersphinx_mapping = {"ansible": ("https://docs.ansible.com/projects/ansible/latest/", "ansible.inv")}

html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sphinx = False
html_copy_source = False
html_theme_options = {
    "sidebar_hide_name": False,
    "navigation_with_keys": True,
    "light_css_variables": {"color-brand-primary": "#2d5f8b", "color-brand-content": "#1f5f96"},
    "dark_css_variables": {"color-brand-primary": "#8fc1ea", "color-brand-content": "#8fc1ea"},
    "footer_icons": [],
}
# What a shell prints before a command is no part of what is copied.
copybutton_prompt_text = r"\$ "
copybutton_prompt_is_regexp = True
