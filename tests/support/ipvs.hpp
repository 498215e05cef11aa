// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/ip_vs.h>
#include <sys/socket.h>

#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "control/ipvs/attributes.hpp"
#include "control/ipvs/bridge.hpp"
#include "control/ipvs/conversation.hpp"
#include "support/control.hpp"

/// Messages as ipvsadm and keepalived make them, and what is in the answers.
namespace fairway::test {

/// A message in the making, in heap memory of exactly its size once it is taken.
class Message {
 public:
  explicit Message(std::uint8_t command, std::uint16_t flags = NLM_F_ACK,
                   std::uint16_t type = control::ipvs::bridge::family_id, std::uint32_t sequence = 7) {
    nlmsghdr* const header = mnl_nlmsg_put_header(buffer_.data());
    header->nlmsg_type = type;
    header->nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
    header->nlmsg_seq = sequence;
    header->nlmsg_pid = 4711;
    auto* generic = static_cast<genlmsghdr*>(mnl_nlmsg_put_extra_header(header, sizeof(genlmsghdr)));
    generic->cmd = command;
    generic->version = 1;
  }

  Message& put8(std::uint16_t type, std::uint8_t value) { return mnl_attr_put_u8(header(), type, value), *this; }
  Message& put16(std::uint16_t type, std::uint16_t value) { return mnl_attr_put_u16(header(), type, value), *this; }
  Message& put32(std::uint16_t type, std::uint32_t value) { return mnl_attr_put_u32(header(), type, value), *this; }
  Message& text(std::uint16_t type, const char* value) { return mnl_attr_put_strz(header(), type, value), *this; }
  Message& bytes(std::uint16_t type, const void* from, std::size_t size) {
    return mnl_attr_put(header(), type, size, from), *this;
  }
  Message& nest(std::uint16_t type, const std::function<void(Message&)>& fill) {
    nlattr* start = mnl_attr_nest_start(header(), type);
    fill(*this);
    mnl_attr_nest_end(header(), start);
    return *this;
  }

  /// IPVS_CMD_ATTR_SERVICE that names a service, and says how it is to be where a scheduler is given.
  Message& service(const service::ServiceKey& key, const char* scheduler = nullptr, std::uint32_t service_flags = 0,
                   std::uint32_t timeout = 0, std::uint32_t netmask = ~std::uint32_t{0}) {
    return nest(IPVS_CMD_ATTR_SERVICE, [&](Message& m) {
      m.put16(IPVS_SVC_ATTR_AF, key.address.is_v4() ? AF_INET : AF_INET6);
      if (key.is_mark()) {
        m.put32(IPVS_SVC_ATTR_FWMARK, key.mark);
      } else {
        m.put16(IPVS_SVC_ATTR_PROTOCOL, static_cast<std::uint16_t>(key.protocol));
        m.bytes(IPVS_SVC_ATTR_ADDR, &key.address.bytes, sizeof key.address.bytes);
        m.bytes(IPVS_SVC_ATTR_PORT, &key.port, sizeof key.port);
      }
      if (!scheduler) return;
      const ip_vs_flags flags{.flags = service_flags, .mask = ~std::uint32_t{0}};
      m.text(IPVS_SVC_ATTR_SCHED_NAME, scheduler).bytes(IPVS_SVC_ATTR_FLAGS, &flags, sizeof flags);
      m.put32(IPVS_SVC_ATTR_TIMEOUT, timeout).put32(IPVS_SVC_ATTR_NETMASK, netmask);
    });
  }

