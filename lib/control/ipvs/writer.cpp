// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "control/ipvs/writer.hpp"

#include <libmnl/libmnl.h>
#include <linux/genetlink.h>

#include <cstring>

#include "control/ipvs/bridge.hpp"

namespace fairway::control::ipvs {
namespace {

constexpr std::size_t room_for_a_message = 1024;

}  // namespace

Writer::Writer(const nlmsghdr& request)
    : request_(reinterpret_cast<const char*>(&request), reinterpret_cast<const char*>(&request) + request.nlmsg_len),
      buffer_(bridge::largest_datagram) {}

bool Writer::has_room() const { return used_ + room_for_a_message <= buffer_.size(); }

nlmsghdr* Writer::message() { return reinterpret_cast<nlmsghdr*>(buffer_.data() + used_); }

void Writer::begin(std::uint16_t type, std::uint16_t flags) {
  nlmsghdr* header = mnl_nlmsg_put_header(message());
  header->nlmsg_type = type;
  header->nlmsg_flags = flags;
  header->nlmsg_seq = request().nlmsg_seq;
  header->nlmsg_pid = request().nlmsg_pid;
}

void Writer::begin_generic(std::uint16_t type, std::uint16_t flags, std::uint8_t command, std::uint8_t version) {
  begin(type, flags);
  auto* generic = static_cast<genlmsghdr*>(mnl_nlmsg_put_extra_header(message(), sizeof(genlmsghdr)));
  generic->cmd = command;
  generic->version = version;
}

void Writer::end() { used_ += MNL_ALIGN(message()->nlmsg_len); }

void Writer::put8(std::uint16_t attribute, std::uint8_t value) { mnl_attr_put_u8(message(), attribute, value); }
void Writer::put16(std::uint16_t attribute, std::uint16_t value) { mnl_attr_put_u16(message(), attribute, value); }
void Writer::put32(std::uint16_t attribute, std::uint32_t value) { mnl_attr_put_u32(message(), attribute, value); }
void Writer::put64(std::uint16_t attribute, std::uint64_t value) { mnl_attr_put_u64(message(), attribute, value); }

void Writer::put(std::uint16_t attribute, std::string_view text) {
  mnl_attr_put_strz(message(), attribute, std::string(text).c_str());
}
void Writer::put(std::uint16_t attribute, net::ServicePort port) {
  mnl_attr_put(message(), attribute, sizeof port, &port);
}
void Writer::put(std::uint16_t attribute, const net::AddressBytes& address) {
  mnl_attr_put(message(), attribute, sizeof address, &address);
}
void Writer::put_bytes(std::uint16_t attribute, std::span<const char> bytes) {
  mnl_attr_put(message(), attribute, bytes.size(), bytes.data());
}

nlattr* Writer::open(std::uint16_t attribute) {
  nlattr* nest = mnl_attr_nest_start(message(), attribute);
  nest->nla_type = attribute;  // the kernel's IPVS does not mark its nests (NLA_F_NESTED)
  return nest;
}

void Writer::close(nlattr* nest) { mnl_attr_nest_end(message(), nest); }

void Writer::append(std::span<const char> bytes) {
  void* place = mnl_nlmsg_put_extra_header(message(), bytes.size());
  std::memcpy(place, bytes.data(), bytes.size());
  message()->nlmsg_len -= static_cast<std::uint32_t>(MNL_ALIGN(bytes.size()) - bytes.size());
}

void Writer::acknowledge(int error) {
  begin(NLMSG_ERROR, error == 0 ? NLM_F_CAPPED : 0);
  auto* body = static_cast<nlmsgerr*>(mnl_nlmsg_put_extra_header(message(), sizeof(nlmsgerr)));
  body->error = -error;
  body->msg = request();
  if (error != 0) append(std::span<const char>(request_).subspan(sizeof(nlmsghdr)));
  end();
}

void Writer::done() {
  begin(NLMSG_DONE, NLM_F_MULTI);
  const int nothing_wrong = 0;
  append({reinterpret_cast<const char*>(&nothing_wrong), sizeof nothing_wrong});
  end();
}

std::string Writer::take() {
  std::string bytes(buffer_.data(), used_);
  used_ = 0;
  return bytes;
}

}  // namespace fairway::control::ipvs
