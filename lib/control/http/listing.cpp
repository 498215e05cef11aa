// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/http/listing.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "control/http/views.hpp"

namespace fairway::control::http {
namespace {

constexpr std::size_t services_in_slice = 64;

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

}  // namespace fairway::control::http
