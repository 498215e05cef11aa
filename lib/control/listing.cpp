// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/listing.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "control/views.hpp"

namespace fairway::control {
namespace {

constexpr std::size_t services_in_slice = 64;
constexpr std::uint32_t connections_in_slice = 4096;
/// A worker answers within a few loops; one that does not has ended.
constexpr std::chrono::seconds patience{5};

void append(std::string& text, const View& element) {
  if (text.back() != '[') text += ',';
  // Names come from configuration files, and need not be UTF-8.
  text += element.dump(-1, ' ', false, View::error_handler_t::replace);
}

}  // namespace

ServiceListing::ServiceListing(const Director& director) : director_(director), services_(director.services()) {
  reply.body = "{\"services\":[";
}

Job::Progress ServiceListing::advance() {
  const std::size_t end = std::min(services_.size(), done_ + services_in_slice);
  for (; done_ < end; ++done_)
    if (const auto current = director_.find(services_[done_]->key))
      append(reply.body, service_view(director_, *current));
  if (done_ < services_.size()) return Progress::more;
  reply.body += "]}";
  return Progress::done;
}

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

ConnectionListing::ConnectionListing(std::shared_ptr<Questions> questions, std::uint32_t limit)
    : walk_(std::move(questions)), limit_(std::min(limit, largest_limit)) {
  reply.body = "{\"connections\":[";
}

Job::Progress ConnectionListing::advance() {
  const Progress progress = walk_.advance(limit_ - listed_ + 1);  // one more tells whether there are more
  if (!walk_.error().empty()) {
    reply = {.status = 503, .body = error_body(walk_.error())};
    return Progress::done;
  }
  for (const worker::ConnectionRow& row : walk_.rows()) {
    if (listed_ == limit_) return finish(true);
    append(reply.body, connection_view(row));
    ++listed_;
  }
  return progress == Progress::done ? finish(false) : progress;
}

Job::Progress ConnectionListing::finish(bool is_truncated) {
  reply.body += is_truncated ? "],\"truncated\":true}" : "],\"truncated\":false}";
  return Progress::done;
}

}  // namespace fairway::control
