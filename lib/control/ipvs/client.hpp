// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "control/ipvs/bridge.hpp"
#include "control/ipvs/conversation.hpp"

namespace fairway::control::ipvs {

/// One client of the door.
class Client : public std::enable_shared_from_this<Client> {
 public:
  struct Settings {
    bool may_edit = false;
    std::chrono::milliseconds answer_patience{};  // for an answer to be taken
    std::chrono::milliseconds idle_patience{};    // for the next message to come; 0: for ever
  };

  /// `descriptor`: a connected SOCK_SEQPACKET socket that does not block, which is its own from now on.
  Client(boost::asio::io_context& context, int descriptor, Conversation& conversation, const Settings& settings,
         std::function<void()> ended);

  /// Serves it until it goes, stalls or says too much at once; then calls `ended`, once, from the io_context.
  void start();
  /// Ends it as soon as the io_context runs again.
  void close();

 private:
  enum class Sent { yes, later, failed };

  void wait_for_message();
  void receive();
  /// Goes on to the next message of the datagram, or to the next datagram.
  void begin_next();
  void advance();
  void advance_later();
  void pause();
  void wait_for_room();
  void arm(std::chrono::milliseconds patience);
  Sent send();
  void end();

  static constexpr std::chrono::milliseconds pause_of_answer{1};

  boost::asio::posix::stream_descriptor socket_;
  boost::asio::steady_timer timer_;
  Conversation& conversation_;
  Settings settings_;
  std::function<void()> ended_;
  std::vector<char> received_;    // room for the largest message
  std::span<const char> unread_;  // of received_
  std::unique_ptr<Answer> answer_;
  std::string datagram_;  // not sent yet
  bool is_last_ = false;  // of the answer
  bool has_ended_ = false;
};

}  // namespace fairway::control::ipvs
