// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "fairway-ipvs/wire.hpp"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "control/ipvs/bridge.hpp"
#include "fairway-ipvs/real.hpp"

namespace fairway::bridge {
namespace {

namespace door = control::ipvs::bridge;

constexpr timeval patience{.tv_sec = 5, .tv_usec = 0};
constexpr long pause_ms = 20;
constexpr long redial_ms = 1000;

bool was_connected = false;
/// The director was waited for in vain, so it is not waited for again before it has been there. keepalived, which ends within
/// five seconds or is killed, has one more request for each of its servers then.
bool is_gone = false;

int connect_once() {
  const char* path = getenv("FAIRWAY_IPVS_SOCKET");
  if (!path || !*path) path = door::default_socket;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (strlen(path) >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  strcpy(address.sun_path, path);
  const int descriptor = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return -1;
  real_setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t{sizeof patience});
  real_setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t{sizeof patience});
  if (connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) {
    was_connected = true;
    is_gone = false;
    return descriptor;
  }
  const int why = errno;
  close(descriptor);
  errno = why;
  return -1;
}

/// A director that is being started has no socket yet, or one that nobody listens to.
int connect_within(long milliseconds) {
  for (long waited = 0;; waited += pause_ms) {
    const int descriptor = connect_once();
    if (descriptor >= 0 || (errno != ENOENT && errno != ECONNREFUSED) || waited >= milliseconds) return descriptor;
    const timespec pause{.tv_sec = 0, .tv_nsec = pause_ms * 1000000};
    nanosleep(&pause, nullptr);
  }
}

struct ErrorMessage {
  nlmsghdr header;
  nlmsgerr body;
};

/// What one datagram says: to be gone on with, or the end with an error number.
struct Verdict {
  bool is_end = false;
  int error = 0;
};

Verdict read_datagram(const char* bytes, size_t size, void (*take)(void*, const void*, size_t), void* context) {
  while (size >= sizeof(nlmsghdr)) {
    nlmsghdr header;
    memcpy(&header, bytes, sizeof header);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > size) break;
    const char* payload = bytes + NLMSG_HDRLEN;
    const size_t length = header.nlmsg_len - NLMSG_HDRLEN;
    if (header.nlmsg_type == NLMSG_DONE) return {true, 0};
    if (header.nlmsg_type == NLMSG_ERROR) {
      int error = -EIO;
      if (length >= sizeof error) memcpy(&error, payload, sizeof error);
      return {true, -error};
    }
    take(context, payload, length);
    const size_t whole = NLMSG_ALIGN(header.nlmsg_len);
    bytes += whole;
    size -= whole < size ? whole : size;
  }
  return {};
}

ssize_t receive(int descriptor, char* bytes, size_t size) {
  iovec part{.iov_base = bytes, .iov_len = size};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  ssize_t got;
  do got = real_recvmsg(descriptor, &message, 0);
  while (got < 0 && errno == EINTR);
  return got;
}

int read_answer(int descriptor, void (*take)(void*, const void*, size_t), void* context) {
  char* bytes = static_cast<char*>(malloc(door::largest_datagram));
  if (!bytes) return ENOMEM;
  Verdict verdict;
  while (!verdict.is_end) {
    const ssize_t got = receive(descriptor, bytes, door::largest_datagram);
    if (got <= 0)
      verdict = {true, got < 0 ? errno : ECONNRESET};
    else
      verdict = read_datagram(bytes, static_cast<size_t>(got), take, context);
  }
  free(bytes);
  return verdict.error;
}

bool ask_for(int descriptor, const char* path) {
  const size_t length = strlen(path) + 1;
  nlmsghdr header{};
  header.nlmsg_len = static_cast<uint32_t>(sizeof header + length);
  header.nlmsg_type = door::read_file;
  header.nlmsg_flags = NLM_F_REQUEST;
  iovec parts[] = {{.iov_base = &header, .iov_len = sizeof header},
                   {.iov_base = const_cast<char*>(path), .iov_len = length}};
  msghdr message{};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  return real_sendmsg(descriptor, &message, MSG_NOSIGNAL) >= 0;
}

}  // namespace

int dial() {
  const char* wait = getenv("FAIRWAY_IPVS_WAIT");
  return connect_within(was_connected || !wait ? 0 : 1000 * strtol(wait, nullptr, 10));
}

int redial() {
  const int descriptor = connect_within(is_gone ? 0 : redial_ms);
  is_gone = descriptor < 0;
  return descriptor;
}

int refusal(uint32_t sequence, uint32_t port, int error) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) return -1;
  ErrorMessage message{};
  message.header.nlmsg_len = sizeof message;
  message.header.nlmsg_type = NLMSG_ERROR;
  message.header.nlmsg_seq = sequence;
  message.header.nlmsg_pid = port;
  message.body.error = -error;
  message.body.msg.nlmsg_len = sizeof message.body.msg;
  message.body.msg.nlmsg_seq = sequence;
  message.body.msg.nlmsg_pid = port;
  iovec part{.iov_base = &message, .iov_len = sizeof message};
  msghdr datagram{};
  datagram.msg_iov = &part;
  datagram.msg_iovlen = 1;
  real_sendmsg(pair[1], &datagram, MSG_NOSIGNAL);
  close(pair[1]);
  return pair[0];
}

int read_file(const char* path, void (*take)(void*, const void*, size_t), void* context) {
  const int descriptor = dial();
  if (descriptor < 0) return errno;
  const int error = ask_for(descriptor, path) ? read_answer(descriptor, take, context) : errno;
  close(descriptor);
  return error;
}

}  // namespace fairway::bridge
