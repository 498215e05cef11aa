// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/ipvs/client.hpp"

#include <libmnl/libmnl.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <cerrno>

namespace fairway::control::ipvs {

using boost::asio::posix::descriptor_base;
using boost::system::error_code;

Client::Client(boost::asio::io_context& context, int descriptor, Conversation& conversation, const Settings& settings,
               std::function<void()> ended)
    : socket_(context, descriptor),
      timer_(context),
      conversation_(conversation),
      settings_(settings),
      ended_(std::move(ended)),
      received_(bridge::largest_message) {}

void Client::start() { wait_for_message(); }

void Client::close() {
  error_code ignored;
  socket_.close(ignored);  // whoever waits for it is told
  timer_.cancel();
}

void Client::end() {
  close();
  if (!std::exchange(has_ended_, true)) ended_();
}

/// Ends the client if nothing has cancelled the timer by then.
void Client::arm(std::chrono::milliseconds patience) {
  timer_.expires_after(patience);
  timer_.async_wait([self = shared_from_this()](const error_code& error) {
    if (!error) self->close();
  });
}

void Client::wait_for_message() {
  if (settings_.idle_patience.count() > 0) arm(settings_.idle_patience);
  socket_.async_wait(descriptor_base::wait_read, [self = shared_from_this()](const error_code& error) {
    self->timer_.cancel();
    if (error || !self->socket_.is_open()) return self->end();
    self->receive();
  });
}

void Client::receive() {
  const ssize_t length = recv(socket_.native_handle(), received_.data(), received_.size(), MSG_DONTWAIT | MSG_TRUNC);
  if (length < 0 && (errno == EAGAIN || errno == EINTR)) return wait_for_message();
  if (length <= 0 || static_cast<std::size_t>(length) > received_.size()) return end();
  unread_ = std::span<const char>(received_).first(static_cast<std::size_t>(length));
  begin_next();
}

void Client::begin_next() {
  const nlmsghdr* message = unread_.empty() ? nullptr : first_message(unread_);
  if (!message) return wait_for_message();  // what is no message is passed over, as the kernel does
  answer_ = conversation_.begin(*message, settings_.may_edit);
  unread_ = unread_.subspan(std::min<std::size_t>(MNL_ALIGN(message->nlmsg_len), unread_.size()));
  advance();
}

/// One slice at a time: what comes next waits until others had their turn.
void Client::advance() {
  if (!datagram_.empty()) {
    const Sent sent = send();
    if (sent == Sent::failed) return end();
    if (sent == Sent::later) return wait_for_room();
  }
  if (std::exchange(is_last_, false)) {
    answer_.reset();
    return begin_next();
  }
  const Answer::Progress progress = answer_->advance(datagram_);
  is_last_ = progress == Answer::Progress::done;
  if (progress == Answer::Progress::wait)
    pause();
  else
    advance_later();
}

void Client::advance_later() {
  boost::asio::post(socket_.get_executor(), [self = shared_from_this()] {
    if (self->socket_.is_open())
      self->advance();
    else
      self->end();
  });
}

void Client::pause() {
  timer_.expires_after(pause_of_answer);
  timer_.async_wait([self = shared_from_this()](const error_code&) {
    if (self->socket_.is_open())
      self->advance();
    else
      self->end();
  });
}

Client::Sent Client::send() {
  const ssize_t sent = ::send(socket_.native_handle(), datagram_.data(), datagram_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent < 0) return errno == EAGAIN || errno == ENOBUFS || errno == EINTR ? Sent::later : Sent::failed;
  datagram_.clear();
  return Sent::yes;
}

void Client::wait_for_room() {
  arm(settings_.answer_patience);
  socket_.async_wait(descriptor_base::wait_write, [self = shared_from_this()](const error_code& error) {
    self->timer_.cancel();
    if (error || !self->socket_.is_open()) return self->end();
    self->advance();
  });
}

}  // namespace fairway::control::ipvs
