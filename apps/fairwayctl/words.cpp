// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "fairwayctl/words.hpp"

#include <algorithm>
#include <charconv>
#include <sstream>
#include <utility>

namespace fairway::ctl {
namespace {

using service::Forwarding;

constexpr std::string_view by_mark = "mark";
const CLI::IsMember protocols({"tcp", "udp"});
const CLI::IsMember kinds_of_service({"tcp", "udp", "mark"});
const CLI::IsMember methods({"nat", "dr", "tun"});
constexpr std::string_view no_flags = "none";
const CLI::Range weights(0, static_cast<int>(service::ServerSpec::largest_weight));

template <class Parse>
CLI::Validator validator(Parse parse, const std::string& complaint, const std::string& form) {
  return CLI::Validator(
      [=](const std::string& text) { return parse(text) ? std::string() : "'" + text + "' " + complaint; }, form);
}

const CLI::Validator flag_list =
    validator([](const std::string& text) { return text == no_flags || service::parse_scheduler_flags(text); },
              "is no list of flags", "FLAG[,FLAG]");
const CLI::Validator netmask =
    validator(service::parse_netmask, "is not a netmask such as 24 or 255.255.255.0", "LENGTH|MASK");
const CLI::Validator network =
    validator(service::parse_network, "is not a network such as 192.168.4.0/24", "ADDRESS[/LENGTH]");
const CLI::Validator ports = validator(service::parse_ports, "is not a port or ports such as 8000-8010", "PORT[-PORT]");

template <class T>
std::optional<T> parse_whole(std::string_view text) {
  T number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

struct Endpoint {
  net::Address address;
  net::ServicePort port;
};

/// 192.0.2.1:80 or [2001:db8::1]:80.
std::optional<Endpoint> parse_endpoint(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == text.npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const bool is_bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (is_bracketed) host = host.substr(1, host.size() - 2);
  const auto port = parse_whole<std::uint16_t>(text.substr(colon + 1));
  const auto address = net::parse_address(host);
  if (!port || !address || address->is_v4() == is_bracketed) return std::nullopt;
  return Endpoint{*address, net::ServicePort(*port)};
}

/// The same, or an address alone, which takes its service's port.
std::optional<Endpoint> parse_server(std::string_view text, net::ServicePort service_port) {
  if (const auto address = net::parse_address(text)) return Endpoint{*address, service_port};
  return parse_endpoint(text);
}

std::optional<std::uint32_t> parse_mark(std::string_view text) {
  const auto mark = parse_whole<std::uint32_t>(text);
  return mark == 0u ? std::nullopt : mark;
}

const CLI::Validator server = validator([](const std::string& text) { return parse_server(text, {}); },
                                        "is not ADDRESS[:PORT], the port being 0..65535", "ADDRESS[:PORT]");

std::optional<service::ServiceKey> parse_key(std::string_view kind, std::string_view text) {
  if (kind == by_mark) {
    const auto mark = parse_mark(text);
    return mark ? std::optional(service::mark_key(*mark)) : std::nullopt;
  }
  const auto virtual_end = parse_endpoint(text);
  if (!virtual_end) return std::nullopt;
  return service::ServiceKey{
      .protocol = service::parse_protocol(kind).value(), .address = virtual_end->address, .port = virtual_end->port};
}

/// Both words together, once the program has them all.
void check_service(const Words& words) {
  if (words.service.empty() || parse_key(words.protocol, words.service)) return;
  throw CLI::ValidationError(
      "service", "'" + words.service + "' is not " +
                     (words.protocol == by_mark ? "a mark, 1..4294967295" : "ADDRESS:PORT, the port being 0..65535"));
}

void add_service_options(CLI::App& app, Words& words, bool required) {
  auto* kind = app.add_option("protocol", words.protocol, "tcp, udp, or mark")->check(kinds_of_service);
  auto* service = app.add_option("service", words.service, "the service's virtual address and port, or its mark");
  if (!required) kind->needs(service->needs(kind));
  kind->required(required);
  service->required(required)->type_name("ADDRESS:PORT|MARK");
  app.callback([&words] { check_service(words); });
}

/// "conn_reuse_mode=0".
std::optional<control::EditSettings::Change> parse_change(std::string_view text) {
  const auto equals = text.find('=');
  if (equals == text.npos) return std::nullopt;
  const service::SettingInfo* setting = service::find_setting(text.substr(0, equals));
  const auto value = parse_whole<std::uint32_t>(text.substr(equals + 1));
  if (!setting || !value) return std::nullopt;
  return control::EditSettings::Change{setting, *value};
}

const CLI::Validator setting_change(
    [](const std::string& text) {
      const auto change = parse_change(text);
      if (!change) return "'" + text + "' is not SETTING=NUMBER; 'show settings' lists the settings";
      const auto checked = service::check(*change->setting, change->value);
      return checked ? std::string() : checked.error().message;
    },
    "SETTING=NUMBER");

std::optional<Forwarding> forwarding_of(const Words& words) {
  return words.forwarding ? service::parse_forwarding(*words.forwarding) : std::nullopt;
}

std::optional<service::SchedulerFlags> flags_of(const Words& words) {
  if (!words.scheduler_flags) return std::nullopt;
  return *words.scheduler_flags == no_flags ? service::SchedulerFlags()
                                            : service::parse_scheduler_flags(*words.scheduler_flags);
}

service::ServiceKey key_of(const Words& words) { return parse_key(words.protocol, words.service).value(); }

std::optional<std::uint8_t> netmask_of(const Words& words) {
  return words.persistence_netmask ? service::parse_netmask(*words.persistence_netmask) : std::nullopt;
}

service::MarkRule rule_of(const Words& words) {
  service::MarkRule rule{.mark = words.mark};
  if (words.rule_protocol) rule.protocol = service::parse_protocol(*words.rule_protocol);
  if (words.source) rule.source = service::parse_network(*words.source);
  if (words.destination) rule.destination = service::parse_network(*words.destination);
  if (words.source_ports) rule.source_ports = service::parse_ports(*words.source_ports).value();
  if (words.destination_ports) rule.destination_ports = service::parse_ports(*words.destination_ports).value();
  return rule;
}

control::Command edit_settings_command(const Words& words) {
  control::EditSettings command;
  for (const std::string& text : words.settings) command.changes.push_back(parse_change(text).value());
  return command;
}

control::Command add_service_command(const Words& words) {
  service::ServiceSpec spec;
  spec.key = key_of(words);
  spec.name = words.name.value_or("");
  spec.scheduler = words.scheduler.value_or(spec.scheduler);
  spec.scheduler_flags = flags_of(words).value_or(spec.scheduler_flags);
  spec.forwarding = forwarding_of(words).value_or(spec.forwarding);
  spec.persistence = words.persistence.value_or(0);
  spec.persistence_prefix = netmask_of(words).value_or(0);
  spec.one_packet = words.one_packet.value_or(false);
  return control::AddService{std::move(spec)};
}

}  // namespace

CommandWords::CommandWords(CLI::App& app) {
  add_service(app);
  add_server(app);
  add_mark(app);
  add_settings(app);
  add_zero(app);
}

CLI::App* CommandWords::add_verb(CLI::App& object, const char* verb, const char* description) {
  CLI::App* app = object.add_subcommand(verb, description);
  add_service_options(*app, words_, true);
  return app;
}

void CommandWords::add_service(CLI::App& app) {
  CLI::App* object = app.add_subcommand("service", "Add, edit or delete a virtual service");
  object->require_subcommand(1);
  add_service_ = add_verb(*object, "add", "Add a service");
  edit_service_ = add_verb(*object, "edit", "Change what is named of a service, and leave the rest");
  delete_service_ = add_verb(*object, "delete", "Delete a service with its servers");
  for (CLI::App* verb : {add_service_, edit_service_}) {
    verb->add_option("--name", words_.name, "what people call it");
    verb->add_option("--scheduler", words_.scheduler,
                     "how connections are shared out: rr, wrr, lc, wlc (the default), ...");
    verb->add_option("--scheduler-flags", words_.scheduler_flags,
                     "its options: sh-fallback, sh-port, mh-fallback, mh-port; none takes them away")
        ->check(flag_list);
    verb->add_option("--forwarding", words_.forwarding, "method of servers that name none: nat (the default), dr, tun")
        ->check(methods);
    verb->add_option("--persistence", words_.persistence, "seconds that a client stays with its server; 0: none");
    verb->add_option("--persistence-netmask", words_.persistence_netmask,
                     "clients that agree in these leading bits stay together; 32, each for itself, by default")
        ->check(netmask);
    verb->add_flag("--one-packet,!--no-one-packet", words_.one_packet,
                   "schedule every packet by itself; only for UDP and marks");
  }
}

void CommandWords::add_server(CLI::App& app) {
  CLI::App* object = app.add_subcommand("server", "Add, edit or delete a real server of a service");
  object->require_subcommand(1);
  add_server_ = add_verb(*object, "add", "Add a server");
  edit_server_ = add_verb(*object, "edit", "Change what is named of a server, and leave the rest");
  delete_server_ = add_verb(*object, "delete", "Delete a server; its connections end");
  for (CLI::App* verb : {add_server_, edit_server_, delete_server_})
    verb->add_option("server", words_.server, "the server's address, and port if it is not the service's")
        ->required()
        ->check(server);
  for (CLI::App* verb : {add_server_, edit_server_}) {
    verb->add_option("--weight", words_.weight, "0..2147483647, by default 1; 0 takes no new connections")
        ->check(weights);
    verb->add_option("--forwarding", words_.forwarding, "nat, dr or tun; by default as its service says")
        ->check(methods);
    verb->add_option("--upper-threshold", words_.upper_threshold,
                     "connections from which on it gets no new ones; 0, the default: any number");
    verb->add_option("--lower-threshold", words_.lower_threshold,
                     "connections below which it gets new ones again; 0, the default: three quarters of the upper");
    verb->add_option("--last-weight", words_.last_weight,
                     "of a server of weight 0: its latest weight that was more, by which mh goes; kept by itself")
        ->check(weights);
  }
}

void CommandWords::add_mark(CLI::App& app) {
  CLI::App* object = app.add_subcommand("mark", "Say which packets get a mark, for services by mark");
  object->require_subcommand(1);
  add_mark_ = object->add_subcommand("add", "Add a rule; the first rule that a packet matches counts");
  delete_mark_ = object->add_subcommand("delete", "Delete the rules of a mark that say all that is given here");
  for (CLI::App* verb : {add_mark_, delete_mark_}) {
    verb->add_option("mark", words_.mark, "1 to 4294967295")->required()->check(CLI::Range(1u, 4294967295u));
    verb->add_option("--protocol", words_.rule_protocol, "tcp or udp; by default either")->check(protocols);
    verb->add_option("--source", words_.source, "network of the clients")->check(network);
    verb->add_option("--destination", words_.destination, "network that the packets go to")->check(network);
    verb->add_option("--source-ports", words_.source_ports, "of the clients")->check(ports);
    verb->add_option("--destination-ports,--ports", words_.destination_ports, "that the packets go to")->check(ports);
  }
  delete_mark_->add_flag("--exact", words_.exact, "only the rule that says this and nothing more");
  add_mark_->add_option("--position", words_.position, "its place among the rules, from 1; by default the last")
      ->check(CLI::Range(1u, static_cast<unsigned>(service::most_mark_rules)));
}

void CommandWords::add_settings(CLI::App& app) {
  CLI::App* object = app.add_subcommand("settings", "Change how connections are treated (the sysctls of IPVS)");
  object->require_subcommand(1);
  edit_settings_ = object->add_subcommand("edit", "Change what is named of the settings, and leave the rest");
  edit_settings_->add_option("changes", words_.settings, "such as conn_reuse_mode=0")
      ->required()
      ->check(setting_change);
}

void CommandWords::add_zero(CLI::App& app) {
  zero_ = app.add_subcommand("zero", "Let what is shown as counted begin anew, of one service or of all and the total");
  add_service_options(*zero_, words_, false);
}

control::Command CommandWords::command() const {
  if (zero_->parsed() && words_.service.empty()) return control::ZeroStatistics{};
  if (zero_->parsed()) return control::ZeroStatistics{key_of(words_)};
  if (add_mark_->parsed()) return control::AddMark{rule_of(words_), words_.position};
  if (delete_mark_->parsed()) return control::DeleteMark{rule_of(words_), words_.exact};
  if (edit_settings_->parsed()) return edit_settings_command(words_);
  if (add_service_->parsed()) return add_service_command(words_);
  const service::ServiceKey key = key_of(words_);
  if (delete_service_->parsed()) return control::DeleteService{key};
  if (edit_service_->parsed())
    return control::EditService{.key = key,
                                .name = words_.name,
                                .scheduler = words_.scheduler,
                                .scheduler_flags = flags_of(words_),
                                .forwarding = forwarding_of(words_),
                                .persistence = words_.persistence,
                                .persistence_prefix = netmask_of(words_),
                                .one_packet = words_.one_packet};
  const auto [address, port] = parse_server(words_.server, key.port).value();
  if (delete_server_->parsed()) return control::DeleteServer{key, address, port};
  if (edit_server_->parsed())
    return control::EditServer{.service = key,
                               .address = address,
                               .port = port,
                               .weight = words_.weight,
                               .forwarding = forwarding_of(words_),
                               .upper_threshold = words_.upper_threshold,
                               .lower_threshold = words_.lower_threshold,
                               .last_weight = words_.last_weight};
  return control::AddServer{.service = key,
                            .address = address,
                            .port = port,
                            .weight = words_.weight.value_or(1),
                            .forwarding = forwarding_of(words_),
                            .upper_threshold = words_.upper_threshold.value_or(0),
                            .lower_threshold = words_.lower_threshold.value_or(0),
                            .last_weight = words_.last_weight.value_or(0)};
}

LineParser::LineParser() : words_(app_) { app_.require_subcommand(1); }

base::Result<std::optional<control::Command>> LineParser::parse(const std::string& line) {
  std::vector<std::string> words;
  std::istringstream text(line);
  for (std::string word; text >> word && !word.starts_with('#');) words.push_back(word);
  if (words.empty()) return std::optional<control::Command>();
  std::reverse(words.begin(), words.end());  // as CLI11 wants them
  words_.forget();
  try {
    app_.parse(std::move(words));
  } catch (const CLI::ParseError& error) {
    return base::Error{error.get_name() == "CallForHelp" ? "help is not a command" : error.what()};
  }
  return std::optional(words_.command());
}

}  // namespace fairway::ctl
