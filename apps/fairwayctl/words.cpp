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

const CLI::IsMember protocols({"tcp", "udp"});
const CLI::IsMember methods({"nat", "dr", "tun"});
constexpr std::string_view no_flags = "none";
const CLI::Validator flag_list(
    [](const std::string& text) {
      return text == no_flags || service::parse_scheduler_flags(text) ? std::string()
                                                                      : "'" + text + "' is no list of flags";
    },
    "FLAG[,FLAG]");
const CLI::Range weights(0, static_cast<int>(service::ServerSpec::largest_weight));

struct Endpoint {
  net::Address address;
  net::ServicePort port;
};

/// 192.0.2.1:80 or [2001:db8::1]:80.
std::optional<Endpoint> parse_endpoint(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == text.npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  const bool is_bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (is_bracketed) host = host.substr(1, host.size() - 2);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  const auto address = net::parse_address(host);
  if (error != std::errc() || end != digits.data() + digits.size() || port == 0 || !address) return std::nullopt;
  if (address->is_v4() == is_bracketed) return std::nullopt;
  return Endpoint{*address, net::ServicePort(port)};
}

const CLI::Validator endpoint(
    [](const std::string& text) {
      return parse_endpoint(text) ? std::string() : "'" + text + "' is not ADDRESS:PORT, the port being 1..65535";
    },
    "ADDRESS:PORT");

std::optional<Forwarding> forwarding_of(const Words& words) {
  return words.forwarding ? service::parse_forwarding(*words.forwarding) : std::nullopt;
}

std::optional<service::SchedulerFlags> flags_of(const Words& words) {
  if (!words.scheduler_flags) return std::nullopt;
  return *words.scheduler_flags == no_flags ? service::SchedulerFlags()
                                            : service::parse_scheduler_flags(*words.scheduler_flags);
}

service::ServiceKey key_of(const Words& words) {
  const Endpoint virtual_end = parse_endpoint(words.service).value();
  return {.protocol = service::parse_protocol(words.protocol).value(),
          .address = virtual_end.address,
          .port = virtual_end.port};
}

control::Command add_service_command(const Words& words) {
  service::ServiceSpec spec;
  spec.key = key_of(words);
  spec.name = words.name.value_or("");
  spec.scheduler = words.scheduler.value_or(spec.scheduler);
  spec.scheduler_flags = flags_of(words).value_or(spec.scheduler_flags);
  spec.forwarding = forwarding_of(words).value_or(spec.forwarding);
  spec.persistence = words.persistence.value_or(0);
  return control::AddService{std::move(spec)};
}

}  // namespace

CommandWords::CommandWords(CLI::App& app) {
  add_service(app);
  add_server(app);
  add_zero(app);
}

CLI::App* CommandWords::add_verb(CLI::App& object, const char* verb, const char* description) {
  CLI::App* app = object.add_subcommand(verb, description);
  app->add_option("protocol", words_.protocol, "tcp or udp")->required()->check(protocols);
  app->add_option("service", words_.service, "the service's virtual address and port")->required()->check(endpoint);
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
  }
}

void CommandWords::add_server(CLI::App& app) {
  CLI::App* object = app.add_subcommand("server", "Add, edit or delete a real server of a service");
  object->require_subcommand(1);
  add_server_ = add_verb(*object, "add", "Add a server");
  edit_server_ = add_verb(*object, "edit", "Change what is named of a server, and leave the rest");
  delete_server_ = add_verb(*object, "delete", "Delete a server; its connections end");
  for (CLI::App* verb : {add_server_, edit_server_, delete_server_})
    verb->add_option("server", words_.server, "the server's address and port")->required()->check(endpoint);
  for (CLI::App* verb : {add_server_, edit_server_}) {
    verb->add_option("--weight", words_.weight, "0..65535, by default 1; 0 takes no new connections")->check(weights);
    verb->add_option("--forwarding", words_.forwarding, "nat, dr or tun; by default as its service says")
        ->check(methods);
  }
}

void CommandWords::add_zero(CLI::App& app) {
  zero_ = app.add_subcommand("zero", "Let what is shown as counted begin anew, of one service or of all and the total");
  auto* protocol = zero_->add_option("protocol", words_.protocol, "tcp or udp")->check(protocols);
  auto* service = zero_->add_option("service", words_.service, "the service's virtual address and port");
  protocol->needs(service->check(endpoint));
  service->needs(protocol);
}

control::Command CommandWords::command() const {
  if (zero_->parsed() && words_.service.empty()) return control::ZeroStatistics{};
  if (zero_->parsed()) return control::ZeroStatistics{key_of(words_)};
  if (add_service_->parsed()) return add_service_command(words_);
  const service::ServiceKey key = key_of(words_);
  if (delete_service_->parsed()) return control::DeleteService{key};
  if (edit_service_->parsed())
    return control::EditService{.key = key,
                                .name = words_.name,
                                .scheduler = words_.scheduler,
                                .scheduler_flags = flags_of(words_),
                                .forwarding = forwarding_of(words_),
                                .persistence = words_.persistence};
  const auto [address, port] = parse_endpoint(words_.server).value();
  if (delete_server_->parsed()) return control::DeleteServer{key, address, port};
  if (edit_server_->parsed()) return control::EditServer{key, address, port, words_.weight, forwarding_of(words_)};
  return control::AddServer{key, address, port, words_.weight.value_or(1), forwarding_of(words_)};
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
