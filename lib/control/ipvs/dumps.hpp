// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <linux/netlink.h>

#include <memory>
#include <string>
#include <vector>

#include "control/director.hpp"
#include "control/ipvs/answer.hpp"
#include "control/ipvs/edits.hpp"
#include "control/ipvs/writer.hpp"

/// Answers that are too long for one slice. A dump shows each thing as it is when its turn comes.
namespace fairway::control::ipvs {

/// GET_SERVICE for all.
class ServiceDump final : public Answer {
 public:
  ServiceDump(const Director& director, const nlmsghdr& request);
  Progress advance(std::string& datagram) override;

 private:
  const Director& director_;
  Writer writer_;
  std::vector<std::shared_ptr<const service::Service>> services_;
  std::size_t done_ = 0;
};

/// GET_DEST. Nothing but the end if there is no such service.
class ServerDump final : public Answer {
 public:
  ServerDump(const Director& director, const nlmsghdr& request, std::shared_ptr<const service::Service> service);
  Progress advance(std::string& datagram) override;

 private:
  const Director& director_;
  Writer writer_;
  std::shared_ptr<const service::Service> service_;
  std::size_t done_ = 0;
};

/// FLUSH: deletes every service.
class Flush final : public Answer {
 public:
  Flush(const Director& director, Edits& edits, const nlmsghdr& request);
  Progress advance(std::string& datagram) override;

 private:
  Edits& edits_;
  Writer writer_;
  std::vector<std::shared_ptr<const service::Service>> services_;
  std::size_t done_ = 0;
};

}  // namespace fairway::control::ipvs
