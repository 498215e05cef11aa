// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/merge.hpp"

#include <algorithm>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "control/replay.hpp"

namespace fairway::control {
namespace {

using service::MarkRule;
using service::ServerSpec;
using service::ServiceSpec;

/// A field of the file that was not there before has changed: `before` null.
void take_fields(const ServerSpec* before, const ServerSpec& after, ServerSpec& now) {
  if (!before || before->weight != after.weight) now.set_weight(after.weight);
  if (!before || before->forwarding != after.forwarding) now.forwarding = after.forwarding;
  const auto thresholds = [](auto& spec) { return std::tie(spec.upper_threshold, spec.lower_threshold); };
  if (!before || thresholds(*before) != thresholds(after)) thresholds(now) = thresholds(after);
}

void take_fields(const ServiceSpec* before, const ServiceSpec& after, ServiceSpec& now) {
  if (!before || before->name != after.name) now.name = after.name;
  if (!before || before->forwarding != after.forwarding) now.forwarding = after.forwarding;
  if (!before || before->one_packet != after.one_packet) now.one_packet = after.one_packet;
  const auto scheduler = [](auto& spec) { return std::tie(spec.scheduler, spec.scheduler_flags); };
  if (!before || scheduler(*before) != scheduler(after)) scheduler(now) = scheduler(after);
  const auto persistence = [](auto& spec) { return std::tie(spec.persistence, spec.persistence_prefix); };
  if (!before || persistence(*before) != persistence(after)) persistence(now) = persistence(after);
}

std::pair<net::Address, std::uint16_t> name_of(const ServerSpec& server) {
  return {server.address, server.port.host()};
}
const service::ServiceKey& name_of(const ServiceSpec& spec) { return spec.key; }

struct NameHash : ServiceKeyHash {
  using ServiceKeyHash::operator();
  std::size_t operator()(const std::pair<net::Address, std::uint16_t>& name) const noexcept {
    return std::hash<net::Address>{}(name.first) * 31 + name.second;
  }
};

/// By name; null for one that is not there.
template <class Item>
class ByName {
 public:
  template <class Items>
  explicit ByName(Items& items) {
    for (Item& item : items) items_.emplace(name_of(item), &item);
  }
  Item* find(const auto& like) const {
    const auto found = items_.find(name_of(like));
    return found == items_.end() ? nullptr : found->second;
  }

 private:
  std::unordered_map<std::remove_cvref_t<decltype(name_of(std::declval<Item&>()))>, Item*, NameHash> items_;
};

/// A file says no last weights: a server of weight 0 has the one that it had.
void keep_last_weights(const std::vector<ServerSpec>& were, std::vector<ServerSpec>& servers) {
  const ByName<const ServerSpec> old(were);
  for (ServerSpec& server : servers)
    if (const ServerSpec* was = server.weight == 0 ? old.find(server) : nullptr)
      server.last_weight = was->latest_weight();
}

void keep_last_weights(const std::vector<ServiceSpec>& were, std::vector<ServiceSpec>& services) {
  const ByName<const ServiceSpec> old(were);
  for (ServiceSpec& service : services)
    if (const ServiceSpec* was = old.find(service)) keep_last_weights(was->servers, service.servers);
}

/// Services of an inventory, or servers of a service. `merge_one(before, after, now)` is called for what the file names
/// and there is now; `before` is null if the file named it not.
template <class Item, class MergeOne>
void merge_items(const std::vector<Item>& before, const std::vector<Item>& after, std::vector<Item>& now,
                 MergeOne merge_one) {
  if (now == before) {
    const std::vector<Item> were = std::exchange(now, after);
    return keep_last_weights(were, now);
  }
  const ByName<const Item> old(before), next(after);
  std::erase_if(now, [&](const Item& item) { return old.find(item) && !next.find(item); });
  std::vector<Item> added;
  const ByName<Item> current(now);
  for (const Item& item : after) {
    const Item* was = old.find(item);
    if (Item* is = current.find(item))
      merge_one(was, item, *is);
    else if (!was)
      added.push_back(item);
  }
  std::move(added.begin(), added.end(), std::back_inserter(now));
}

void merge_service(const ServiceSpec* before, const ServiceSpec& after, ServiceSpec& now) {
  static const std::vector<ServerSpec> none;
  take_fields(before, after, now);
  merge_items<ServerSpec>(
      before ? before->servers : none, after.servers, now.servers,
      [](const ServerSpec* was, const ServerSpec& server, ServerSpec& is) { take_fields(was, server, is); });
}

using Rules = std::vector<MarkRule>;

bool has(const Rules& rules, const MarkRule& rule) {
  return std::find(rules.begin(), rules.end(), rule) != rules.end();
}

Rules those_in(Rules rules, const Rules& others) {
  std::erase_if(rules, [&](const MarkRule& rule) { return !has(others, rule); });
  return rules;
}

/// A rule has no name but itself, and its place matters. Rules that the file adds stand behind the one that they follow there.
void merge_marks(const Rules& before, const Rules& after, Rules& now) {
  if (now == before) {
    now = after;
    return;
  }
  std::erase_if(now, [&](const MarkRule& rule) { return has(before, rule) && !has(after, rule); });
  if (those_in(before, after) != those_in(after, before)) {  // the file's order has changed
    const Rules ordered = those_in(after, now);
    auto next = ordered.begin();
    for (MarkRule& rule : now)
      if (has(ordered, rule)) rule = *next++;
  }
  auto place = now.begin();
  for (const MarkRule& rule : after) {
    const auto found = std::find(now.begin(), now.end(), rule);
    if (found != now.end())
      place = found + 1;
    else if (!has(before, rule))
      place = now.insert(place, rule) + 1;
  }
}

}  // namespace

Inventory merge(const Inventory& before, const Inventory& after, Inventory now) {
  for (const service::SettingInfo& setting : service::settings_table)
    if (before.settings.*setting.field != after.settings.*setting.field)
      now.settings.*setting.field = after.settings.*setting.field;
  merge_marks(before.marks, after.marks, now.marks);
  std::vector<ServiceSpec> services_before = before.services;
  keep_last_weights(now.services, services_before);  // else a last weight would look like a change at run time
  merge_items<ServiceSpec>(services_before, after.services, now.services, merge_service);
  return now;
}

}  // namespace fairway::control
