// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "dpdk/eal_log.hpp"

#include <rte_log.h>
#include <sys/types.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <mutex>
#include <regex>
#include <system_error>
#include <utility>

namespace fairway::dpdk {
namespace {

// Of no consequence here, and never the reason of anything. The first: there are other hugepages, as was asked before. The
// others are said of every net_memif and net_tap: there is no second process, the signals are taken on purpose (eal.cpp), and
// rte_flow is not used.
constexpr std::array<std::string_view, 8> harmless{"No free 1048576 kB hugepages reported",
                                                   "Failed to register mp action callback",
                                                   "All rt-signals are in use",
                                                   "Failed to send start req to secondary",
                                                   "Specified qdisc kind is unknown",
                                                   "Could not add multiq qdisc",
                                                   "failed to create multiq qdisc",
                                                   "Disabling rte flow support"};

bool is_harmless(std::string_view line) {
  return std::any_of(harmless.begin(), harmless.end(),
                     [line](std::string_view text) { return line.find(text) != std::string_view::npos; });
}

}  // namespace

struct EalLog::State {
  LogSink sink;
  std::FILE* stream = nullptr;
  mutable std::mutex mutex;  // of what follows
  std::string begun;         // a line whose end is yet to come
  std::string first_error;
  std::string first_warning;

  void take_line(Severity severity, std::string_view line) {
    if (line.empty()) return;
    if (is_harmless(line)) severity = Severity::notice;
    if (severity == Severity::error && first_error.empty()) first_error = line;
    if (severity == Severity::warning && first_warning.empty()) first_warning = line;
    if (sink) sink(severity, line);
  }

  void take(Severity severity, std::string_view text) {
    const std::lock_guard lock(mutex);
    begun += text;
    std::size_t start = 0;
    for (std::size_t end; (end = begun.find('\n', start)) != std::string::npos; start = end + 1)
      take_line(severity, std::string_view(begun).substr(start, end - start));
    begun.erase(0, start);
  }
};

namespace {

// DPDK flushes after each message, so this runs in the thread that logs, and asks for the level of its message.
Severity current_severity() {
  const int level = rte_log_cur_msg_loglevel();
  if (level <= static_cast<int>(RTE_LOG_ERR)) return Severity::error;
  return level == static_cast<int>(RTE_LOG_WARNING) ? Severity::warning : Severity::notice;
}

// Drivers begin with the name of their function: "open_single_rx_pcap(): Couldn't open ...".
std::string without_function(const std::string& line) {
  static const std::regex function("^\\w+\\(\\): ?");
  return std::regex_replace(line, function, "");
}

}  // namespace

EalLog::EalLog(LogSink sink) : state_(std::make_unique<State>()) {
  state_->sink = std::move(sink);
  cookie_io_functions_t functions{};
  functions.write = [](void* state, const char* text, std::size_t size) {
    static_cast<State*>(state)->take(current_severity(), {text, size});
    return static_cast<ssize_t>(size);
  };
  state_->stream = fopencookie(state_.get(), "w", functions);
  if (state_->stream == nullptr) throw std::system_error(errno, std::system_category(), "fopencookie");
  rte_openlog_stream(state_->stream);
  rte_log_set_global_level(RTE_LOG_WARNING);
}

EalLog::~EalLog() {
  rte_openlog_stream(nullptr);
  std::fclose(state_->stream);
}

void EalLog::start_listening() {
  const std::lock_guard lock(state_->mutex);
  state_->first_error.clear();
  state_->first_warning.clear();
}

std::string EalLog::reason() const {
  const std::lock_guard lock(state_->mutex);
  return without_function(state_->first_error.empty() ? state_->first_warning : state_->first_error);
}

}  // namespace fairway::dpdk
