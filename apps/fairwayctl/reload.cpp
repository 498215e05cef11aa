// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "fairwayctl/reload.hpp"

#include <iostream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "control/json.hpp"
#include "fairwayctl/lines.hpp"
#include "fairwayctl/status.hpp"

namespace fairway::ctl {
namespace {

int refuse(const Client::Answer& answer) {
  const auto body = nlohmann::json::parse(answer.body, nullptr, false);
  if (!body.is_object() || !body.contains("problems")) return complain(refused, error_of(answer));
  for (const std::string problem : body.at("problems")) std::cerr << problem << "\n";
  return complain(refused, body.at("error").get<std::string>());
}

}  // namespace

int reload(Client& client, bool is_dry_run) {
  const auto answer = is_dry_run ? client.ask("GET", "/v1/diff") : client.ask("POST", "/v1/reload");
  if (!answer) return complain(unreachable, answer.error().message);
  if (answer->status != 200) return refuse(*answer);
  const auto body = nlohmann::json::parse(answer->body);
  for (const std::string warning : body.at("warnings")) std::cerr << warning << "\n";
  for (const auto& change : body.at("addresses"))  // no command of the director's
    std::cout << "# ip address " << change.at("change").get<std::string>() << " "
              << change.at("address").get<std::string>() << " dev " << change.at("interface").get<std::string>()
              << "\n";
  for (const auto& change : body.at("changes")) {
    const auto command = control::command_from_json(change);
    if (!command) throw std::runtime_error(command.error().message);
    for (const std::string& line : lines_of(*command)) std::cout << line << "\n";
  }
  return std::cout.flush() ? done : complain(misused, "cannot write to standard output");
}

}  // namespace fairway::ctl
