// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "fairwayd/reports.hpp"

namespace fairway::daemon {
namespace {

control::http::LaneReports lane_reports(const std::array<worker::Twin::Counts, worker::traffic_class_count>& counts) {
  control::http::LaneReports reports;
  for (std::size_t i = 0; i < counts.size(); ++i)
    reports[i] = {.packets = counts[i].packets.get(), .capped = counts[i].capped.get(), .lost = counts[i].lost.get()};
  return reports;
}

}  // namespace

control::http::PortReport report_of(const config::Port& settings, const dpdk::Port& port, const worker::Twin* twin) {
  const dpdk::PortStatistics counts = port.statistics();
  control::http::PortReport report{.name = settings.name,
                                   .device = settings.device,
                                   .driver = port.driver(),
                                   .kernel_interface = settings.kernel_interface,
                                   .mac = port.mac(),
                                   .link = port.link().up,
                                   .mtu = settings.mtu,
                                   .queues = port.receive_queues(),
                                   .steering = dpdk::to_string(port.steering()),
                                   .rx_packets = counts.received_packets,
                                   .rx_bytes = counts.received_bytes,
                                   .tx_packets = counts.sent_packets,
                                   .tx_bytes = counts.sent_bytes,
                                   .rx_missed = counts.missed,
                                   .tx_errors = counts.transmit_errors,
                                   .to_kernel = {},
                                   .from_kernel = {}};
  if (twin) {
    report.to_kernel = lane_reports(twin->to_kernel);
    report.from_kernel = lane_reports(twin->from_kernel);
  }
  return report;
}

}  // namespace fairway::daemon
