// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "control/ipvs/conversation.hpp"

namespace fairway::control::ipvs {

/// Bounds that keep one client from being felt by others.
struct DoorLimits {
  std::size_t clients = 256;                         // of root
  std::size_t other_clients = 16;                    // of everybody else
  std::chrono::milliseconds patience{30'000};        // for an answer to be taken
  std::chrono::milliseconds others_patience{5'000};  // for somebody who is not root to say something
};

/// The socket of IPVS's netlink family: a unix socket of whole messages, one of which carries what a netlink socket's
/// datagram would. Anybody may connect, as to the kernel; who may do something is decided by the rights with which he
/// connected. A client has one message in hand at a time, and is not read while it does not take the answer.
class Door {
 public:
  /// Whether this user may do what root may.
  using MayEdit = std::function<bool(uid_t)>;

  Door(boost::asio::io_context& context, Conversation& conversation, MayEdit may_edit, DoorLimits limits = {});
  ~Door();

  base::Result<void> listen(const std::string& path);
  /// Takes no more clients, ends those that there are, removes the socket. The io_context still has to run what is left.
  void stop();

  std::size_t clients() const;

 private:
  struct State;
  static void accept(const std::shared_ptr<State>& state);
  static void admit(const std::shared_ptr<State>& state, int descriptor);

  std::shared_ptr<State> state_;
};

}  // namespace fairway::control::ipvs
