// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/reload.hpp"

#include <algorithm>
#include <atomic>
#include <nlohmann/json.hpp>
#include <thread>

#include "control/difference.hpp"
#include "control/json.hpp"
#include "control/merge.hpp"
#include "sched/registry.hpp"

namespace fairway::control {
namespace {

using nlohmann::json;

constexpr std::size_t most_logged = 50;  // changes

std::string dump(const json& value) { return value.dump(-1, ' ', false, json::error_handler_t::replace); }

}  // namespace

/// A file of many services takes seconds to be read, so a thread of its own does it, also when whoever asked has gone.
struct Reload::Reading {
  Reading(std::string path_, const config::Configuration& running_) : path(std::move(path_)), running(running_) {
    thread = std::thread([this] {
      loaded = config::load(path, sched::is_known, &running);
      is_done.store(true, std::memory_order_release);
    });
  }
  ~Reading() { thread.join(); }

  std::string path;
  config::Configuration running;
  config::Loaded loaded{};
  std::atomic<bool> is_done = false;  // the thread sets it last
  std::thread thread;
};

class Reload::Work final : public Job {
 public:
  Work(Reload& reload, bool is_dry_run) : reload_(reload), is_dry_run_(is_dry_run), reading_(reload.read()) {}

  Progress advance() override {
    if (!reading_->is_done.load(std::memory_order_acquire)) return Progress::wait;
    reply = reload_.finish(reading_->loaded, is_dry_run_);
    return Progress::done;
  }

 private:
  Reload& reload_;
  bool is_dry_run_;
  std::shared_ptr<Reading> reading_;
};

Reload::Reload(Director& director, const config::Configuration& running, std::string path, Hooks hooks)
    : director_(director), running_(running), path_(std::move(path)), hooks_(std::move(hooks)) {}

Reload::~Reload() = default;

std::shared_ptr<Reload::Reading> Reload::read() {
  std::erase_if(readings_, [](const auto& reading) { return reading->is_done.load(std::memory_order_acquire); });
  return readings_.emplace_back(std::make_shared<Reading>(path_, running_));
}

std::unique_ptr<Job> Reload::begin(bool is_dry_run) { return std::make_unique<Work>(*this, is_dry_run); }

Reply Reload::finish(const config::Loaded& loaded, bool is_dry_run) {
  if (!loaded.configuration) return refuse("the file is refused", loaded.problems, is_dry_run);
  const Inventory next = inventory_of(*loaded.configuration), now = director_.inventory();
  const Inventory merged = merge(inventory_of(running_), next, now);
  const std::vector<Command> changes = difference(now, merged);
  const std::vector<AddressChange> addresses = address_changes(*loaded.configuration);
  if (!is_dry_run) {
    if (auto changed = change(merged, next, addresses); !changed) return refuse(changed.error().message, {}, false);
    running_ = *loaded.configuration;
    report(changes);
  }
  json body{{"file", path_}, {"warnings", json::array()}, {"addresses", json::array()}, {"changes", json::array()}};
  for (const config::Problem& warning : loaded.warnings)
    body["warnings"].push_back(config::to_string(path_, {warning.line, warning.column, "warning: " + warning.message}));
  for (const AddressChange& one : addresses)
    body["addresses"].push_back({{"interface", one.twin},
                                 {"address", net::to_string(one.prefix)},
                                 {"change", one.is_added ? "add" : "delete"}});
  for (const Command& one : changes) body["changes"].push_back(to_json(one));
  return {.status = 200, .body = dump(body)};
}

std::vector<Reload::AddressChange> Reload::address_changes(const config::Configuration& next) const {
  std::vector<AddressChange> changes;
  const auto add = [&](const config::Port& port, const config::Port& other, bool is_added) {
    for (const net::Prefix& prefix : port.addresses)
      if (std::find(other.addresses.begin(), other.addresses.end(), prefix) == other.addresses.end())
        changes.push_back({port.kernel_interface, prefix, is_added});
  };
  for (std::size_t i = 0; i < next.ports.size(); ++i) {
    add(next.ports[i], running_.ports[i], true);
    add(running_.ports[i], next.ports[i], false);
  }
  return changes;
}

/// A virtual address comes before its service, and goes after it.
base::Result<void> Reload::change(const Inventory& merged, const Inventory& next,
                                  const std::vector<AddressChange>& addresses) {
  std::vector<AddressChange> added;
  base::Result<void> done;
  for (const AddressChange& one : addresses) {
    if (!one.is_added) continue;
    done = hooks_.change_address(one);
    if (!done) break;
    added.push_back(one);
  }
  if (done) done = director_.change_to(merged, next);
  for (AddressChange one : done ? addresses : added) {
    if (done && one.is_added) continue;
    one.is_added = false;
    if (const auto gone = hooks_.change_address(one); !gone) hooks_.warn("reload: " + gone.error().message);
  }
  return done;
}

Reply Reload::refuse(const std::string& why, const std::vector<config::Problem>& problems, bool is_dry_run) {
  json body{{"error", path_ + ": " + why + (is_dry_run ? "" : "; the director goes on as it was")},
            {"problems", json::array()}};
  for (const config::Problem& problem : problems) body["problems"].push_back(config::to_string(path_, problem));
  if (!is_dry_run) {
    for (const json& problem : body["problems"]) hooks_.warn(problem.get<std::string>());
    hooks_.warn("reload of " + body["error"].get<std::string>());
  }
  return {.status = problems.empty() ? 500u : 422u, .body = dump(body)};
}

void Reload::report(const std::vector<Command>& changes) {
  hooks_.inform("reload of " + path_ + ": " + std::to_string(changes.size()) + " changes");
  for (std::size_t i = 0; i < std::min(changes.size(), most_logged); ++i)
    hooks_.inform("reload: " + dump(to_json(changes[i])));
  if (changes.size() > most_logged)
    hooks_.inform("reload: and " + std::to_string(changes.size() - most_logged) + " more");
}

}  // namespace fairway::control
