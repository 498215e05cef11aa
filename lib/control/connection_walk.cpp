// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/connection_walk.hpp"

#include <algorithm>

namespace fairway::control {
namespace {

constexpr std::uint32_t connections_in_slice = 4096;
/// A worker answers within a few loops; one that does not has ended.
constexpr std::chrono::seconds patience{5};

}  // namespace

Questions::Questions(worker::Crew& crew) : crew_(crew) {
  for (unsigned worker = 0; worker < crew.size(); ++worker) lines_.push_back(std::make_unique<Line>());
}

bool Questions::ask(unsigned worker, const void* asker, std::uint32_t first_slot, std::uint32_t limit) {
  Line& line = *lines_[worker];
  if (is_taken(worker, asker)) return false;
  if (line.is_asked && !answer(worker)) return false;
  line.asker = asker;
  line.question.first_slot = first_slot;
  line.question.limit = limit;
  line.question.rows.clear();
  line.question.rows.reserve(limit);
  line.question.next_slot = 0;
  line.question.done.store(false, std::memory_order_relaxed);
  line.is_asked = crew_.channel(worker).ask(line.question);
  return line.is_asked;
}

bool Questions::is_taken(unsigned worker, const void* asker) const {
  const void* other = lines_[worker]->asker;
  return other && other != asker;
}

const worker::ListConnections* Questions::answer(unsigned worker) const {
  const Line& line = *lines_[worker];
  return line.question.done.load(std::memory_order_acquire) ? &line.question : nullptr;
}

void Questions::release(unsigned worker, const void* asker) {
  if (lines_[worker]->asker == asker) lines_[worker]->asker = nullptr;
}

ConnectionWalk::ConnectionWalk(std::shared_ptr<Questions> questions)
    : questions_(std::move(questions)), waiting_since_(Clock::now()) {}

ConnectionWalk::~ConnectionWalk() {
  if (worker_ < questions_->workers()) questions_->release(worker_, this);
}

Job::Progress ConnectionWalk::advance(std::uint32_t wanted) {
  rows_ = {};
  if (worker_ == questions_->workers() || !error_.empty()) return Job::Progress::done;
  if (!is_asking_) {
    if (questions_->is_taken(worker_, this)) waiting_since_ = Clock::now();
    is_asking_ = questions_->ask(worker_, this, next_slot_, std::min(connections_in_slice, wanted));
    return wait();
  }
  const worker::ListConnections* answer = questions_->answer(worker_);
  return answer ? take(*answer) : wait();
}

Job::Progress ConnectionWalk::wait() {
  if (Clock::now() - waiting_since_ < patience) return Job::Progress::wait;
  error_ = "worker " + std::to_string(worker_) + " does not answer";
  return Job::Progress::done;
}

Job::Progress ConnectionWalk::take(const worker::ListConnections& answer) {
  rows_ = answer.rows;
  waiting_since_ = Clock::now();
  is_asking_ = false;
  next_slot_ = answer.next_slot;
  if (next_slot_ != 0) return Job::Progress::more;
  questions_->release(worker_, this);
  return ++worker_ < questions_->workers() ? Job::Progress::more : Job::Progress::done;
}

}  // namespace fairway::control
