// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "unit/config/reference.hpp"

#include "config/keys.hpp"

namespace fairway::config {
namespace {

constexpr std::string_view beginning = R"(# Configuration

<!-- Written by tools/generate-configuration-reference from the table of keys in lib/config/keys.cpp. -->

The director reads one YAML file, all of it, before it does anything: `fairwayd --config FILE`. `fairwayd --check --config
FILE` only checks. A file with anything wrong in it is refused whole, and everything that is wrong is named at once, each as
`FILE:LINE:COLUMN: message` (1:1 where the file as a whole is meant; columns count bytes). Unknown keys and keys that stand
twice are refused.

[conf/fairway.yaml](../conf/fairway.yaml) has every key with its default; [conf/examples](../conf/examples) has a file for
each way of forwarding.

How values are written:

- numbers: decimal, whole, without leading zeros, signs or suffixes
- durations: `300` or `300s`, `5m`, `2h`
- choices: exactly as named here; `yes`, `on` and the like are not `true`
- texts: in quotes or not. IPv6 addresses and device arguments want quotes in `[ ]` and `{ }`
- YAML's anchors and aliases may be used; its merge keys (`<<`), tags and further documents may not

Rules that hold between values:

- names of ports, names of services, devices, Linux interfaces and addresses of ports stand once in a file
- a service is its protocol, address and port, or its mark: no two are alike, and no server stands twice in one
- a server has the address family of its service, and with `dr` or `tun` its port, unless that is a service by mark
- port 0 and `persistence_netmask` are for services with `persistence`
- no `lower_threshold` is above the `upper_threshold`
- a port has a `gateway` only without `kernel_interface`, and the gateway is one of its `neighbours`

A service whose address no port has is a warning only: keepalived may bring it. So are a service by mark whose mark no rule
gives, and a rule whose mark no service has: `fairwayctl` may bring the other. IPv6 services are refused: they are not built
yet.

A running director reads its file again on `fairwayctl reload` or SIGHUP and does what has changed under `settings`, `marks` and
`services`; `fairwayctl diff` only shows it. What was changed at run time stands until the file changes that very field. What is
under `director` and `ports` needs a restart, but for the `addresses` of a port with a twin: a file that changes it is refused, as
one with an error is, and the director goes on as it was.
)";

constexpr std::string_view ending = R"(
## Sysctls of IPVS that are no settings

| sysctl | why |
|---|---|
| `backup_only`, `sync_*` | connections are not synchronised with another director yet |
| `conn_tab_bits` (of the module) | `connections` of the director says how many there may be |
| `conntrack`, `snat_reroute` | what is forwarded does not pass through Linux, so it has no conntrack entries; replies always go by the route to the client |
| `debug_level` | `fairwayctl show drops` says what became of packets |
| `est_cpulist`, `est_nice` | rates are kept by the main thread, which is never on a worker's core |
| `ignore_tunneled` | packets that arrive in a tunnel are Linux's |
| `schedule_icmp` | as with its default, 0: an ICMP error opens no connection |
| `sloppy_sctp` | SCTP is not built yet |
)";

std::string replaced(std::string_view text, std::string_view what, std::string_view with) {
  std::string made;
  for (std::size_t at; (at = text.find(what)) != std::string_view::npos; text.remove_prefix(at + what.size()))
    made.append(text.substr(0, at)).append(with);
  return made.append(text);
}

std::string code(std::string_view text) { return "`" + std::string(text) + "`"; }

std::string form_of(const KeyInfo& key) {
  return key.form.find(" | ") == std::string_view::npos ? std::string(key.form)
                                                        : code(replaced(key.form, " | ", "`, `"));
}

std::string range_of(const KeyInfo& key) {
  if (key.range.high == 0) return "";
  const std::string numbers = std::to_string(key.range.low) + " to " + std::to_string(key.range.high);
  return key.range.unit.empty() ? numbers : numbers + " " + std::string(key.range.unit);
}

std::string default_of(const KeyInfo& key) {
  if (key.required) return "*required*";
  return key.fallback.empty() ? std::string(key.if_absent) : code(key.fallback);
}

std::string table_of(const Section& section) {
  std::string text = "\n## " + std::string(section.title) + "\n\n" + std::string(section.about) +
                     "\n\n| key | value | range | default | what it is |\n|---|---|---|---|---|\n";
  for (const KeyInfo& key : section.keys)
    text += "| " + code(key.name) + " | " + form_of(key) + " | " + range_of(key) + " | " + default_of(key) + " | " +
            std::string(key.about) + " |\n";
  return text;
}

}  // namespace

std::string reference() {
  std::string text(beginning);
  for (const Section& section : sections()) text += table_of(section);
  text += ending;
  return text;
}

}  // namespace fairway::config
