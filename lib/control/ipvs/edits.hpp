// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>

#include "control/director.hpp"
#include "control/ipvs/request.hpp"

namespace fairway::control::ipvs {

/// Carries out what changes something, through the director's commands, and says with the kernel's error numbers why not.
/// `complain` is told in words what the director refuses and the kernel would not.
class Edits {
 public:
  using Complain = std::function<void(const std::string&)>;

  Edits(Director& director, Complain complain) : director_(director), complain_(std::move(complain)) {}

  /// 0, or an error number and nothing has changed. Committed when it returns. Not for FLUSH, which takes long.
  int carry_out(const Request& request);
  /// Some services, one after the other: likewise.
  int delete_services(std::span<const std::shared_ptr<const service::Service>> services);

 private:
  int add_service(const ServiceFields& fields);
  int edit_service(const ServiceFields& fields, const service::Service& service);
  int add_server(const ServerFields& fields, const service::Service& service);
  int edit_server(const ServerFields& fields, const service::Service& service);
  int delete_server(const ServerFields& fields, const service::Service& service);
  int carry_out_one(const Request& request);
  int carry_out_one(const Request& request, const service::Service& service);
  int start_daemon(const DaemonFields& fields);
  int stop_daemon(const DaemonFields& fields);
  int set_timeouts(const TimeoutFields& fields);
  int commit();
  /// `refusal` if the director refuses.
  int apply(const Command& command, int refusal = EINVAL);

  Director& director_;
  Complain complain_;
};

}  // namespace fairway::control::ipvs
