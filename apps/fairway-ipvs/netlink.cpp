// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "fairway-ipvs/netlink.hpp"

#include <errno.h>
#include <fcntl.h>
#include <linux/genetlink.h>
#include <linux/ip_vs.h>
#include <linux/netlink.h>
#include <string.h>
#include <unistd.h>

#include "fairway-ipvs/captured.hpp"
#include "fairway-ipvs/real.hpp"
#include "fairway-ipvs/wire.hpp"

namespace fairway::bridge {
namespace {

/// The beginning of a message, whatever parts it was given in.
struct Beginning {
  char bytes[256] = {};
  size_t size = 0;

  explicit Beginning(const msghdr& message) {
    for (size_t i = 0; i < message.msg_iovlen && size < sizeof bytes; ++i) {
      const iovec& part = message.msg_iov[i];
      const size_t length = part.iov_len < sizeof bytes - size ? part.iov_len : sizeof bytes - size;
      memcpy(bytes + size, part.iov_base, length);
      size += length;
    }
  }

  /// What stands at an offset; zeros behind the end.
  template <class T>
  T at(size_t offset) const {
    T value{};
    if (offset + sizeof value <= size) memcpy(&value, bytes + offset, sizeof value);
    return value;
  }
  nlmsghdr header() const { return at<nlmsghdr>(0); }
};

size_t length_of(const msghdr& message) {
  size_t length = 0;
  for (size_t i = 0; i < message.msg_iovlen; ++i) length += message.msg_iov[i].iov_len;
  return length;
}

/// Whether nlctrl is asked for the family of this name.
bool asks_for_ipvs(const Beginning& beginning) {
  const nlmsghdr header = beginning.header();
  if (header.nlmsg_type != GENL_ID_CTRL || beginning.at<genlmsghdr>(NLMSG_HDRLEN).cmd != CTRL_CMD_GETFAMILY)
    return false;
  for (size_t offset = NLMSG_HDRLEN + GENL_HDRLEN; offset + NLA_HDRLEN <= beginning.size;) {
    const nlattr attribute = beginning.at<nlattr>(offset);
    if (attribute.nla_len < NLA_HDRLEN) return false;
    const bool is_whole = offset + attribute.nla_len <= beginning.size;
    if ((attribute.nla_type & NLA_TYPE_MASK) == CTRL_ATTR_FAMILY_NAME && is_whole &&
        attribute.nla_len == NLA_HDRLEN + sizeof IPVS_GENL_NAME)
      return memcmp(beginning.bytes + offset + NLA_HDRLEN, IPVS_GENL_NAME, sizeof IPVS_GENL_NAME) == 0;
    offset += NLA_ALIGN(attribute.nla_len);
  }
  return false;
}

bool is_generic_netlink(int descriptor) {
  int domain = 0, protocol = 0;
  socklen_t length = sizeof domain;
  return real_getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, static_cast<void*>(&domain), &length) == 0 &&
         domain == AF_NETLINK &&
         real_getsockopt(descriptor, SOL_SOCKET, SO_PROTOCOL, static_cast<void*>(&protocol), &length) == 0 &&
         protocol == NETLINK_GENERIC;
}

uint32_t port_of(int descriptor) {
  sockaddr_nl address{};
  socklen_t length = sizeof address;
  real_getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &length);
  return address.nl_pid;
}

/// Lays a socket over a descriptor, which keeps its number and its flags. False: that cannot be done; both are as before,
/// but for `socket`, which is closed.
bool lay_over(int socket, Captured& captured) {
  if (socket < 0) return false;
  const int descriptor_flags = fcntl(captured.descriptor, F_GETFD);
  const int status_flags = fcntl(captured.descriptor, F_GETFL);
  Captured next = captured;
  next.inode = inode_of(socket);
  // Known before it is there: until then the inode does not fit, and nobody takes the old socket for it.
  const bool is_done = next.inode != 0 && remember(next) &&
                       dup3(socket, captured.descriptor, (descriptor_flags & FD_CLOEXEC) != 0 ? O_CLOEXEC : 0) >= 0;
  if (is_done && (status_flags & O_NONBLOCK) != 0) fcntl(captured.descriptor, F_SETFL, O_NONBLOCK);
  close(socket);
  if (is_done) captured = next;
  return is_done;
}

