// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "worker/channel.hpp"

#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <system_error>
#include <thread>

namespace fairway::worker {
namespace {

void pause_control() { std::this_thread::sleep_for(std::chrono::microseconds(50)); }

/// Packets of many services come to as many lines, and those of a hundred thousand services lie in more pages of 4 KB than a
/// processor keeps the places of. What the kernel does not grant is left as it is.
void ask_for_huge_pages(service::ServerLines& lines) {
  madvise(lines.get(), (std::size_t{service::max_servers} + 1) * sizeof(service::ServerLine), MADV_HUGEPAGE);
}

}  // namespace

Channel::Channel() : wake_descriptor_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (wake_descriptor_ < 0) throw std::system_error(errno, std::system_category(), "eventfd");
}

Channel::~Channel() { close(wake_descriptor_); }

bool Channel::post(const ServiceChanged& change) {
  if (!mailbox_.push(change)) {
    wake();
    return false;
  }
  // After the push, so that a worker that sees the count finds the message.
  const std::uint64_t posted = posted_.load(std::memory_order_relaxed) + 1;
  posted_.store(posted, std::memory_order_seq_cst);
  if (posted - drained() > mailbox_size / 2 && is_asleep()) wake();
  return true;
}

bool Channel::ask(ListConnections& question) {
  ListConnections* none = nullptr;
  if (!question_.compare_exchange_strong(none, &question, std::memory_order_seq_cst)) return false;
  if (is_asleep()) wake();
  return true;
}

void Channel::wake() const noexcept {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = write(wake_descriptor_, &one, sizeof one);  // full means: awake soon anyway
}

Crew::Crew(unsigned workers) {
  for (unsigned i = 0; i < workers; ++i) {
    channels_.push_back(std::make_unique<Channel>());
    lines_.push_back(service::make_server_lines());
    ask_for_huge_pages(lines_.back());
    line_pointers_.push_back(lines_.back().get());
    watches_.emplace_back(lines_.back().get());
  }
}

std::vector<const service::ServerLine*> Crew::all_lines() const { return line_pointers_; }

void Crew::post(const ServiceChanged& change) {
  for (const auto& channel : channels_)
    while (!channel->post(change)) pause_control();
  ++posted_;
}

void Crew::settle() {
  for (const auto& channel : channels_)
    while (channel->drained() < posted_ && !channel->is_asleep()) pause_control();
}

std::uint64_t Crew::least_drained() const {
  std::uint64_t least = posted_;
  for (const auto& channel : channels_) least = std::min(least, channel->drained());
  return least;
}

// What is drained already says nothing of the burst that is running now, so the next message's number is asked for.
void Crew::retire(std::shared_ptr<const void> garbage) { garbage_.emplace_back(posted_ + 1, std::move(garbage)); }

void Crew::collect() {
  if (!garbage_.empty() && garbage_.back().first > posted_) post({});
  const std::uint64_t least = least_drained();
  while (!garbage_.empty() && garbage_.front().first <= least) garbage_.pop_front();
}

}  // namespace fairway::worker
