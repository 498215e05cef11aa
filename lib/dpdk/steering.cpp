// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "dpdk/steering.hpp"

#include <algorithm>
#include <optional>

#include "net/steering.hpp"

namespace fairway::dpdk {
namespace {

constexpr std::uint64_t plain_types = RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP;
constexpr std::uint64_t ipv4_flows = RTE_ETH_RSS_NONFRAG_IPV4_TCP | RTE_ETH_RSS_NONFRAG_IPV4_UDP;
constexpr std::uint64_t ipv6_flows = RTE_ETH_RSS_NONFRAG_IPV6_TCP | RTE_ETH_RSS_NONFRAG_IPV6_UDP;
constexpr std::uint64_t only_source = RTE_ETH_RSS_L3_SRC_ONLY | RTE_ETH_RSS_L4_SRC_ONLY;
constexpr std::uint64_t only_destination = RTE_ETH_RSS_L3_DST_ONLY | RTE_ETH_RSS_L4_DST_ONLY;

std::optional<SteeringPlan> plan_owner(const rte_eth_dev_info& device, Faces faces, std::uint16_t queues,
                                       unsigned workers) {
  // One set of fields holds for the whole port: where both sides' packets come in, it is wrong for one of them.
  if (faces == Faces::both) return std::nullopt;
  const std::uint64_t only = faces == Faces::clients ? only_source : only_destination;
  const std::uint64_t needed = ipv4_flows | only;
  if ((device.flow_type_rss_offloads & needed) != needed) return std::nullopt;
  // Each worker has a queue; every bucket has its entry, in a table that the lower bits of the hash index.
  if (queues < workers || device.hash_key_size == 0 || device.hash_key_size % net::steering_key.size() != 0 ||
      device.reta_size % net::steering_buckets != 0 || device.reta_size == 0)
    return std::nullopt;
  SteeringPlan plan{.steering = Steering::owner,
                    .types = needed | (device.flow_type_rss_offloads & ipv6_flows),
                    .offloads = device.rx_offload_capa & RTE_ETH_RX_OFFLOAD_RSS_HASH,
                    .key = std::vector<std::uint8_t>(device.hash_key_size),
                    .queue_of = std::vector<std::uint16_t>(device.reta_size)};
  for (std::size_t i = 0; i < plan.key.size(); ++i) plan.key[i] = net::steering_key[i % net::steering_key.size()];
  for (std::size_t i = 0; i < plan.queue_of.size(); ++i)
    plan.queue_of[i] = static_cast<std::uint16_t>(net::steered_to(static_cast<std::uint32_t>(i), workers));
  return plan;
}

}  // namespace

std::string_view to_string(Steering steering) {
  switch (steering) {
    case Steering::none: return "none";
    case Steering::spread: return "spread";
    case Steering::owner: return "owner";
  }
  return "none";
}

std::vector<SteeringPlan> plan_steering(const rte_eth_dev_info& device, Faces faces, std::uint16_t queues,
                                        unsigned workers) {
  std::vector<SteeringPlan> plans;
  if (queues > 1) {
    if (auto plan = plan_owner(device, faces, queues, workers)) plans.push_back(std::move(*plan));
    if (const std::uint64_t types = device.flow_type_rss_offloads & plain_types; types != 0)
      plans.push_back({.steering = Steering::spread, .types = types, .key = {}, .queue_of = {}});
  }
  if (plans.empty() || plans.back().steering == Steering::owner) plans.push_back({});
  return plans;
}

int program_redirection(std::uint16_t port, const SteeringPlan& plan) {
  if (plan.queue_of.empty()) return 0;
  const auto entries = static_cast<std::uint16_t>(plan.queue_of.size());
  std::vector<rte_eth_rss_reta_entry64> groups((entries + RTE_ETH_RETA_GROUP_SIZE - 1) / RTE_ETH_RETA_GROUP_SIZE);
  for (std::uint16_t entry = 0; entry < entries; ++entry) {
    auto& group = groups[entry / RTE_ETH_RETA_GROUP_SIZE];
    group.mask |= std::uint64_t{1} << entry % RTE_ETH_RETA_GROUP_SIZE;
    group.reta[entry % RTE_ETH_RETA_GROUP_SIZE] = plan.queue_of[entry];
  }
  return rte_eth_dev_rss_reta_update(port, groups.data(), entries);
}

}  // namespace fairway::dpdk
