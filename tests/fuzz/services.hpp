// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <memory>
#include <vector>

#include "route/snapshot.hpp"
#include "sched/registry.hpp"
#include "service/lines.hpp"
#include "service/table.hpp"
#include "service/watch.hpp"
#include "support/retired.hpp"

namespace fairway::fuzz {

/// What there is besides services of one address and port, by bit: each makes the pipeline look in more places.
struct Extras {
  static constexpr unsigned many_ports = 1;  // of every port, of single packets, by mark
  static constexpr unsigned this_host = 2;   // servers that are the director itself; FTP; thresholds
  static constexpr std::size_t kinds = 4;    // sets of these
};

net::Address server_address(unsigned number);  // 1 to 10: of the site; 11: the director's own; 12: 127.0.0.1
constexpr unsigned server_numbers = 12;

/// The services and all that the worker reads of them, as control would publish it. Made once, since that takes longer
/// than all the rest of an input: what an input edits is put back as it was.
class Services {
 public:
  Services(unsigned extras, const route::Snapshot& routes);

  /// As nothing had ever happened, the first service with this scheduler.
  void begin(std::size_t scheduler);
  /// What an input has edited is as it was before.
  void end();

  std::size_t size() const { return kinds_.size(); }
  bool has(std::size_t number) const { return kinds_[number].current != nullptr; }
  const service::Service& current(std::size_t number) const { return *kinds_[number].current; }
  /// Comes back without servers.
  void add(std::size_t number, std::size_t scheduler, std::uint32_t persistence);
  void remove(std::size_t number);
  void add_server(std::size_t number, const service::ServerSpec& spec);
  void set_weight(std::size_t number, const net::Address& server, std::uint32_t weight);
  void remove_server(std::size_t number, const net::Address& server);
  /// As when control has begun to remove a server: it is in the service still, and not to be used.
  void withdraw(std::size_t number, const net::Address& server);
  void put(const service::Settings& settings);
  /// Every server's next hop, as these routes have it.
  void resolve(const route::Snapshot& routes);

  const service::Table& table() const { return table_; }
  const service::ServerStatus* statuses() const { return statuses_.get(); }
  service::ServerLine* lines() { return lines_.get(); }
  service::ServerLimits* limits() { return limits_.get(); }
  service::Watch& watch() { return watch_; }
  service::Loads loads() const { return service::Loads(line_pointers_, limits_.get()); }
  /// Ids below this one have been given.
  std::uint32_t id_end() const { return static_cast<std::uint32_t>(known_.size()); }

 private:
  using Version = std::shared_ptr<const service::Service>;

  /// One service: what it begins as, and what it has become.
  struct Kind {
    service::ServiceKey key;
    Version first{};
    Version current{};
    bool was_used = true;  // the scheduler may have chosen, or may not have begun
  };
  /// One server, deleted ones too; its place is its id.
  struct Known {
    std::size_t service;
    net::Address address;
    net::ServicePort port;
    bool available = true;
    bool is_nat_endpoint = false;  // entered as one, for the sake of its connections
    bool is_nat = false;           // by the current version of its service
    std::uint32_t weight = 1, upper_threshold = 0, lower_threshold = 0;
    service::ServerStatus::Value first_status{};
  };

  void define(const service::ServiceSpec& spec);
  void define_usual();
  void define_many_ports();
  void define_this_host();
  void keep_first();
  void put_back();
  const Version& first_with(std::size_t scheduler);
  Version make(std::size_t number, const service::ServiceSpec& spec);
  static void start(const service::Service& version);
  static void finish(service::Service& version);
  void publish(std::size_t number, const std::shared_ptr<service::Service>& version);
  std::shared_ptr<service::Service> copy(std::size_t number) const;
  service::Server admit(std::size_t number, const service::ServerSpec& spec);
  void dismiss(service::ServerId id);
  void tell(std::uint32_t id);
  void limit(std::uint32_t id);
  void change_nat_server(const Known& known, bool is_added);
  void set_nat(Known& known, bool is_nat);

  const route::Snapshot* routes_;
  tests::Retired retired_;
  service::Table table_{tests::Retired::keep, &retired_};
  service::ServerStatuses statuses_ = service::make_server_statuses();
  service::ServerLines lines_ = service::make_server_lines();
  std::vector<const service::ServerLine*> line_pointers_{lines_.get()};
  service::Watch watch_{lines_.get()};
  service::AllServerLimits limits_ = service::make_server_limits();
  std::vector<Kind> kinds_;
  std::vector<Version> first_by_scheduler_{sched::all().size()};  // of the first service
  std::vector<Known> known_{Known{}};                             // 0 is no server's id
  std::vector<Known> first_known_;
  std::vector<Version> old_;  // of this input: the worker may still look at them
  bool is_edited_ = false, serves_itself_ = false;
};

}  // namespace fairway::fuzz