  Message& server(const net::Address& address, net::ServicePort port) {
    return nest(IPVS_CMD_ATTR_DEST, [&](Message& m) {
      m.put16(IPVS_DEST_ATTR_ADDR_FAMILY, address.is_v4() ? AF_INET : AF_INET6);
      m.bytes(IPVS_DEST_ATTR_ADDR, &address.bytes, sizeof address.bytes);
      m.bytes(IPVS_DEST_ATTR_PORT, &port, sizeof port);
    });
  }
  Message& server(const net::Address& address, net::ServicePort port, std::uint32_t method, std::uint32_t weight,
                  std::uint32_t upper = 0, std::uint32_t lower = 0, std::uint8_t tunnel = 0) {
    return nest(IPVS_CMD_ATTR_DEST, [&](Message& m) {
      m.put16(IPVS_DEST_ATTR_ADDR_FAMILY, address.is_v4() ? AF_INET : AF_INET6);
      m.bytes(IPVS_DEST_ATTR_ADDR, &address.bytes, sizeof address.bytes);
      m.bytes(IPVS_DEST_ATTR_PORT, &port, sizeof port);
      m.put32(IPVS_DEST_ATTR_FWD_METHOD, method).put32(IPVS_DEST_ATTR_WEIGHT, weight);
      m.put8(IPVS_DEST_ATTR_TUN_TYPE, tunnel);
      m.put32(IPVS_DEST_ATTR_U_THRESH, upper).put32(IPVS_DEST_ATTR_L_THRESH, lower);
    });
  }

  std::vector<char> take() { return {buffer_.data(), buffer_.data() + header()->nlmsg_len}; }

 private:
  nlmsghdr* header() { return reinterpret_cast<nlmsghdr*>(buffer_.data()); }

  std::vector<char> buffer_ = std::vector<char>(8192);
};

/// One message of an answer.
struct Heard {
  nlmsghdr header;
  std::vector<char> payload;

  bool is_error() const { return header.nlmsg_type == NLMSG_ERROR; }
  int error() const {
    int value = 0;
    std::memcpy(&value, payload.data(), sizeof value);
    return -value;
  }
  std::uint8_t command() const { return static_cast<std::uint8_t>(payload.at(0)); }
  /// They lie in the payload.
  control::ipvs::Attributes attributes() const&& = delete;
  control::ipvs::Attributes attributes() const& {
    return control::ipvs::Attributes(std::span<const char>(payload).subspan(sizeof(genlmsghdr)));
  }
};

/// All messages of a datagram, which must be whole.
inline void split(const std::string& datagram, std::vector<Heard>& heard) {
  const std::vector<char> bytes(datagram.begin(), datagram.end());
  int left = static_cast<int>(bytes.size());
  const auto* message = reinterpret_cast<const nlmsghdr*>(bytes.data());
  for (; mnl_nlmsg_ok(message, left); message = mnl_nlmsg_next(message, &left)) {
    const auto* payload = static_cast<const char*>(mnl_nlmsg_get_payload(message));
    heard.push_back({*message, {payload, payload + mnl_nlmsg_get_payload_len(message)}});
  }
  if (left != 0) throw std::runtime_error("a datagram with something behind its messages");
}

/// The door without its socket.
struct IpvsFixture : ControlFixture {
  std::vector<std::string> complaints;
  std::shared_ptr<control::Questions> questions = std::make_shared<control::Questions>(crew);
  control::ipvs::Conversation conversation{director, questions, 4096,
                                           [this](const std::string& what) { complaints.push_back(what); }};
  std::vector<std::string> datagrams;  // of the last answer

  std::vector<Heard> ask(const std::vector<char>& message, bool may_edit = true) {
    const nlmsghdr* header = control::ipvs::first_message(message);
    if (!header) throw std::runtime_error("no message");
    const auto answer = conversation.begin(*header, may_edit);
    std::vector<Heard> heard_back;
    datagrams.clear();
    for (auto progress = control::Job::Progress::more; progress != control::Job::Progress::done;) {
      std::string datagram;
      progress = answer->advance(datagram);
      if (!datagram.empty()) split(datagrams.emplace_back(datagram), heard_back);
      drain();
    }
    return heard_back;
  }
  std::vector<Heard> ask(Message message, bool may_edit = true) { return ask(message.take(), may_edit); }

  /// The error number with which an order is answered.
  int order(Message message) {
    const auto heard_back = ask(message);
    if (heard_back.size() != 1 || !heard_back[0].is_error()) throw std::runtime_error("no acknowledgement");
    return heard_back[0].error();
  }
};

}  // namespace fairway::test
