// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "fairwayctl/lines.hpp"

#include <nlohmann/json.hpp>

#include "control/json.hpp"

namespace fairway::ctl {
namespace {

using Lines = std::vector<std::string>;

/// Words with a space between them.
class Line {
 public:
  explicit Line(std::string words) : text_(std::move(words)) {}

  Line& add(std::string_view word) {
    text_.append(" ").append(word);
    return *this;
  }
  Line& add(const service::ServiceKey& key) {
    if (key.is_mark()) return add("mark").add(std::to_string(key.mark));
    return add(service::to_string(key.protocol)).add(net::to_string(key.address, key.port));
  }
  Line& option(std::string_view name, std::string_view value) { return add(name).add(value); }
  Line& option(std::string_view name, std::uint32_t value) { return option(name, std::to_string(value)); }
  Line& option(std::string_view name, service::Forwarding value) { return option(name, service::to_string(value)); }
  template <class T>
  Line& option(std::string_view name, const std::optional<T>& value) {
    return value ? option(name, *value) : *this;
  }
  Line& option_if_not_zero(std::string_view name, std::uint32_t value) { return value ? option(name, value) : *this; }

  Lines lines() const { return {text_}; }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

std::string flags_text(service::SchedulerFlags flags) { return flags.empty() ? "none" : service::to_string(flags); }

template <class Server>
Line server_line(const char* words, const service::ServiceKey& service, const Server& server) {
  return Line(words).add(service).add(net::to_string(server.address, server.port));
}

Line add_server_line(const service::ServiceKey& service, const service::ServerSpec& server) {
  return server_line("server add", service, server)
      .option("--weight", server.weight)
      .option("--forwarding", server.forwarding)
      .option_if_not_zero("--upper-threshold", server.upper_threshold)
      .option_if_not_zero("--lower-threshold", server.lower_threshold)
      .option_if_not_zero("--last-weight", server.last_weight);
}

Lines lines(const control::AddService& command) {
  const service::ServiceSpec& spec = command.spec;
  Line line = Line("service add").add(spec.key);
  if (!spec.name.empty()) line.option("--name", spec.name);
  line.option("--scheduler", spec.scheduler);
  if (!spec.scheduler_flags.empty()) line.option("--scheduler-flags", flags_text(spec.scheduler_flags));
  line.option("--forwarding", spec.forwarding)
      .option_if_not_zero("--persistence", spec.persistence)
      .option_if_not_zero("--persistence-netmask", spec.persistence_prefix);
  if (spec.one_packet) line.add("--one-packet");
  Lines all = line.lines();
  for (const service::ServerSpec& server : spec.servers) all.push_back(add_server_line(spec.key, server).text());
  return all;
}

Lines lines(const control::EditService& command) {
  Line line = Line("service edit").add(command.key);
  line.option("--name", command.name).option("--scheduler", command.scheduler);
  if (command.scheduler_flags) line.option("--scheduler-flags", flags_text(*command.scheduler_flags));
  line.option("--forwarding", command.forwarding)
      .option("--persistence", command.persistence)
      .option("--persistence-netmask", command.persistence_prefix);
  if (command.one_packet) line.add(*command.one_packet ? "--one-packet" : "--no-one-packet");
  return line.lines();
}

Lines lines(const control::DeleteService& command) { return Line("service delete").add(command.key).lines(); }

Lines lines(const control::AddServer& command) {
  Line line = server_line("server add", command.service, command).option("--weight", command.weight);
  return line.option("--forwarding", command.forwarding)
      .option_if_not_zero("--upper-threshold", command.upper_threshold)
      .option_if_not_zero("--lower-threshold", command.lower_threshold)
      .option_if_not_zero("--last-weight", command.last_weight)
      .lines();
}

Lines lines(const control::EditServer& command) {
  return server_line("server edit", command.service, command)
      .option("--weight", command.weight)
      .option("--forwarding", command.forwarding)
      .option("--upper-threshold", command.upper_threshold)
      .option("--lower-threshold", command.lower_threshold)
      .option("--last-weight", command.last_weight)
      .lines();
}

Lines lines(const control::DeleteServer& command) {
  return server_line("server delete", command.service, command).lines();
}

Lines lines(const control::ZeroStatistics& command) {
  return command.service ? Line("zero").add(*command.service).lines() : Line("zero").lines();
}

Line rule_line(const char* words, const service::MarkRule& rule) {
  Line line = Line(words).add(std::to_string(rule.mark));
  if (rule.protocol) line.option("--protocol", service::to_string(*rule.protocol));
  if (rule.source) line.option("--source", net::to_string(*rule.source));
  if (rule.destination) line.option("--destination", net::to_string(*rule.destination));
  if (!rule.source_ports.is_any()) line.option("--source-ports", service::to_string(rule.source_ports));
  if (!rule.destination_ports.is_any()) line.option("--destination-ports", service::to_string(rule.destination_ports));
  return line;
}

Lines lines(const control::AddMark& command) {
  return rule_line("mark add", command.rule).option("--position", command.position).lines();
}

Lines lines(const control::DeleteMark& command) {
  Line line = rule_line("mark delete", command.like);
  if (command.exact) line.add("--exact");
  return line.lines();
}

Lines lines(const control::EditSettings& command) {
  Line line("settings edit");
  for (const auto& [setting, value] : command.changes)
    line.add(std::string(setting->name) + "=" + std::to_string(value));
  return line.lines();
}

template <class Other>
Lines lines(const Other& command) {
  return {"# " + control::to_json(command).dump()};
}

}  // namespace

std::vector<std::string> lines_of(const control::Command& command) {
  return std::visit([](const auto& one) { return lines(one); }, command);
}

}  // namespace fairway::ctl
