// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <linux/netlink.h>

#include <memory>
#include <span>

#include "control/connection_walk.hpp"
#include "control/ipvs/answer.hpp"
#include "control/ipvs/edits.hpp"

namespace fairway::control::ipvs {

/// The IPVS door without its socket: a message in, an answer out.
class Conversation {
 public:
  /// What it needs must outlive it and its answers. `connection_table_size` is what `ipvsadm -L` shows as size=.
  Conversation(Director& director, std::shared_ptr<Questions> questions, std::uint32_t connection_table_size,
               Edits::Complain complain);

  /// A whole netlink message: nlmsg_len is at least its header's and not more than there is, at an address divisible by
  /// four. `may_edit`: whoever asks is root; others learn the family's id and nothing more, as from the kernel.
  std::unique_ptr<Answer> begin(const nlmsghdr& message, bool may_edit);

 private:
  std::unique_ptr<Answer> answer_control(const nlmsghdr& message) const;
  std::unique_ptr<Answer> answer_ipvs(const nlmsghdr& message);
  std::unique_ptr<Answer> dump(const nlmsghdr& message, const Request& request) const;
  std::unique_ptr<Answer> get(const nlmsghdr& message, const Request& request) const;
  std::unique_ptr<Answer> get_service(const nlmsghdr& message, const Request& request) const;

  Director& director_;
  std::shared_ptr<Questions> questions_;
  std::uint32_t connection_table_size_;
  Edits edits_;
};

/// One message as the netlink library reads it, if it is whole: the first of these bytes. They begin at an address divisible by
/// four. Null if not.
const nlmsghdr* first_message(std::span<const char> bytes);

}  // namespace fairway::control::ipvs
