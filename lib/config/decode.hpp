// SPDX-License-Identifier: BSD-3-Clause
// SPDX-FileCopyrightText: Fairway contributors
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "config/configuration.hpp"
#include "config/keys.hpp"

/// From a value of the file to a value of the program. Each function leaves the target alone and reports a problem if the
/// value is not what its key wants.
namespace fairway::config::decode {

/// The text of a scalar; nothing, reported, if the value is something else.
std::optional<std::string_view> scalar(Field& field);
std::optional<std::int64_t> number_in_range(Field& field, const base::Result<std::int64_t>& number);
/// The index of the text among the choices of the key's form.
std::optional<std::size_t> choice_index(Field& field);
/// False, reported, if the value is neither of this kind nor null, which stands for an empty one.
bool is_collection(Field& field, Node::Kind kind);

std::optional<std::int64_t> number(Field& field);
std::optional<std::int64_t> duration(Field& field);  // seconds

template <class T>
void number(Field& field, T& target) {
  if (const auto value = number(field)) target = static_cast<T>(*value);
}

template <class T>
void duration(Field& field, T& target) {
  if (const auto value = duration(field)) target = static_cast<T>(*value);
}

/// Enumerations and bool, whose values count from 0 in the order of the key's choices.
template <class T>
void choice(Field& field, T& target) {
  if (const auto index = choice_index(field)) target = static_cast<T>(*index);
}

/// A name: printable characters without spaces, as many as the key's range says.
void name(Field& field, std::string& target);
void path(Field& field, std::string& target);
void journal(Field& field, std::string& target);  // a path, or no_journal
void interface_name(Field& field, std::string& target);
void device(Field& field, std::string& target);
void scheduler(Field& field, std::string& target);
void scheduler_flags(Field& field, service::SchedulerFlags& target);
void address(Field& field, net::Address& target);
void gateway(Field& field, std::optional<net::Address>& target);
void port(Field& field, net::ServicePort& target);
void protocol(Field& field, net::Protocol& target);
void netmask(Field& field, std::uint8_t& target);  // as the length of a prefix
void network(Field& field, std::optional<net::Prefix>& target);
void ports(Field& field, service::PortRange& target);
void workers(Field& field, Director& director);
void addresses(Field& field, PortDraft& draft);
void neighbours(Field& field, std::map<net::Address, net::MacAddress>& target);

}  // namespace fairway::config::decode
