// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <libmnl/libmnl.h>

#include <array>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

namespace fairway::control::ipvs {

/// The attributes of a message or a nest by their type, the last of each. Lengths were checked against what there is; the
/// bytes are whoever's who sent them.
class Attributes {
 public:
  static constexpr std::uint16_t most = 31;  // types above it are none that IPVS has

  Attributes() = default;
  explicit Attributes(std::span<const char> bytes) { mnl_attr_parse_payload(bytes.data(), bytes.size(), enter, this); }
  explicit Attributes(const nlattr& nest)
      : Attributes(std::span(static_cast<const char*>(mnl_attr_get_payload(&nest)), mnl_attr_get_payload_len(&nest))) {}

  const nlattr* operator[](std::uint16_t type) const { return at_[type]; }
  bool has(std::uint16_t type) const { return at_[type] != nullptr; }

  /// The first bytes of an attribute that has at least as many, or nothing.
  template <class T>
  std::optional<T> number(std::uint16_t type) const {
    if (!at_[type] || mnl_attr_get_payload_len(at_[type]) < sizeof(T)) return std::nullopt;
    T value;
    std::memcpy(&value, mnl_attr_get_payload(at_[type]), sizeof value);
    return value;
  }

  /// Up to its first zero byte; nothing if it is longer than `longest`.
  std::optional<std::string_view> text(std::uint16_t type, std::size_t longest) const {
    if (!at_[type]) return std::nullopt;
    std::string_view bytes(static_cast<const char*>(mnl_attr_get_payload(at_[type])),
                           mnl_attr_get_payload_len(at_[type]));
    bytes = bytes.substr(0, bytes.find('\0'));
    return bytes.size() <= longest ? std::optional(bytes) : std::nullopt;
  }

 private:
  static int enter(const nlattr* attribute, void* self) {
    const std::uint16_t type = mnl_attr_get_type(attribute);
    if (type <= most) static_cast<Attributes*>(self)->at_[type] = attribute;
    return MNL_CB_OK;
  }

  std::array<const nlattr*, most + 1> at_{};
};

}  // namespace fairway::control::ipvs
