// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#include "messages.hpp"

#include <linux/genetlink.h>
#include <linux/netlink.h>

#include <cstring>

#include "control/ipvs/bridge.hpp"

namespace fairway::fuzz {
namespace {

constexpr std::size_t largest = control::ipvs::bridge::largest_message;

// Of a byte that begins an attribute, beside its type.
constexpr std::uint8_t type_bits = 0x1f, lies = 0x20, is_nest = 0x40, is_raw_type = 0x80, ends = 0xff;
constexpr int deepest = 4;

// Of the byte that says what there is to a message.
constexpr std::uint8_t kind_bits = 3, wants_reply = 4, is_dump = 8, is_not_root = 16, has_lying_length = 32,
                       joins_next = 64;

template <class T>
void put(std::vector<char>& bytes, const T& value) {
  const char* from = reinterpret_cast<const char*>(&value);
  bytes.insert(bytes.end(), from, from + sizeof value);
}

void align(std::vector<char>& bytes) { bytes.resize(NLMSG_ALIGN(bytes.size())); }

void put_attributes(std::vector<char>& bytes, Input& input, int depth) {
  while (!input.is_at_end() && bytes.size() < largest) {
    const std::uint8_t how = input.byte();
    if (how == ends) return;
    const std::size_t start = bytes.size();
    const std::uint16_t type = (how & is_raw_type) != 0 ? input.word() : how & type_bits;
    const int lie = (how & lies) != 0 ? static_cast<std::int8_t>(input.byte()) : 0;
    put(bytes, nlattr{.nla_len = 0, .nla_type = type});
    if ((how & is_nest) != 0 && depth < deepest) {
      put_attributes(bytes, input, depth + 1);
    } else {
      const auto value = input.take(input.byte());
      bytes.insert(bytes.end(), value.begin(), value.end());
    }
    const auto length = static_cast<std::uint16_t>(static_cast<int>(bytes.size() - start) + lie);
    std::memcpy(bytes.data() + start + offsetof(nlattr, nla_len), &length, sizeof length);
    align(bytes);
  }
}

std::uint16_t type_of(std::uint8_t kind) {
  using namespace control::ipvs;
  return kind == 2 ? std::uint16_t{GENL_ID_CTRL} : kind == 3 ? bridge::read_file : bridge::family_id;
}

}  // namespace

NetlinkMessage read_message(Input& input, std::uint32_t sequence) {
  const std::uint8_t how = input.byte();
  NetlinkMessage message;
  message.may_edit = (how & is_not_root) == 0;
  message.has_more = (how & joins_next) != 0;
  if ((how & kind_bits) == 1) {
    const auto raw = input.take(input.word() % largest);
    message.bytes.assign(raw.begin(), raw.end());
    return message;
  }
  const std::uint8_t command = input.byte();
  const int flags =
      NLM_F_REQUEST | ((how & wants_reply) != 0 ? NLM_F_ACK : 0) | ((how & is_dump) != 0 ? NLM_F_DUMP : 0);
  const int lie = (how & has_lying_length) != 0 ? static_cast<std::int8_t>(input.byte()) : 0;
  put(message.bytes, nlmsghdr{.nlmsg_len = 0,
                              .nlmsg_type = type_of(how & kind_bits),
                              .nlmsg_flags = static_cast<std::uint16_t>(flags),
                              .nlmsg_seq = sequence,
                              .nlmsg_pid = 4711});
  if ((how & kind_bits) == 3) {
    const auto path = input.take(input.byte());
    message.bytes.insert(message.bytes.end(), path.begin(), path.end());
  } else {
    put(message.bytes, genlmsghdr{.cmd = command, .version = 1, .reserved = 0});
    put_attributes(message.bytes, input, 0);
  }
  const auto length = static_cast<std::uint32_t>(static_cast<int>(message.bytes.size()) + lie);
  std::memcpy(message.bytes.data(), &length, sizeof length);
  align(message.bytes);
  return message;
}

}  // namespace fairway::fuzz
