// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors

// The functions of libc that a program finds here first (LD_PRELOAD). Each asks whether the call is the director's affair, and
// else does what libc does.

#include <errno.h>
#include <linux/ip_vs.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "fairway-ipvs/netlink.hpp"
#include "fairway-ipvs/real.hpp"

namespace fairway::bridge {
namespace {

Real<ssize_t (*)(int, const void*, size_t, int)> real_send("send");
Real<ssize_t (*)(int, const void*, size_t, int, const sockaddr*, socklen_t)> real_sendto("sendto");
Real<ssize_t (*)(int, void*, size_t, int)> real_recv("recv");
Real<ssize_t (*)(int, void*, size_t, int, sockaddr*, socklen_t*)> real_recvfrom("recvfrom");

/// One buffer as sendmsg() and recvmsg() take it.
struct Single {
  iovec part;
  msghdr message{};

  Single(const void* bytes, size_t size) : part{.iov_base = const_cast<void*>(bytes), .iov_len = size} {
    message.msg_iov = &part;
    message.msg_iovlen = 1;
  }
};

/// What IPVS was administered by before it had a netlink family. Programs of today fall back to it where there is no such
/// family, so it is answered as by a kernel without IPVS, lest they find the kernel's.
bool is_ipvs_option(int level, int name) {
  return level == IPPROTO_IP && name >= IP_VS_BASE_CTL && name <= IP_VS_SO_SET_MAX;
}

int no_such_option() {
  errno = ENOPROTOOPT;
  return -1;
}

ssize_t receive_from(int descriptor, void* bytes, size_t size, int flags, sockaddr* address, socklen_t* length) {
  Single single(bytes, size);
  single.message.msg_name = address;
  single.message.msg_namelen = address && length ? *length : 0;
  ssize_t result;
  if (!receive(descriptor, single.message, flags, result))
    return real_recvfrom(descriptor, bytes, size, flags, address, length);
  if (address && length) *length = single.message.msg_namelen;
  return result;
}

}  // namespace
}  // namespace fairway::bridge

#define EXPORTED extern "C" [[gnu::visibility("default")]]
namespace bridge = fairway::bridge;

EXPORTED ssize_t sendmsg(int descriptor, const msghdr* message, int flags) {
  ssize_t result;
  return bridge::send(descriptor, *message, flags, result) ? result : bridge::real_sendmsg(descriptor, message, flags);
}

EXPORTED ssize_t sendto(int descriptor, const void* bytes, size_t size, int flags, const sockaddr* address,
                        socklen_t length) {
  const bridge::Single single(bytes, size);
  ssize_t result;
  return bridge::send(descriptor, single.message, flags, result)
             ? result
             : bridge::real_sendto(descriptor, bytes, size, flags, address, length);
}

EXPORTED ssize_t send(int descriptor, const void* bytes, size_t size, int flags) {
  const bridge::Single single(bytes, size);
  ssize_t result;
  return bridge::send(descriptor, single.message, flags, result) ? result
                                                                 : bridge::real_send(descriptor, bytes, size, flags);
}

EXPORTED ssize_t recvmsg(int descriptor, msghdr* message, int flags) {
  ssize_t result;
  return bridge::receive(descriptor, *message, flags, result) ? result
                                                              : bridge::real_recvmsg(descriptor, message, flags);
}

EXPORTED ssize_t recvfrom(int descriptor, void* bytes, size_t size, int flags, sockaddr* address, socklen_t* length) {
  return bridge::receive_from(descriptor, bytes, size, flags, address, length);
}

EXPORTED ssize_t recv(int descriptor, void* bytes, size_t size, int flags) {
  bridge::Single single(bytes, size);
  ssize_t result;
  return bridge::receive(descriptor, single.message, flags, result) ? result
                                                                    : bridge::real_recv(descriptor, bytes, size, flags);
}

// What calls of recv and recvfrom become in programs that were built with _FORTIFY_SOURCE. The size of the buffer was
// checked by the compiler or is checked here.
EXPORTED ssize_t __recv_chk(int descriptor, void* bytes, size_t size, size_t room, int flags) {
  return recv(descriptor, bytes, size < room ? size : room, flags);
}

EXPORTED ssize_t __recvfrom_chk(int descriptor, void* bytes, size_t size, size_t room, int flags, sockaddr* address,
                                socklen_t* length) {
  return bridge::receive_from(descriptor, bytes, size < room ? size : room, flags, address, length);
}

EXPORTED int getsockname(int descriptor, sockaddr* address, socklen_t* length) noexcept {
  return bridge::name(descriptor, address, length) ? 0 : bridge::real_getsockname(descriptor, address, length);
}

EXPORTED int getsockopt(int descriptor, int level, int name, void* value, socklen_t* length) noexcept {
  if (bridge::is_ipvs_option(level, name)) return bridge::no_such_option();
  return bridge::real_getsockopt(descriptor, level, name, value, length);
}

EXPORTED int setsockopt(int descriptor, int level, int name, const void* value, socklen_t length) noexcept {
  if (bridge::is_ipvs_option(level, name)) return bridge::no_such_option();
  if (level == SOL_NETLINK && bridge::is_captured(descriptor)) return 0;
  return bridge::real_setsockopt(descriptor, level, name, value, length);
}
