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

Flush::Flush(Director& director, const nlmsghdr& request)
    : director_(director), writer_(request), services_(director.services()) {}

Answer::Progress Flush::advance(std::string& datagram) {
  const std::size_t end = std::min(services_.size(), done_ + deleted_in_slice);
  // One that somebody else has deleted meanwhile is refused.
  for (; done_ < end; ++done_)
    [[maybe_unused]] const auto deleted = director_.apply(DeleteService{services_[done_]->key});
  director_.settle();
  if (done_ < services_.size()) return Progress::more;
  writer_.acknowledge(0);
  datagram = writer_.take();
  return Progress::done;
}

}  // namespace fairway::control::ipvs
