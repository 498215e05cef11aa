// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <poll.h>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "route/netlink.hpp"

/// For tests that need a kernel: a network namespace of their own, which goes with the process.
namespace fairway::route {

/// Moves the calling thread into a new network namespace, with `lo` up; the old one is left for good. Ends the process as
/// skipped (77) if that is not allowed.
void enter_new_namespace();

/// A second namespace, for as long as this lives, to move links into.
class OtherNamespace {
 public:
  OtherNamespace();
  ~OtherNamespace();
  OtherNamespace(const OtherNamespace&) = delete;
  OtherNamespace& operator=(const OtherNamespace&) = delete;

  /// As `ip ... netns` takes it.
  std::string name() const { return std::to_string(process_); }
  bool run(const std::string& command) const;
  /// Moves the calling thread into it for good.
  bool enter() const;

 private:
  int process_;  // a child that does nothing but be there
};

/// Runs a shell command; false if it fails.
bool run(const std::string& command);
/// Writes to a file below /proc/sys, which is that of the namespace for net/.
bool set_sysctl(const std::string& name, const std::string& value);
int index_of(const std::string& link);
/// The link of this name; one with index 0 if there is none.
Link link_of(Netlink& netlink, const std::string& name);

/// Waits until one of the descriptors is readable and calls `look` after each time; true as soon as that is true, false
/// after `limit`. Only a test that fails waits for so long.
bool wait_until(const std::vector<int>& descriptors, const std::function<bool()>& look,
                std::chrono::milliseconds limit = std::chrono::seconds(10));

/// Waits for an announcement that `is_it` accepts; false after ten seconds.
bool wait_for_event(Netlink& netlink, const std::function<bool(const Event&)>& is_it);

}  // namespace fairway::route
