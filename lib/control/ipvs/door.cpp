// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/ipvs/door.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <unordered_map>

#include "control/ipvs/client.hpp"
#include "control/local_socket.hpp"

namespace fairway::control::ipvs {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr mode_t socket_mode = 0666;                           // who may do what is decided message by message
constexpr std::chrono::milliseconds pause_after_failure{100};  // when there are no descriptors left
constexpr int accepted_in_turn = 16;

}  // namespace

struct Door::State {
  State(asio::io_context& context_, Conversation& conversation_, MayEdit may_edit_, const DoorLimits& limits_)
      : context(context_),
        conversation(conversation_),
        may_edit(std::move(may_edit_)),
        limits(limits_),
        listener(context_),
        retry(context_) {}

  asio::io_context& context;
  Conversation& conversation;
  MayEdit may_edit;
  DoorLimits limits;
  LocalSocket socket;  // its file; the descriptor is the listener's
  asio::posix::stream_descriptor listener;
  asio::steady_timer retry;
  struct Guest {
    std::weak_ptr<Client> client;
    bool may_edit;
  };
  std::unordered_map<std::uint64_t, Guest> guests;
  std::size_t others = 0;  // of the guests, those that may not edit
  std::uint64_t next_guest = 0;
  bool is_stopped = false;
};

Door::Door(asio::io_context& context, Conversation& conversation, MayEdit may_edit, DoorLimits limits)
    : state_(std::make_shared<State>(context, conversation, std::move(may_edit), limits)) {}

Door::~Door() { stop(); }

base::Result<void> Door::listen(const std::string& path) {
  auto socket = LocalSocket::listen("IPVS socket", path, SOCK_SEQPACKET, socket_mode);
  if (!socket) return socket.error();
  state_->socket = std::move(*socket);
  state_->listener.assign(state_->socket.release());
  accept(state_);
  return {};
}

void Door::accept(const std::shared_ptr<State>& state) {
  state->listener.async_wait(asio::posix::descriptor_base::wait_read, [state](const error_code& error) {
    if (state->is_stopped || error) return;
    for (int i = 0; i < accepted_in_turn; ++i) {
      const int client = accept4(state->listener.native_handle(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
      if (client >= 0) {
        admit(state, client);
        continue;
      }
      if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED) break;
      state->retry.expires_after(pause_after_failure);
      return state->retry.async_wait([state](const error_code&) {
        if (!state->is_stopped) accept(state);
      });
    }
    accept(state);
  });
}

void Door::admit(const std::shared_ptr<State>& state, int descriptor) {
  ucred who{};
  socklen_t length = sizeof who;
  const bool is_known = getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &who, &length) == 0;
  const bool may_edit = is_known && state->may_edit(who.uid);
  const std::size_t there = may_edit ? state->guests.size() - state->others : state->others;
  if (there >= (may_edit ? state->limits.clients : state->limits.other_clients)) {
    close(descriptor);
    return;
  }
  const Client::Settings settings{
      .may_edit = may_edit,
      .answer_patience = state->limits.patience,
      .idle_patience = may_edit ? std::chrono::milliseconds(0) : state->limits.others_patience};
  const auto number = state->next_guest++;
  const auto client =
      std::make_shared<Client>(state->context, descriptor, state->conversation, settings, [state, number] {
        const auto guest = state->guests.find(number);
        if (!guest->second.may_edit) --state->others;
        state->guests.erase(guest);
      });
  state->guests[number] = {client, may_edit};
  if (!may_edit) ++state->others;
  client->start();
}

void Door::stop() {
  if (std::exchange(state_->is_stopped, true)) return;
  error_code ignored;
  state_->listener.close(ignored);
  state_->retry.cancel();
  for (const auto& [number, guest] : state_->guests)
    if (const auto client = guest.client.lock()) client->close();
  state_->socket.close();
}

std::size_t Door::clients() const { return state_->guests.size(); }

}  // namespace fairway::control::ipvs
