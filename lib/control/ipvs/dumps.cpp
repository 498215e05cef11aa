// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/ipvs/dumps.hpp"

#include "control/ipvs/encode.hpp"

namespace fairway::control::ipvs {
namespace {

constexpr std::size_t deleted_in_slice = 256;

}  // namespace

ServiceDump::ServiceDump(const Director& director, const nlmsghdr& request)
    : director_(director), writer_(request), services_(director.services()) {}

Answer::Progress ServiceDump::advance(std::string& datagram) {
  for (; done_ < services_.size() && writer_.has_room(); ++done_)
    if (const auto current = director_.find(services_[done_]->key))
      write(writer_, NLM_F_MULTI, row_of(director_, *current));
  const bool is_done = done_ == services_.size() && writer_.has_room();
  if (is_done) writer_.done();
  datagram = writer_.take();
  return is_done ? Progress::done : Progress::more;
}

ServerDump::ServerDump(const Director& director, const nlmsghdr& request,
                       std::shared_ptr<const service::Service> service)
    : director_(director), writer_(request), service_(std::move(service)) {}

Answer::Progress ServerDump::advance(std::string& datagram) {
  const std::size_t count = service_ ? service_->servers.size() : 0;
  for (; done_ < count && writer_.has_room(); ++done_)
    write(writer_, NLM_F_MULTI, row_of(director_, service_->servers[done_]));
  const bool is_done = done_ == count && writer_.has_room();
  if (is_done) writer_.done();
  datagram = writer_.take();
  return is_done ? Progress::done : Progress::more;
}

Flush::Flush(const Director& director, Edits& edits, const nlmsghdr& request)
    : edits_(edits), writer_(request), services_(director.services()) {}

Answer::Progress Flush::advance(std::string& datagram) {
  const auto rest = std::span(services_).subspan(done_);
  const auto next = rest.first(std::min(rest.size(), deleted_in_slice));
  const int error = edits_.delete_services(next);
  done_ += next.size();
  if (error == 0 && done_ < services_.size()) return Progress::more;
  writer_.acknowledge(error);
  datagram = writer_.take();
  return Progress::done;
}

}  // namespace fairway::control::ipvs
