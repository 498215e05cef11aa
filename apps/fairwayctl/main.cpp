// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include <CLI/CLI.hpp>
#include <iostream>
#include <nlohmann/json.hpp>

#include "control/json.hpp"
#include "fairwayctl/apply.hpp"
#include "fairwayctl/client.hpp"
#include "fairwayctl/reload.hpp"
#include "fairwayctl/show.hpp"
#include "fairwayctl/status.hpp"
#include "fairwayctl/words.hpp"

namespace fairway::ctl {

int complain(Status status, const std::string& message) {
  std::cerr << "fairwayctl: " << message << "\n";
  return status;
}

std::string error_of(const Client::Answer& answer) {
  const auto body = nlohmann::json::parse(answer.body, nullptr, false);
  if (body.is_object() && body.contains("error")) return body.at("error").dump();
  return "the director answers with HTTP status " + std::to_string(answer.status);
}

namespace {

struct ShowOptions {
  std::string view;
  bool as_json = false;
  TableStyle style;
  std::optional<std::uint32_t> limit;
};

struct ApplyOptions {
  std::string file;
  bool keep_going = false;
};

int carry_out(Client& client, const control::Command& command) {
  const auto answer = client.ask("POST", "/v1/commands", nlohmann::json::array({control::to_json(command)}).dump());
  if (!answer) return complain(unreachable, answer.error().message);
  if (answer->status != 200) return complain(refused, error_of(*answer));
  const auto result = nlohmann::json::parse(answer->body).at("results").at(0);
  if (result.contains("error")) return complain(refused, result.at("error"));
  return done;
}

int show(Client& client, const ShowOptions& options) {
  std::string target = "/v1/" + options.view;
  if (options.limit) target += "?limit=" + std::to_string(*options.limit);
  const auto answer = client.ask("GET", target);
  if (!answer) return complain(unreachable, answer.error().message);
  if (answer->status != 200) return complain(refused, error_of(*answer));
  if (options.as_json)
    std::cout << answer->body << "\n";
  else
    std::cout << table_of(options.view, nlohmann::ordered_json::parse(answer->body), options.style);
  return std::cout.flush() ? done : complain(misused, "cannot write to standard output");
}

CLI::App* add_show(CLI::App& app, ShowOptions& options) {
  CLI::App* show = app.add_subcommand("show", "Show what the director holds and has counted");
  show->add_option("what", options.view)->required()->check(CLI::IsMember(views()));
  show->add_flag("--json", options.as_json, "as the director sent it");
  show->add_flag("--all", options.style.with_zeros, "also what has not been counted once");
  show->add_flag("--rate", options.style.with_rates, "of services and total: how many a second, not how many");
  show->add_option("--limit", options.limit, "of connections; by default 10000")->check(CLI::Range(0, 1'000'000));
  return show;
}

CLI::App* add_apply(CLI::App& app, ApplyOptions& options) {
  CLI::App* apply = app.add_subcommand("apply", "Carry out the commands of a file, one a line; # begins a comment");
  apply->add_option("file", options.file, "- for standard input")->required();
  apply->add_flag("--keep-going", options.keep_going, "carry out the rest if one is refused");
  return apply;
}

int run(int argument_count, char** arguments) {
  CLI::App app("The operator's tool of a Fairway director");
  std::string socket = "/run/fairway/control.sock";
  ShowOptions show_options;
  ApplyOptions apply_options;
  app.set_version_flag("--version", "fairwayctl " FAIRWAY_VERSION);
  app.add_option("--socket", socket, "the director's control socket")->capture_default_str()->take_last();
  app.require_subcommand(1);
  const CommandWords words(app);
  const CLI::App* show_app = add_show(app, show_options);
  const CLI::App* apply_app = add_apply(app, apply_options);
  const CLI::App* reload_app = app.add_subcommand(
      "reload", "Let the director read its file again and carry out what has changed in it; prints the changes");
  const CLI::App* diff_app = app.add_subcommand(
      "diff", "Print what a reload would change, as commands; nothing is printed if that is nothing");
  try {
    app.parse(argument_count, arguments);
    if (show_options.limit && show_options.view != "connections")
      throw CLI::ValidationError("--limit", "is only for connections");
    if (show_options.style.with_rates && show_options.view != "services" && show_options.view != "total")
      throw CLI::ValidationError("--rate", "is only for services and total");
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? done : misused;
  }
  Client client(socket);
  if (show_app->parsed()) return show(client, show_options);
  if (apply_app->parsed()) return apply(client, apply_options.file, apply_options.keep_going);
  if (reload_app->parsed() || diff_app->parsed()) return reload(client, diff_app->parsed());
  return carry_out(client, words.command());
}

}  // namespace
}  // namespace fairway::ctl

int main(int argument_count, char** arguments) {
  try {
    return fairway::ctl::run(argument_count, arguments);
  } catch (const std::exception& error) {
    return fairway::ctl::complain(fairway::ctl::unreachable,
                                  std::string("cannot understand the director: ") + error.what());
  }
}
