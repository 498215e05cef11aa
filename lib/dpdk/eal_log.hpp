// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace fairway::dpdk {

enum class Severity : std::uint8_t { error, warning, notice };

/// Takes one line of DPDK's own log, without its newline. May be called by any thread, and never by two at once.
using LogSink = std::function<void(Severity, std::string_view line)>;

/// Routes DPDK's log into a sink for as long as it lives.
class EalLog {
 public:
  /// Warnings and worse are passed on.
  explicit EalLog(LogSink sink);
  ~EalLog();
  EalLog(const EalLog&) = delete;
  EalLog& operator=(const EalLog&) = delete;

  /// Forgets the worst line seen so far.
  void start_listening();
  /// The first error since start_listening(), else the first warning, else nothing: mostly the reason of a failure.
  std::string reason() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace fairway::dpdk