/// The last request is answered with this error, and there is no director behind the descriptor until it is used again.
bool refuse(Captured& captured, int error) {
  return lay_over(refusal(captured.sequence, captured.port, error), captured);
}

ssize_t send_as_is(int descriptor, const msghdr& message, int flags) {
  msghdr plain{};
  plain.msg_iov = message.msg_iov;
  plain.msg_iovlen = message.msg_iovlen;
  return real_sendmsg(descriptor, &plain, flags | MSG_NOSIGNAL);
}

bool is_lost(int error) { return error == EPIPE || error == ECONNRESET || error == ENOTCONN || error == ECONNREFUSED; }

/// keepalived takes a request that could not be sent for one that was carried out. So what cannot be sent counts as sent, and is
/// answered with an error.
ssize_t send_captured(Captured& captured, const msghdr& message, int flags) {
  ssize_t sent = send_as_is(captured.descriptor, message, flags);
  if (sent >= 0 || !is_lost(errno)) return sent;
  if (lay_over(redial(), captured)) sent = send_as_is(captured.descriptor, message, flags);
  if (sent >= 0) return sent;
  return refuse(captured, EAGAIN) ? static_cast<ssize_t>(length_of(message)) : -1;
}

/// The kernel would say ENOENT of a family that it does not have.
bool capture(int descriptor, const nlmsghdr& header, const msghdr& message, int flags, ssize_t& result) {
  Captured captured{.descriptor = descriptor, .inode = 0, .port = port_of(descriptor), .sequence = header.nlmsg_seq};
  if (lay_over(dial(), captured)) {
    result = send_captured(captured, message, flags);
    return true;
  }
  if (!refuse(captured, ENOENT)) return false;
  result = static_cast<ssize_t>(length_of(message));
  return true;
}

void put_name(uint32_t port, sockaddr* address, socklen_t* length) {
  sockaddr_nl name{};
  name.nl_family = AF_NETLINK;
  name.nl_pid = port;
  memcpy(address, &name, *length < sizeof name ? *length : sizeof name);
  *length = sizeof name;
}

/// Nothing came, and nothing will: the director has gone, or did not answer for as long as dial() says.
bool has_given_up(int descriptor, ssize_t got, int flags) {
  if (got == 0) return true;
  if (got > 0) return false;
  if (errno != EAGAIN) return is_lost(errno);
  const bool would_wait = (flags & MSG_DONTWAIT) == 0 && (fcntl(descriptor, F_GETFL) & O_NONBLOCK) == 0;
  errno = EAGAIN;
  return would_wait;
}

}  // namespace

bool is_captured(int descriptor) {
  Captured captured;
  return find(descriptor, captured);
}

bool name(int descriptor, sockaddr* address, socklen_t* length) {
  Captured captured;
  if (!find(descriptor, captured)) return false;
  put_name(captured.port, address, length);
  return true;
}

bool send(int descriptor, const msghdr& message, int flags, ssize_t& result) {
  Captured captured;
  if (find(descriptor, captured)) {
    captured.sequence = Beginning(message).header().nlmsg_seq;
    remember(captured);
    result = send_captured(captured, message, flags);
    return true;
  }
  const Beginning beginning(message);
  return asks_for_ipvs(beginning) && is_generic_netlink(descriptor) &&
         capture(descriptor, beginning.header(), message, flags, result);
}

// A program that waits for an answer and is told that the stream has ended would ask for more of it for ever (keepalived
// does), so it gets an error for its request instead.
bool receive(int descriptor, msghdr& message, int flags, ssize_t& result) {
  Captured captured;
  if (!find(descriptor, captured)) return false;
  const socklen_t room = message.msg_namelen;
  result = real_recvmsg(descriptor, &message, flags);
  if (has_given_up(descriptor, result, flags) && refuse(captured, EAGAIN)) {
    message.msg_namelen = room;
    result = real_recvmsg(descriptor, &message, flags);
  }
  if (result < 0) return true;
  if (message.msg_name) {
    message.msg_namelen = room;
    put_name(0, static_cast<sockaddr*>(message.msg_name), &message.msg_namelen);
  }
  return true;
}

}  // namespace fairway::bridge
